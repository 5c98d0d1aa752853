package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// StartPolicy decides whether the first start waits for a dependency.
//
// +kubebuilder:validation:Enum=Immediate;AfterAvailable
type StartPolicy string

const (
	// StartImmediate does not wait: a microservice tolerates a missing peer. The default.
	StartImmediate StartPolicy = "Immediate"
	// StartAfterAvailable creates the Deployment when the dependency is Available. Only the first start waits; between
	// members of one cycle nothing waits, so it cannot deadlock.
	StartAfterAvailable StartPolicy = "AfterAvailable"
)

// Dependency is one thing this service calls: at most one of microservice, service and external. With none of them it
// is the Microservice called name in the same namespace, so that the common case is just "- name: payments".
//
// +kubebuilder:validation:XValidation:rule="[has(self.microservice), has(self.service), has(self.external)].filter(x, x).size() <= 1",message="at most one of microservice, service, external may be set"
// +kubebuilder:validation:XValidation:rule="!has(self.port) || !has(self.external)",message="port selects a port of a microservice or service; use external.ports"
// +kubebuilder:validation:XValidation:rule="!has(self.startPolicy) || self.startPolicy == 'Immediate' || !has(self.external)",message="the operator cannot see whether an external dependency is available: startPolicy must be Immediate"
// +kubebuilder:validation:XValidation:rule="!has(self.startPolicy) || self.startPolicy == 'Immediate' || !has(self.optional) || !self.optional",message="an optional dependency cannot hold the start: startPolicy must be Immediate"
// +kubebuilder:validation:XValidation:rule="!has(self.credentials) || has(self.service) || has(self.external)",message="credentials are for a service or external: a Microservice is called without a password; remove credentials, or say with service or external what it is"
// +kubebuilder:validation:XValidation:rule="!has(self.credentials) || !has(self.credentials.mount) || !self.credentials.mount || self.name.size() <= 55",fieldPath=".name",message="must be at most 55 characters with credentials.mount: it is a part of the name of the pod's volume"
type Dependency struct {
	// name is the local alias and the prefix of the injected variables: "orders-db" gives ORDERS_DB_HOST,
	// ORDERS_DB_PORT and ORDERS_DB_URL.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",message="must be a DNS label that begins with a letter, such as orders-db"
	Name string `json:"name"`

	// microservice names another Microservice, where the alias differs from its name or it lives in another namespace.
	// +optional
	Microservice *ObjectReference `json:"microservice,omitempty"`

	// service is any Service with a selector: a database, a broker. That of a Microservice stands for the Microservice, so a
	// dependent needs no edit when a Deployment becomes one.
	// +optional
	Service *ObjectReference `json:"service,omitempty"`

	// external is outside the cluster: a host, networks, or both.
	// +optional
	External *ExternalDependency `json:"external,omitempty"`

	// port is the name of the port to reach. Default: the primary port.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$')",message="must be the name of a port, such as http: lower-case letters, digits and '-'"
	Port string `json:"port,omitempty"`

	// optional dependencies open the network and inject variables, but never make DependenciesReady False.
	// +optional
	Optional bool `json:"optional,omitempty"`

	// startPolicy decides whether the first start of this service waits for the dependency: Immediate or AfterAvailable.
	// Default: Immediate.
	// +optional
	StartPolicy StartPolicy `json:"startPolicy,omitempty"`

	// credentials give the container keys of a Secret of this namespace, as variables or as files. Only with service or external.
	// +optional
	Credentials *Credentials `json:"credentials,omitempty"`
}

// ObjectReference names an object, of this namespace unless it says another.
type ObjectReference struct {
	// name of the object.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be the name of an object: lower-case letters, digits and '-', without a namespace or domain"
	Name string `json:"name"`

	// namespace of the object. Default: this Microservice's. Another one needs the target's consent
	// (allowedDependents).
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$')",message="must be the name of a namespace: lower-case letters, digits and '-'"
	Namespace string `json:"namespace,omitempty"`
}

// ExternalDependency is outside the cluster. cidrs are enforced by the NetworkPolicy, and so is a host that is an address; a
// name alone cannot be (standard NetworkPolicy knows no names): then egress is opened to any address on the given ports
// only, and status says so.
//
// +kubebuilder:validation:XValidation:rule="has(self.host) || has(self.cidrs)",message="host or cidrs must be set"
type ExternalDependency struct {
	// host is the DNS name, or the IPv4 address, to call; it is injected as <NAME>_HOST. An address without cidrs is the one
	// network that the NetworkPolicy admits.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?[.])*[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="must be a DNS name in lower case, such as api.example.com"
	Host string `json:"host,omitempty"`

	// cidrs are the networks it lives in. With them the NetworkPolicy lets this service reach nothing else on the ports.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self) && cidr(self).masked() == cidr(self)",message="must be a CIDR without host bits, such as 10.0.0.0/8"
	CIDRs []string `json:"cidrs,omitempty"`

	// ports to reach. Default: 443/TCP.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Ports []ExternalPort `json:"ports,omitempty"`
}

// ExternalPort is a port of something outside the cluster.
type ExternalPort struct {
	// port is the number.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`

	// protocol is TCP or UDP. Default: TCP.
	// +optional
	// +kubebuilder:validation:Enum=TCP;UDP
	Protocol corev1.Protocol `json:"protocol,omitempty"`
}

// FromNamespaces says of which namespaces dependents are admitted. It follows the Gateway API
// (listener.allowedRoutes.namespaces.from).
//
// +kubebuilder:validation:Enum=None;Same;Selector;All
type FromNamespaces string

const (
	// FromNone admits nobody.
	FromNone FromNamespaces = "None"
	// FromSame admits this namespace, the default.
	FromSame FromNamespaces = "Same"
	// FromSelector admits this namespace and those that the selector matches.
	FromSelector FromNamespaces = "Selector"
	// FromAll admits every namespace.
	FromAll FromNamespaces = "All"
)

// AllowedDependents is a service's consent. A dependent is admitted when it declares the dependency and this allows its
// namespace. The ingress rule names exactly the admitted dependents, never a whole namespace.
//
// +kubebuilder:validation:XValidation:rule="(self.from == 'Selector') == has(self.selector)",message="selector is required when from is Selector, and forbidden otherwise"
type AllowedDependents struct {
	// from is None, Same, Selector or All.
	// +optional
	// +kubebuilder:default=Same
	From FromNamespaces `json:"from,omitempty"`

	// selector of namespaces, with from: Selector. The own namespace always counts.
	// +optional
	Selector *metav1.LabelSelector `json:"selector,omitempty"`
}
