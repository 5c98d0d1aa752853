package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
)

// Port is one port of the container and of the Service.
type Port struct {
	// name of the port, unique: at most 15 characters of a-z, 0-9 and '-', with at least one letter.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	// +kubebuilder:validation:XValidation:rule="self.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$') && self.matches('[a-z]') && !self.contains('--')",message="must be a port name such as http or grpc-2: lower-case letters, digits and single '-' between them, with at least one letter"
	Name string `json:"name"`

	// port is the number on the Service.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port"`

	// targetPort is the number the container listens on. Default: port. Keep them equal where the network plugin asks
	// for it (the AWS VPC CNI does).
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	TargetPort int32 `json:"targetPort,omitempty"`

	// nodePort is the number on every node, from the cluster's range, which usually is 30000 to 32767. It needs service.type
	// NodePort or LoadBalancer. Default: Kubernetes chooses one, and keeps it.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	NodePort int32 `json:"nodePort,omitempty"`

	// protocol is TCP, UDP or SCTP. Default: TCP.
	// +optional
	// +kubebuilder:validation:Enum=TCP;UDP;SCTP
	Protocol corev1.Protocol `json:"protocol,omitempty"`

	// appProtocol is the application's protocol: http, https, grpc, kubernetes.io/h2c, ... It decides the scheme of
	// <NAME>_URL; without it a port named http, https or grpc says the same.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')",message="must be a protocol such as http, grpc or kubernetes.io/h2c: letters, digits, '-', '_' and '.', with or without a DNS prefix and '/'"
	AppProtocol *string `json:"appProtocol,omitempty"`
}

// SessionAffinity is whether one client always reaches the same pod.
//
// +kubebuilder:validation:Enum=None;ClientIP
type SessionAffinity string

const (
	// SessionAffinityNone sends each connection to any pod. The default.
	SessionAffinityNone SessionAffinity = "None"
	// SessionAffinityClientIP sends all connections from one address to one pod.
	SessionAffinityClientIP SessionAffinity = "ClientIP"
)

