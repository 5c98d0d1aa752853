package resources

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// finish sets values that the server would set only once, or the kubelet from another list than ours: the pull policy, and the
// numbers of named ports. The error is about a port's name and does not contain the field.
func finish(pod *corev1ac.PodSpecApplyConfiguration, ports []v1alpha1.Port) error {
	for i := range pod.InitContainers {
		setPullPolicy(&pod.InitContainers[i])
	}
	for i := range pod.Containers {
		c := &pod.Containers[i]
		setPullPolicy(c)
		if isApp(*c) {
			if err := numberPorts(c, ports); err != nil {
				return err
			}
		}
	}
	return nil
}

// setPullPolicy sets the policy that the tag implies. The server does the same, but only when the container is created, and
// does not change it with the tag: https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting
func setPullPolicy(c *corev1ac.ContainerApplyConfiguration) {
	if c.ImagePullPolicy == nil && c.Image != nil {
		c.WithImagePullPolicy(pullPolicy(*c.Image))
	}
}

func pullPolicy(image string) corev1.PullPolicy {
	if tag, digest := imageTag(image); digest == "" && (tag == "" || tag == "latest") {
		return corev1.PullAlways
	}
	return corev1.PullIfNotPresent
}

// imageTag returns the tag and the digest of an image, empty for none.
func imageTag(image string) (tag, digest string) {
	name, digest, _ := strings.Cut(image, "@")
	_, tag, _ = strings.Cut(name[strings.LastIndex(name, "/")+1:], ":")
	return tag, digest
}

// dropEmpty removes structs that a patch has emptied: that is how a strategic-merge patch removes one.
func dropEmpty(c *corev1ac.ContainerApplyConfiguration) {
	for _, probe := range []**corev1ac.ProbeApplyConfiguration{&c.StartupProbe, &c.ReadinessProbe, &c.LivenessProbe} {
		*probe = unlessEmpty(*probe)
	}
	if c.Lifecycle != nil {
		c.Lifecycle.PreStop = unlessEmpty(c.Lifecycle.PreStop)
		c.Lifecycle.PostStart = unlessEmpty(c.Lifecycle.PostStart)
		c.Lifecycle = unlessEmpty(c.Lifecycle)
	}
}

func unlessEmpty[T any](part *T) *T {
	if part != nil && reflect.ValueOf(*part).IsZero() {
		return nil
	}
	return part
}

// numberPorts replaces names of ports in probes and hooks by numbers. The kubelet looks names up in the container's ports,
// where a number has only one name, although several of spec.ports may lead to it.
func numberPorts(c *corev1ac.ContainerApplyConfiguration, ports []v1alpha1.Port) error {
	for what, port := range handlerPorts(c) {
		if port == nil || port.Type != intstr.String {
			continue
		}
		number, found := portNumber(port.StrVal, c, ports)
		if !found {
			return fmt.Errorf("the %s names the port %q, which is not there; want a number, or a name of spec.ports", what, port.StrVal)
		}
		*port = intstr.FromInt32(number)
	}
	return nil
}

// portNumber looks a name up in spec.ports, then in the ports that a patch adds to the container.
func portNumber(name string, c *corev1ac.ContainerApplyConfiguration, ports []v1alpha1.Port) (int32, bool) {
	for i := range ports {
		if ports[i].Name == name {
			return ports[i].Target(), true
		}
	}
	for i := range c.Ports {
		if p := &c.Ports[i]; nameOf(p.Name) == name && p.ContainerPort != nil {
			return *p.ContainerPort, true
		}
	}
	return 0, false
}

// handlerPorts yields the ports of probes and hooks with their field, in a fixed order; nil for none.
func handlerPorts(c *corev1ac.ContainerApplyConfiguration) iter.Seq2[string, *intstr.IntOrString] {
	return func(yield func(string, *intstr.IntOrString) bool) {
		_ = probePorts("startup probe", c.StartupProbe, yield) &&
			probePorts("readiness probe", c.ReadinessProbe, yield) &&
			probePorts("liveness probe", c.LivenessProbe, yield) &&
			(c.Lifecycle == nil || hookPorts("preStop hook", c.Lifecycle.PreStop, yield) && hookPorts("postStart hook", c.Lifecycle.PostStart, yield))
	}
}

func probePorts(what string, p *corev1ac.ProbeApplyConfiguration, yield func(string, *intstr.IntOrString) bool) bool {
	return p == nil || actionPorts(what, p.HTTPGet, p.TCPSocket, yield)
}

func hookPorts(what string, h *corev1ac.LifecycleHandlerApplyConfiguration, yield func(string, *intstr.IntOrString) bool) bool {
	return h == nil || actionPorts(what, h.HTTPGet, h.TCPSocket, yield)
}

func actionPorts(what string, get *corev1ac.HTTPGetActionApplyConfiguration, tcp *corev1ac.TCPSocketActionApplyConfiguration, yield func(string, *intstr.IntOrString) bool) bool {
	return (get == nil || yield(what, get.Port)) && (tcp == nil || yield(what, tcp.Port))
}

// inOrder puts generated items first, in their order, and those added by a patch after them: variables may then use those of
// dependencies, and the application stays the first container. A strategic-merge patch puts new items first.
func inOrder(merged, generated *corev1ac.PodSpecApplyConfiguration) {
	name := func(c corev1ac.ContainerApplyConfiguration) string { return nameOf(c.Name) }
	stableBy(merged.Containers, generated.Containers, name)
	for i := range merged.Containers {
		if isApp(merged.Containers[i]) {
			stableBy(merged.Containers[i].Env, generated.Containers[0].Env, func(v corev1ac.EnvVarApplyConfiguration) string { return nameOf(v.Name) })
		}
	}
}

func stableBy[T any](merged, generated []T, name func(T) string) {
	at := make(map[string]int, len(generated))
	for i := range generated {
		at[name(generated[i])] = i
	}
	rank := func(item T) int {
		if i, found := at[name(item)]; found {
			return i
		}
		return len(generated)
	}
	slices.SortStableFunc(merged, func(a, b T) int { return rank(a) - rank(b) })
}

func nameOf(name *string) string {
	if name == nil {
		return ""
	}
	return *name
}
