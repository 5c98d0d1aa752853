package resources

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// stopDelaySeconds is how long a stopping pod keeps serving, until every proxy has stopped sending to it.
const stopDelaySeconds = 5

// container builds the application's container.
func container(ms *v1alpha1.Microservice, env []corev1ac.EnvVarApplyConfiguration) (*corev1ac.ContainerApplyConfiguration, error) {
	c := corev1ac.Container().
		WithName(v1alpha1.ContainerName).
		WithImage(ms.Spec.Image).
		WithCommand(ms.Spec.Command...).
		WithArgs(ms.Spec.Args...).
		WithPorts(containerPorts(ms.Spec.Ports)...).
		WithSecurityContext(corev1ac.SecurityContext().
			WithAllowPrivilegeEscalation(false).
			WithCapabilities(corev1ac.Capabilities().WithDrop("ALL")))
	if policy := ms.Spec.ImagePullPolicy; policy != "" {
		c.WithImagePullPolicy(policy)
	}
	if len(ms.Spec.Ports) > 0 {
		c.WithLifecycle(corev1ac.Lifecycle().WithPreStop(corev1ac.LifecycleHandler().
			WithSleep(corev1ac.SleepAction().WithSeconds(stopDelaySeconds))))
	}
	if r := ms.Spec.Resources; r != nil {
		c.WithResources(resourceRequirements(r))
	}
	if err := setEnvironment(c, &ms.Spec, env); err != nil {
		return nil, err
	}
	return c, setProbes(c, &ms.Spec)
}

func resourceRequirements(r *corev1.ResourceRequirements) *corev1ac.ResourceRequirementsApplyConfiguration {
	requirements := corev1ac.ResourceRequirements()
	if len(r.Limits) > 0 {
		requirements.WithLimits(r.Limits)
	}
	if len(r.Requests) > 0 {
		requirements.WithRequests(r.Requests)
	}
	for _, claim := range r.Claims {
		c := corev1ac.ResourceClaim().WithName(claim.Name)
		if claim.Request != "" {
			c.WithRequest(claim.Request)
		}
		requirements.WithClaims(c)
	}
	return requirements
}

// containerPorts lists each number once: two ports of the Service may lead to the same number.
func containerPorts(ports []v1alpha1.Port) []*corev1ac.ContainerPortApplyConfiguration {
	type listener struct {
		port     int32
		protocol corev1.Protocol
	}
	seen := make(map[listener]bool, len(ports))
	var out []*corev1ac.ContainerPortApplyConfiguration
	for i := range ports {
		l := listener{ports[i].Target(), ports[i].TransportProtocol()}
		if seen[l] {
			continue
		}
		seen[l] = true
		out = append(out, corev1ac.ContainerPort().WithName(ports[i].Name).WithContainerPort(l.port).WithProtocol(l.protocol))
	}
	return out
}

// setEnvironment puts the injected variables first, so that variables of the spec can use them, and leaves out those that the
// spec sets itself.
func setEnvironment(c *corev1ac.ContainerApplyConfiguration, spec *v1alpha1.MicroserviceSpec, injected []corev1ac.EnvVarApplyConfiguration) error {
	own := make(map[string]bool, len(spec.Env))
	for i := range spec.Env {
		own[spec.Env[i].Name] = true
	}
	c.Env = slices.Grow(c.Env, len(injected)+len(spec.Env))
	for i := range injected {
		if !own[*injected[i].Name] {
			c.WithEnv(&injected[i])
		}
	}
	for i := range spec.Env {
		v := &spec.Env[i]
		if v.ValueFrom == nil {
			c.WithEnv(corev1ac.EnvVar().WithName(v.Name).WithValue(v.Value))
			continue
		}
		env, err := convert[corev1ac.EnvVarApplyConfiguration](v, "spec.env")
		if err != nil {
			return err
		}
		c.WithEnv(env)
	}
	for i := range spec.EnvFrom {
		from, err := convert[corev1ac.EnvFromSourceApplyConfiguration](&spec.EnvFrom[i], "spec.envFrom")
		if err != nil {
			return err
		}
		c.WithEnvFrom(from)
	}
	return nil
}

// setProbes falls back to a TCP readiness probe on the primary port, so that "available" has a meaning.
func setProbes(c *corev1ac.ContainerApplyConfiguration, spec *v1alpha1.MicroserviceSpec) error {
	if p := spec.Probes; p != nil && (p.Startup != nil || p.Readiness != nil || p.Liveness != nil) {
		return setDeclaredProbes(c, p)
	}
	if primary := spec.PrimaryPort(); primary != nil && primary.TransportProtocol() == corev1.ProtocolTCP {
		c.WithReadinessProbe(corev1ac.Probe().WithTCPSocket(
			corev1ac.TCPSocketAction().WithPort(intstr.FromInt32(primary.Target()))))
	}
	return nil
}

func setDeclaredProbes(c *corev1ac.ContainerApplyConfiguration, p *v1alpha1.Probes) (err error) {
	probe := func(declared *corev1.Probe, field string) *corev1ac.ProbeApplyConfiguration {
		if declared == nil || err != nil {
			return nil
		}
		var out *corev1ac.ProbeApplyConfiguration
		out, err = convert[corev1ac.ProbeApplyConfiguration](declared, field)
		return out
	}
	c.StartupProbe = probe(p.Startup, "spec.probes.startup")
	c.ReadinessProbe = probe(p.Readiness, "spec.probes.readiness")
	c.LivenessProbe = probe(p.Liveness, "spec.probes.liveness")
	return err
}