// ServiceOptions tune the generated Service.
//
// +kubebuilder:validation:XValidation:rule="!has(self.headless) || !self.headless || self.type == 'ClusterIP'",message="headless needs type ClusterIP: without an address of its own the Service cannot be published"
// +kubebuilder:validation:XValidation:rule="!has(self.sessionAffinityTimeoutSeconds) || has(self.sessionAffinity) && self.sessionAffinity == 'ClientIP'",message="sessionAffinityTimeoutSeconds needs sessionAffinity: ClientIP"
// +kubebuilder:validation:XValidation:rule="self.type != 'ClusterIP' || !has(self.externalTrafficPolicy)",message="externalTrafficPolicy needs type NodePort or LoadBalancer"
// +kubebuilder:validation:XValidation:rule="self.type == 'LoadBalancer' || !(has(self.loadBalancerClass) || has(self.loadBalancerSourceRanges))",message="loadBalancerClass and loadBalancerSourceRanges need type LoadBalancer"
type ServiceOptions struct {
	// type is ClusterIP, NodePort or LoadBalancer. The last two publish the ports outside the cluster: the
	// NetworkPolicy then lets anyone in on them.
	// +optional
	// +kubebuilder:default=ClusterIP
	// +kubebuilder:validation:Enum=ClusterIP;NodePort;LoadBalancer
	Type corev1.ServiceType `json:"type,omitempty"`

	// annotations are set on the Service, for cloud load balancers and the like.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('apps.microservice.dev/'))",message="keys below apps.microservice.dev/ belong to the operator"
	Annotations map[string]string `json:"annotations,omitempty"`

	// headless gives the Service no address of its own: its name resolves to the addresses of the ready pods, for clients that
	// balance by themselves, as gRPC does. Nothing translates a port then, so targetPort must equal port. It cannot be changed
	// while the Service exists. Default: false.
	// +optional
	Headless bool `json:"headless,omitempty"`

	// sessionAffinity is the Service's own field: ClientIP sends all connections from one address to one pod. Default: None.
	// +optional
	SessionAffinity SessionAffinity `json:"sessionAffinity,omitempty"`

	// sessionAffinityTimeoutSeconds is how long a client without connections keeps its pod. Default: 10800, 3 hours.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=86400
	SessionAffinityTimeoutSeconds *int32 `json:"sessionAffinityTimeoutSeconds,omitempty"`

	// ipFamilyPolicy is the Service's own field: SingleStack, PreferDualStack or RequireDualStack. Default: SingleStack. Kubernetes
	// keeps what it was when the field is removed: to go back, set SingleStack.
	// +optional
	// +kubebuilder:validation:Enum=SingleStack;PreferDualStack;RequireDualStack
	IPFamilyPolicy corev1.IPFamilyPolicy `json:"ipFamilyPolicy,omitempty"`

	// internalTrafficPolicy is the Service's own field: Local sends clients in the cluster to pods of their own node alone, and
	// fails without one. Default: Cluster.
	// +optional
	// +kubebuilder:validation:Enum=Cluster;Local
	InternalTrafficPolicy corev1.ServiceInternalTrafficPolicy `json:"internalTrafficPolicy,omitempty"`

	// trafficDistribution is the Service's own field: PreferSameZone (PreferClose is its older name) or PreferSameNode, while
	// such pods are ready. Default: all pods alike.
	// +optional
	// +kubebuilder:validation:Enum=PreferSameZone;PreferSameNode;PreferClose
	TrafficDistribution string `json:"trafficDistribution,omitempty"`

	// externalTrafficPolicy is the Service's own field: Local keeps the client's address and avoids a second hop.
	// +optional
	// +kubebuilder:validation:Enum=Cluster;Local
	ExternalTrafficPolicy corev1.ServiceExternalTrafficPolicy `json:"externalTrafficPolicy,omitempty"`

	// loadBalancerClass is the Service's own field. It cannot be changed on a Service that exists.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$')",message="must be a class such as internal-vip or example.com/internal-vip"
	LoadBalancerClass *string `json:"loadBalancerClass,omitempty"`

	// loadBalancerSourceRanges are the client networks that the load balancer lets in, where it supports it.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MaxLength=43
	// +kubebuilder:validation:items:XValidation:rule="isCIDR(self) && cidr(self).masked() == cidr(self)",message="must be a CIDR without host bits, such as 10.0.0.0/8"
	LoadBalancerSourceRanges []string `json:"loadBalancerSourceRanges,omitempty"`
}

// Isolation is which directions are denied by default.
//
// +kubebuilder:validation:Enum=Full;Ingress;None
type Isolation string

const (
	// IsolationFull closes both directions but for declared traffic. The default.
	IsolationFull Isolation = "Full"
	// IsolationIngress limits who may call in; calls out are free.
	IsolationIngress Isolation = "Ingress"
	// IsolationNone means no NetworkPolicy.
	IsolationNone Isolation = "None"
)

// NetworkPolicyOptions set the isolation and add rules.
//
// +kubebuilder:validation:XValidation:rule="self.isolation == 'Full' || !has(self.egress)",message="egress rules need isolation: Full"
// +kubebuilder:validation:XValidation:rule="self.isolation != 'None' || !has(self.ingress)",message="ingress rules need isolation: Full or Ingress"
type NetworkPolicyOptions struct {
	// isolation is Full, Ingress or None.
	// +optional
	// +kubebuilder:default=Full
	Isolation Isolation `json:"isolation,omitempty"`

	// ingress rules are appended as they are: gateways, metrics scrapers, anything that is not a Microservice. A rule
	// with an empty from means "everyone" in Kubernetes: write it knowingly.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Ingress []networkingv1.NetworkPolicyIngressRule `json:"ingress,omitempty"`

	// egress rules are appended as they are. A rule with an empty to means "anywhere" in Kubernetes.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Egress []networkingv1.NetworkPolicyEgressRule `json:"egress,omitempty"`
}
