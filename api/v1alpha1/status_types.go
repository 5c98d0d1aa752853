package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// DependencyState is the state of one dependency.
//
// +kubebuilder:validation:Enum=Ready;NotReady;NotFound;PortNotFound;NotPermitted;Unverified
type DependencyState string

const (
	// DependencyReady means that it is there, admits us, and is available.
	DependencyReady DependencyState = "Ready"
	// DependencyNotReady means that it is there and admits us, and is parked, not available or being deleted.
	DependencyNotReady DependencyState = "NotReady"
	// DependencyNotFound means that there is none of that name in this namespace.
	DependencyNotFound DependencyState = "NotFound"
	// DependencyPortNotFound means that it has no port of that name, or none at all.
	DependencyPortNotFound DependencyState = "PortNotFound"
	// DependencyNotPermitted means that it does not admit this namespace. In another namespace it may also not be there.
	DependencyNotPermitted DependencyState = "NotPermitted"
	// DependencyUnverified means that the operator cannot see how it is: it is outside the cluster, or a Service that
	// has no selector.
	DependencyUnverified DependencyState = "Unverified"
)

// DependencyStatus is what is known of one dependency.
type DependencyStatus struct {
	// name is the alias from spec.dependencies.
	// +required
	Name string `json:"name"`

	// target is "Microservice/namespace/name", "Service/namespace/name" or the external host.
	// +optional
	Target string `json:"target,omitempty"`

	// state is Ready, NotReady, NotFound, PortNotFound, NotPermitted or Unverified.
	// +required
	State DependencyState `json:"state"`

	// url is what was injected as <NAME>_URL.
	// +optional
	URL string `json:"url,omitempty"`

	// message says why, and what to do.
	// +optional
	Message string `json:"message,omitempty"`

	// optional is copied from the spec: the dependency does not count for DependenciesReady.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// lastTransitionTime is when state changed last.
	// +optional
	LastTransitionTime *metav1.Time `json:"lastTransitionTime,omitempty"`
}

// DependentReference names a Microservice that declares this one as a dependency.
type DependentReference struct {
	// namespace of the dependent.
	// +required
	Namespace string `json:"namespace"`

	// name of the dependent.
	// +required
	Name string `json:"name"`

	// permitted is false when it declared the dependency but allowedDependents refuses it.
	// +required
	Permitted bool `json:"permitted"`
}

// MicroserviceStatus is what the operator observed. Every tool may rely on it: conditions follow kstatus, and
// observedGeneration says which spec it speaks of.
type MicroserviceStatus struct {
	// observedGeneration is the metadata.generation that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// conditions are Ready, Available and DependenciesReady always; Autoscaling, Routed, Monitored and Traced when the spec asks
	// for them; Reconciling, Stalled and DependencyCycle only while True.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +patchStrategy=merge
	// +patchMergeKey=type
	Conditions []metav1.Condition `json:"conditions,omitempty" patchStrategy:"merge" patchMergeKey:"type"`

	// replicas is how many pods the Deployment has, of any revision. It is part of the scale subresource.
	// +optional
	Replicas int32 `json:"replicas"`

	// readyReplicas is how many of them are ready.
	// +optional
	ReadyReplicas int32 `json:"readyReplicas,omitempty"`

	// updatedReplicas is how many of them have the newest template.
	// +optional
	UpdatedReplicas int32 `json:"updatedReplicas,omitempty"`

	// availableReplicas is how many of them are available.
	// +optional
	AvailableReplicas int32 `json:"availableReplicas"`

	// selector of the pods, in the form that kubectl takes. It is part of the scale subresource.
	// +optional
	Selector string `json:"selector,omitempty"`

	// url is the address of the primary port inside the cluster.
	// +optional
	URL string `json:"url,omitempty"`

	// externalURL is the address outside the cluster: of the route, once a gateway has accepted it, or of the primary port at the
	// load balancer, once it has one.
	// +optional
	ExternalURL string `json:"externalURL,omitempty"`

	// dependencies says of each declared dependency whether it is there, permitted and available.
	// +optional
	// +listType=map
	// +listMapKey=name
	Dependencies []DependencyStatus `json:"dependencies,omitempty"`

	// dependenciesSummary is "2/3": how many of the required dependencies are ready.
	// +optional
	DependenciesSummary string `json:"dependenciesSummary,omitempty"`

	// dependents is the reverse edge: the admitted dependents, and the refused ones of this namespace (the first 50).
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Dependents []DependentReference `json:"dependents,omitempty"`

	// dependentCount is how many dependents there are in all.
	// +optional
	DependentCount int32 `json:"dependentCount,omitempty"`
}

// Dependency returns the state of the dependency with a name, nil if it is not reported.
func (s *MicroserviceStatus) Dependency(name string) *DependencyStatus {
	for i := range s.Dependencies {
		if s.Dependencies[i].Name == name {
			return &s.Dependencies[i]
		}
	}
	return nil
}
