package dependency

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// ServiceTarget is a Service that is named as a dependency, with what its EndpointSlices say.
type ServiceTarget struct {
	// Consent is the annotation apps.microservice.dev/allowed-dependents.
	Consent string
	Spec    corev1.ServiceSpec
	// Ready says that at least one endpoint is.
	Ready bool
	// Listening are the numbers that the endpoints listen on, by the name of the Service's port.
	Listening map[string]int32
}

// NewServiceTarget is what matters of a Service and its slices.
func NewServiceTarget(svc *corev1.Service, slices []discoveryv1.EndpointSlice) *ServiceTarget {
	t := &ServiceTarget{Consent: svc.Annotations[v1alpha1.AnnotationAllowedDependents], Spec: svc.Spec, Listening: map[string]int32{}}
	for i := range slices {
		for _, e := range slices[i].Endpoints {
			// Unknown counts as ready: https://pkg.go.dev/k8s.io/api/discovery/v1#EndpointConditions.
			t.Ready = t.Ready || e.Conditions.Ready == nil || *e.Conditions.Ready
		}
		for _, p := range slices[i].Ports {
			if p.Name != nil && p.Port != nil {
				t.listen(*p.Name, *p.Port)
			}
		}
	}
	return t
}

// listen takes the lowest where pods of several revisions listen on several: the order of slices means nothing.
func (t *ServiceTarget) listen(name string, port int32) {
	if known, found := t.Listening[name]; !found || port < known {
		t.Listening[name] = port
	}
}

// service judges a dependency on a Service that is not ours; nil is not there. In another namespace what is not there
// and what does not admit us look the same.
func service(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, key Key, target *ServiceTarget) Resolution {
	own := key.Namespace == ms.Namespace
	switch {
	case !own && (target == nil || !serviceAdmits(target.Consent, ms.Namespace)):
		return Resolution{State: v1alpha1.DependencyNotPermitted, Message: fmt.Sprintf(
			"Service %s does not exist or does not admit namespace %s; its team can admit it with the annotation %s: %s",
			key, ms.Namespace, v1alpha1.AnnotationAllowedDependents, ms.Namespace)}
	case target == nil:
		return Resolution{State: v1alpha1.DependencyNotFound, Message: fmt.Sprintf("There is no Service %s", key)}
	case target.Spec.Type == corev1.ServiceTypeExternalName || len(target.Spec.Selector) == 0:
		return Resolution{State: v1alpha1.DependencyUnverified, Message: fmt.Sprintf(
			"Service %s selects no pods, so no network rule can follow it; declare it as external", key)}
	}
	if owner, ours := target.Spec.Selector[v1alpha1.LabelName]; ours {
		return Resolution{State: v1alpha1.DependencyNotPermitted, Message: fmt.Sprintf(
			"Service %s belongs to Microservice %s; declare it as microservice", key, owner)}
	}
	port := target.port(d.Port)
	if port == nil {
		return Resolution{State: v1alpha1.DependencyPortNotFound, Message: noPort(fmt.Sprintf("Service %s", key), d.Port)}
	}
	r := Resolution{
		State: v1alpha1.DependencyReady,
		Way: &Way{
			Pods:  &Pods{Namespace: key.Namespace, Labels: target.Spec.Selector},
			Ports: []NetworkPort{{Protocol: port.Protocol, Port: port.TargetPort}},
		},
	}
	if number := target.number(port); number != 0 {
		r.dialled = &v1alpha1.Port{Name: port.Name, Port: number, Protocol: port.Protocol, AppProtocol: port.AppProtocol}
	}
	if !target.Ready {
		r.State, r.Message = v1alpha1.DependencyNotReady, fmt.Sprintf("Service %s has no ready endpoints", key)
	}
	return r
}

// port is the port of that name, or the first; nil for none.
func (t *ServiceTarget) port(name string) *corev1.ServicePort {
	for i := range t.Spec.Ports {
		if name == "" || t.Spec.Ports[i].Name == name {
			return &t.Spec.Ports[i]
		}
	}
	return nil
}

// number is what a client dials: the Service's port, or the pods' own where the Service is headless; 0 is not known yet.
func (t *ServiceTarget) number(p *corev1.ServicePort) int32 {
	switch {
	case t.Spec.ClusterIP != corev1.ClusterIPNone:
		return p.Port
	case p.TargetPort.Type == intstr.Int:
		return p.TargetPort.IntVal
	default:
		return t.Listening[p.Name]
	}
}
