package dependency

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// ServiceTarget is a Service that a dependency names, with the state of its EndpointSlices.
type ServiceTarget struct {
	// Consent is the annotation apps.microservice.dev/allowed-dependents.
	Consent string
	Spec    corev1.ServiceSpec
	// Ready is set if at least one endpoint is ready.
	Ready bool
	// Listening are the numbers that the endpoints listen on, by the name of the Service's port.
	Listening map[string]int32
}

// NewServiceTarget returns what the resolution needs of a Service and its slices.
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

// listen keeps the lowest number if pods of several revisions listen on different ones: the order of slices means nothing.
func (t *ServiceTarget) listen(name string, port int32) {
	if namespaces, found := t.Listening[name]; !found || port < namespaces {
		t.Listening[name] = port
	}
}

// APIServer is the Service of the API server. It has no pods that a rule could select, and no team that could give consent.
var APIServer = Key{Namespace: "default", Name: "kubernetes"}

// service resolves a dependency on a Service; target is nil if it does not exist. refuses is set if it is that of a Microservice that
// does not admit ms.
func service(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, key Key, target *ServiceTarget, refuses bool) Resolution {
	if key == APIServer {
		r := Resolution{State: v1alpha1.DependencyUnverified, Message: fmt.Sprintf(
			"Service %s is the API server, which is outside of all pods; declare it as external, with the addresses and the port of: "+
				"kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes", key)}
		if target != nil {
			r.clientPort = target.clientPort(target.port(d.Port))
		}
		return r
	}
	if state, message := refused(ms, key, target, refuses); state != "" {
		return Resolution{State: state, Message: message}
	}
	port := target.port(d.Port)
	r := Resolution{State: v1alpha1.DependencyReady, clientPort: target.clientPort(port)}
	switch {
	case target.Spec.Type == corev1.ServiceTypeExternalName || len(target.Spec.Selector) == 0:
		r.State = v1alpha1.DependencyUnverified
		r.Message = fmt.Sprintf("Service %s has no selector, so no NetworkPolicy can name its pods; declare it as external", key)
		return r
	case port == nil:
		return Resolution{State: v1alpha1.DependencyPortNotFound, Message: noPort(fmt.Sprintf("Service %s", key), d.Port)}
	}
	r.Network = &NetworkTarget{
		Pods:  &Pods{Namespace: key.Namespace, Labels: target.Spec.Selector},
		Ports: []NetworkPort{{Protocol: port.Protocol, Port: port.TargetPort}},
	}
	if !target.Ready {
		r.State, r.Message = v1alpha1.DependencyNotReady, fmt.Sprintf("Service %s has no ready endpoints", key)
	}
	return r
}

// refused explains why ms may not call a Service, whatever its ports are. In another namespace a missing Service and one that
// does not admit us look the same.
func refused(ms *v1alpha1.Microservice, key Key, target *ServiceTarget, refuses bool) (v1alpha1.DependencyState, string) {
	own := key.Namespace == ms.Namespace
	switch {
	case !own && (target == nil || refuses || !ServiceAdmits(target.Consent, ms.Namespace)):
		return v1alpha1.DependencyNotPermitted, fmt.Sprintf(
			"Service %s does not exist or does not admit namespace %s; its team can admit it with the annotation %s: %s, or with spec.allowedDependents if it is a Microservice's",
			key, ms.Namespace, v1alpha1.AnnotationAllowedDependents, ms.Namespace)
	case refuses:
		return v1alpha1.DependencyNotPermitted, noDependents(key)
	case target == nil:
		return v1alpha1.DependencyNotFound, fmt.Sprintf("There is no Service %s", key)
	}
	switch owner, marked := target.Spec.Selector[v1alpha1.LabelName]; {
	case key == KeyOf(ms) && owner == ms.Name:
		return v1alpha1.DependencyNotPermitted, fmt.Sprintf("Service %s is its own: a Microservice cannot depend on itself", key)
	case marked && owner != key.Name:
		return v1alpha1.DependencyNotPermitted, fmt.Sprintf(
			"Service %s belongs to Microservice %s; declare it as microservice", key, owner)
	}
	return "", ""
}

// port returns the port of that name, or the first if the name is empty; nil if there is none.
func (t *ServiceTarget) port(name string) *corev1.ServicePort {
	for i := range t.Spec.Ports {
		if name == "" || t.Spec.Ports[i].Name == name {
			return &t.Spec.Ports[i]
		}
	}
	return nil
}

// clientPort returns the port that a client uses: the Service's, or the pods' own if the Service is headless; nil while that is
// unknown.
func (t *ServiceTarget) clientPort(p *corev1.ServicePort) *v1alpha1.Port {
	if p == nil {
		return nil
	}
	number := p.Port
	if t.Spec.ClusterIP == corev1.ClusterIPNone {
		number = t.Listening[p.Name]
		if p.TargetPort.Type == intstr.Int {
			number = p.TargetPort.IntVal
		}
	}
	if number == 0 {
		return nil
	}
	return &v1alpha1.Port{Name: p.Name, Port: number, Protocol: p.Protocol, AppProtocol: p.AppProtocol}
}
