package dependency

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Input is everything that the dependencies of one Microservice follow from.
type Input struct {
	// Microservice is read only, as all others are.
	Microservice *v1alpha1.Microservice
	// Microservices and Services are the targets that are there.
	Microservices map[Key]*v1alpha1.Microservice
	Services      map[Key]*ServiceTarget
	// Running are the ports of the pods that the Microservices among the targets have.
	Running map[Key]PodPorts
	// Namespaces has the own namespace, where a selector asks for it.
	Namespaces Namespaces
	// PreviousAddresses are the addresses that the pods already have.
	PreviousAddresses Addresses
	// ClusterDomain ends the names of Services; empty leaves it to the pods' resolver.
	ClusterDomain string
	// NamespacesLimited says that the operator looks into some namespaces only.
	NamespacesLimited bool
}

// Resolution is what one dependency comes to.
type Resolution struct {
	// Name is the alias.
	Name   string
	Target Target
	State  v1alpha1.DependencyState
	// Message says why State is not Ready, and what to do.
	Message  string
	Optional bool
	// Host is always known, but for an external target without one. URL and Port are empty and 0 until the target's port
	// is known; after that the last known ones stay.
	Host, URL string
	Port      int32
	// Network is what the network has to open; nil for nothing.
	Network *NetworkTarget

	// clientPort is the port that a client uses; nil while it is not known.
	clientPort *v1alpha1.Port
	// key is the address's in Addresses.
	key string
}

// Way is where a dependency's traffic goes.
type NetworkTarget struct {
	// Pods are those behind the target; nil for something outside the cluster.
	Pods *Pods
	// CIDRs are the networks of something outside. Without Pods and CIDRs it may be anywhere outside.
	CIDRs []string
	// Ports are those that the other side listens on, never empty.
	Ports []NetworkPort
}

// Pods are the pods of a namespace with all of these labels, which are never empty.
type Pods struct {
	Namespace string
	Labels    map[string]string
}

// PodsOf are the pods of a Microservice.
func PodsOf(ms Key) *Pods {
	return &Pods{Namespace: ms.Namespace, Labels: map[string]string{v1alpha1.LabelName: ms.Name}}
}

// NetworkPort is a port of pods or hosts, as NetworkPolicy sees it: a number, or the name of a container's port.
type NetworkPort struct {
	Protocol corev1.Protocol
	Port     intstr.IntOrString
}

// Resolve says what each dependency comes to, in the order of the spec.
func Resolve(in Input) []Resolution {
	ms := in.Microservice
	all := make([]Resolution, 0, len(ms.Spec.Dependencies))
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		target := TargetOf(ms, d)
		var r Resolution
		switch target.Kind {
		case External:
			r = external(d.External)
		case Service:
			r = service(ms, d, target.Key, in.Services[target.Key])
		default:
			r = microservice(ms, d, target.Key, in.Microservices[target.Key], in.Running[target.Key], in.Namespaces)
		}
		r.Name, r.Target, r.Optional = d.Name, target, d.Optional
		r.setAddress(d, in)
		if in.NamespacesLimited && r.State == v1alpha1.DependencyNotPermitted && target.Key.Namespace != ms.Namespace {
			r.Message += "; this operator is limited to some namespaces: it does not look into others, and a selector of namespaces admits nobody"
		}
		all = append(all, r)
	}
	return all
}

// Status is what is published of a dependency. The time of its last transition is not known here.
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
