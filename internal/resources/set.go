// Package resources builds the children of a Microservice. It is pure: the same input gives the same bytes, and it
// holds no client, logger or clock.
package resources

import (
	"reflect"

	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"
	gatewayv1ac "sigs.k8s.io/gateway-api/applyconfiguration/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Input is everything that the children depend on.
type Input struct {
	// Microservice is not modified.
	Microservice *v1alpha1.Microservice
	// Settings are operator-wide.
	Settings Settings
	// Dependencies are the resolved dependencies of the spec.
	Dependencies []dependency.Resolution
	// Dependents are the Microservices that name this one.
	Dependents []dependency.Dependent
	// Running are the ports of the running pods, nil if they are those of the spec.
	Running dependency.PodPorts
	// PatchCache caches patched pods; nil caches nothing.
	PatchCache *PatchCache
}

// Set holds the desired children. A nil field is not desired. Each child has the Microservice's name and namespace and is
// controlled by it.
type Set struct {
	ServiceAccount   *corev1ac.ServiceAccountApplyConfiguration
	NetworkPolicy    *NetworkPolicyApplyConfiguration
	Service          *corev1ac.ServiceApplyConfiguration
	DisruptionBudget *policyv1ac.PodDisruptionBudgetApplyConfiguration
	// Deployment has no replicas while the Microservice is autoscaled.
	Deployment *appsv1ac.DeploymentApplyConfiguration
	Autoscaler *autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration

	// The kinds of these may be missing in a cluster. At most one of the two routes is desired.
	HTTPRoute  *gatewayv1ac.HTTPRouteApplyConfiguration
	GRPCRoute  *gatewayv1ac.GRPCRouteApplyConfiguration
	PodMonitor *PodMonitorApplyConfiguration
}

// All returns the children that are desired, in the order of the fields.
func (s *Set) All() []any {
	var all []any
	for _, child := range []any{
		s.ServiceAccount, s.NetworkPolicy, s.Service, s.DisruptionBudget, s.Deployment, s.Autoscaler, s.HTTPRoute, s.GRPCRoute, s.PodMonitor,
	} {
		if !reflect.ValueOf(child).IsNil() {
			all = append(all, child)
		}
	}
	return all
}

// RunsAs reports whether the pods run as a ServiceAccount, which a patch of the pod template may have set.
func (s *Set) RunsAs(account string) bool {
	if s.Deployment == nil {
		return false
	}
	name := s.Deployment.Spec.Template.Spec.ServiceAccountName
	return name != nil && *name == account
}

// InvalidSpecError reports a field of the spec that cannot be used.
type InvalidSpecError struct {
	// Field is a path such as spec.podTemplate.spec.
	Field string
	// Reason is a sentence that says why, and how to fix it.
	Reason string
}

func (e *InvalidSpecError) Error() string {
	return e.Field + ": " + e.Reason
}

// For builds the children. The error is an *InvalidSpecError, for a spec that the CRD's rules could not reject.
func For(in Input) (*Set, error) {
	ms := in.Microservice
	if err := validate(ms); err != nil {
		return nil, err
	}
	template, err := podTemplate(ms, injectedVariables(in), in.PatchCache)
	if err != nil {
		return nil, err
	}
	var previous dependency.PodPorts
	if len(in.Running) > 0 {
		previous = in.Running.Without(podPorts(template.Spec))
	}
	policy, err := networkPolicy(in, previous)
	if err != nil {
		return nil, err
	}
	autoscaler, err := autoscaler(ms)
	if err != nil {
		return nil, err
	}
	set := &Set{
		ServiceAccount:   serviceAccount(ms),
		NetworkPolicy:    policy,
		Service:          service(ms, template.Spec, previous),
		DisruptionBudget: disruptionBudget(ms),
		Deployment:       deployment(in, template, previous),
		Autoscaler:       autoscaler,
		HTTPRoute:        httpRoute(ms, &in.Settings),
		GRPCRoute:        grpcRoute(ms, &in.Settings),
		PodMonitor:       podMonitor(ms, &in.Settings),
	}
	set.addMetadata(ms, &in.Settings)
	return set, nil
}
