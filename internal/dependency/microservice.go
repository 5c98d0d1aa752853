package dependency

import (
	"cmp"
	"fmt"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// microservice resolves a dependency on another Microservice, nil if it does not exist. In another namespace a missing target
// and one that does not admit us look the same. running are the ports of its pods.
func microservice(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, key Key, target *v1alpha1.Microservice, running PodPorts, namespaces Namespaces) Resolution {
	switch admitted := target != nil && Admits(target, ms.Namespace, namespaces); {
	case !admitted && key.Namespace != ms.Namespace:
		return Resolution{State: v1alpha1.DependencyNotPermitted, Message: fmt.Sprintf(
			"Microservice %s does not exist or does not admit namespace %s; its team can admit it with spec.allowedDependents", key, ms.Namespace)}
	case target == nil:
		return Resolution{State: v1alpha1.DependencyNotFound, Message: fmt.Sprintf("There is no Microservice %s", key)}
	case !admitted:
		return Resolution{State: v1alpha1.DependencyNotPermitted, Message: noDependents(key)}
	}
	port := portOf(target, d.Port)
	if port == nil {
		return Resolution{State: v1alpha1.DependencyPortNotFound, Message: noPort(fmt.Sprintf("Microservice %s", key), d.Port)}
	}
	r := Resolution{
		clientPort: port,
		Network: &NetworkTarget{
			Pods:  PodsOf(key),
			Ports: NetworkPorts(&target.Spec, port, running),
		},
	}
	r.State, r.Message = health(target)
	return r
}

func noDependents(ms Key) string {
	return fmt.Sprintf("Microservice %s allows no dependents; change its spec.allowedDependents", ms)
}

// portOf returns the port of that name, or the primary one if the name is empty; nil if there is none.
func portOf(ms *v1alpha1.Microservice, name string) *v1alpha1.Port {
	if name == "" {
		return ms.Spec.PrimaryPort()
	}
	for i := range ms.Spec.Ports {
		if ms.Spec.Ports[i].Name == name {
			return &ms.Spec.Ports[i]
		}
	}
	return nil
}

func networkPort(p *v1alpha1.Port) NetworkPort {
	return NetworkPort{Protocol: p.TransportProtocol(), Port: intstr.FromInt32(p.Target())}
}

// NetworkPorts returns where pods listen for a port of a Microservice: as in the spec, and as in its running pods.
func NetworkPorts(spec *v1alpha1.MicroserviceSpec, p *v1alpha1.Port, running PodPorts) []NetworkPort {
	ports, name := []NetworkPort{networkPort(p)}, spec.ContainerPortName(p)
	for _, r := range running {
		if r.Name == name && r.Protocol == p.TransportProtocol() && r.Port != p.Target() {
			ports = append(ports, NetworkPort{Protocol: r.Protocol, Port: intstr.FromInt32(r.Port)})
		}
	}
	return SortPorts(ports)
}

func noPort(target, name string) string {
	if name == "" {
		return target + " has no ports, so it cannot be called"
	}
	return fmt.Sprintf("%s has no port named %s", target, name)
}

// health leaves counters out of the message: they would cause a write in every dependent for every pod.
func health(target *v1alpha1.Microservice) (v1alpha1.DependencyState, string) {
	switch {
	case target.DeletionTimestamp != nil:
		return v1alpha1.DependencyNotReady, fmt.Sprintf("%s is being deleted", target.Name)
	case target.Spec.Parked():
		return v1alpha1.DependencyNotReady, fmt.Sprintf("%s is parked (spec.replicas is 0)", target.Name)
	case !available(target):
		return v1alpha1.DependencyNotReady, fmt.Sprintf("%s is not available", target.Name)
	default:
		return v1alpha1.DependencyReady, ""
	}
}

// available ignores the condition of a parked Microservice: once it wakes up, that does not describe its pods. One that is
// starting from zero is as good as at zero, so that nobody is told each time.
func available(ms *v1alpha1.Microservice) bool {
	c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionAvailable)
	return c != nil && c.Reason != v1alpha1.ReasonParked &&
		(c.Status == metav1.ConditionTrue || c.Reason == v1alpha1.ReasonStartingFromZero)
}

// NoVisibleChange is a cheap check that a change of a Microservice affects nobody else: its spec and Available are the same.
// before or after is nil if it does not exist.
func NoVisibleChange(before, after *v1alpha1.Microservice) bool {
	return before != nil && after != nil && before.UID == after.UID && before.Generation == after.Generation &&
		available(before) == available(after)
}

// AddressChanged reports whether a change gives a Microservice another address: it is new, or its ports changed. before or
// after is nil if it does not exist.
func AddressChanged(before, after *v1alpha1.Microservice) bool {
	return after != nil && (before == nil || !reflect.DeepEqual(before.Spec.Ports, after.Spec.Ports))
}

// AffectedBy reports whether a change of a Microservice that dependent names changes the resolution of that dependency. before
// or after is nil if it does not exist. namespaces contains the dependent's namespace if a selector needs it.
func AffectedBy(dependent, before, after *v1alpha1.Microservice, namespaces Namespaces) bool {
	key := KeyOf(cmp.Or(after, before))
	for i := range dependent.Spec.Dependencies {
		d := &dependent.Spec.Dependencies[i]
		if !TargetOf(dependent, d).means(key) {
			continue
		}
		if !reflect.DeepEqual(microservice(dependent, d, key, before, nil, namespaces), microservice(dependent, d, key, after, nil, namespaces)) {
			return true
		}
	}
	return false
}
