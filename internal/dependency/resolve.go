package dependency

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Input is everything that the resolution of one Microservice's dependencies depends on.
type Input struct {
	// Microservice is not modified, nor is any other object.
	Microservice *v1alpha1.Microservice
	// Microservices and Services are the existing targets, see Targets.
	Microservices map[Key]*v1alpha1.Microservice
	Services      map[Key]*ServiceTarget
	// Running are the ports of the pods of the targets.
	Running map[Key]PodPorts
	// Namespaces contains the Microservice's namespace if a selector needs it.
	Namespaces Namespaces
	// PreviousAddresses are the addresses that the pods were given.
	PreviousAddresses Addresses
	// ClusterDomain is appended to the names of Services; empty leaves that to the pods' resolver.
	ClusterDomain string
	// NamespacesLimited is set if the operator watches some namespaces only.
	NamespacesLimited bool
}

// Resolution is the result for one dependency.
type Resolution struct {
	// Name is the alias.
	Name   string
	Target Target
	State  v1alpha1.DependencyState
	// Message explains a State other than Ready, and how to resolve it.
	Message  string
	Optional bool
	// Host is always known, except for an external target without one. URL and Port are empty and 0 until the target's port is
	// known; after that the last known values stay.
	Host, URL string
	Port      int32
	// Network is the traffic to allow; nil for none.
	Network *NetworkTarget

	// clientPort is the port that a client uses; nil while it is not known.
	clientPort *v1alpha1.Port
	// key is the key of the address in Addresses.
	key string
}

// NetworkTarget is where a dependency's traffic goes.
type NetworkTarget struct {
	// Pods are the pods behind the target; nil for a target outside the cluster.
	Pods *Pods
	// CIDRs are the networks of a target outside the cluster. Without Pods and CIDRs it may be anywhere outside.
	CIDRs []string
	// Ports are the ports that the target listens on, never empty.
	Ports []NetworkPort
}

// Pods selects the pods of a namespace that have all of these labels, which are never empty.
type Pods struct {
	Namespace string
	Labels    map[string]string
}

// PodsOf selects the pods of a Microservice.
func PodsOf(ms Key) *Pods {
	return &Pods{Namespace: ms.Namespace, Labels: map[string]string{v1alpha1.LabelName: ms.Name}}
}

// NetworkPort is a port of pods or hosts in a NetworkPolicy: a number, or the name of a container's port.
type NetworkPort struct {
	Protocol corev1.Protocol
	Port     intstr.IntOrString
}

// Resolve resolves each dependency, in the order of the spec. The Service of a Microservice that admits the dependent stands for the
// Microservice: its callers need no edit when it becomes one, and none when it leaves.
func Resolve(in Input) []Resolution {
	ms := in.Microservice
	all := make([]Resolution, 0, len(ms.Spec.Dependencies))
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		target := in.targetOf(d)
		var r Resolution
		switch target.Kind {
		case External:
			r = external(d.External)
		case Service:
			r = service(ms, d, target.Key, in.Services[target.Key], in.belongsToMicroservice(target.Key))
		default:
			r = microservice(ms, d, target.Key, in.Microservices[target.Key], in.Running[target.Key], in.Namespaces)
		}
		r.Name, r.Target, r.Optional = d.Name, target, d.Optional
		r.setAddress(d, in)
		if in.NamespacesLimited && r.State == v1alpha1.DependencyNotPermitted && target.Key.Namespace != ms.Namespace {
			r.Message += "; this operator watches only some namespaces (--watch-namespaces): it can neither read others nor match their labels"
		}
		all = append(all, r)
	}
	return all
}

func (in *Input) targetOf(d *v1alpha1.Dependency) Target {
	ms := in.Microservice
	target := TargetOf(ms, d)
	if target.Kind == Service && in.belongsToMicroservice(target.Key) && Admits(in.Microservices[target.Key], ms.Namespace, in.Namespaces) {
		target.Kind = Microservice
	}
	return target
}

// belongsToMicroservice reports whether a Service is that of another Microservice, which has taken it over.
func (in *Input) belongsToMicroservice(key Key) bool {
	target := in.Services[key]
	return in.Microservices[key] != nil && key != KeyOf(in.Microservice) && (target == nil || target.Spec.Selector[v1alpha1.LabelName] == key.Name)
}

// Status returns the published state of a dependency, without the time of its last transition.
func (r *Resolution) Status() v1alpha1.DependencyStatus {
	target := r.Target.String()
	if r.Target.Kind == External {
		target = r.Host
		if target == "" {
			target = list(r.Network.CIDRs)
		}
	}
	return v1alpha1.DependencyStatus{
		Name: r.Name, Target: target, State: r.State, URL: r.URL, Message: r.Message, Optional: r.Optional,
	}
}
