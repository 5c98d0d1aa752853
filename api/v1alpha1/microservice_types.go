package v1alpha1

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// MicroserviceSpec is the desired state of one stateless HTTP, gRPC or worker service.
//
// The operator never writes this struct: there is no webhook and no defaulting write-back. A default below is a
// default of the CRD or is computed when the children are built, so that kubectl apply, Argo CD and Flux never see a
// difference that they did not make. For the same reason no item of a list has a CRD default: a client-side apply
// replaces lists as a whole and would take the default for a change.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.replicas) && has(self.autoscaling))",message="replicas and autoscaling exclude each other: the HorizontalPodAutoscaler owns the replica count; remove spec.replicas (it may come from kubectl scale)"
type MicroserviceSpec struct {
	// image is the container image. A digest (name@sha256:...) pins it; a tag is used as given.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1000
	// +kubebuilder:validation:XValidation:rule="self.matches('^[^ \\t\\n\\r]*$')",message="must be an image reference without spaces, such as ghcr.io/acme/web:1.4.2"
	Image string `json:"image"`

	// imagePullPolicy is the container's. Default: Always for the tag latest or no tag, else IfNotPresent.
	// +optional
	// +kubebuilder:validation:Enum=Always;IfNotPresent;Never
	ImagePullPolicy corev1.PullPolicy `json:"imagePullPolicy,omitempty"`

	// imagePullSecrets are Secrets of this namespace that hold registry credentials.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=8
	ImagePullSecrets []corev1.LocalObjectReference `json:"imagePullSecrets,omitempty"`

	// command replaces the image's entrypoint. $(VAR) is expanded from the environment.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Command []string `json:"command,omitempty"`

	// args replaces the image's arguments. $(VAR) is expanded from the environment.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Args []string `json:"args,omitempty"`

	// env are the container's environment variables. They win over every variable that the operator injects for a
	// dependency, and may use them: $(PAYMENTS_URL).
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	Env []corev1.EnvVar `json:"env,omitempty"`

	// envFrom takes every key of a ConfigMap or Secret as an environment variable. A key in env wins over it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`

	// ports are what the service listens on; all of them are published on the Service. The first is the primary port:
	// it is what a dependent reaches when it names none, what status.url shows, and what the default readiness probe
	// connects to. No ports means no Service: a worker.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:XValidation:rule="self.all(p, self.exists_one(q, q.port == p.port && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",message="port and protocol must be unique together: give one of the ports another number (a targetPort may be shared)"
	Ports []Port `json:"ports,omitempty"`

	// service tunes the generated Service. It is ignored when ports is empty.
	// +optional
	Service *ServiceOptions `json:"service,omitempty"`

	// replicas is a fixed size; 0 parks the service: everything stays but no pod runs. Default 1. Leave it out with
	// autoscaling.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// autoscaling hands the number of replicas to a HorizontalPodAutoscaler.
	// +optional
	Autoscaling *Autoscaling `json:"autoscaling,omitempty"`

	// resources are the container's requests and limits. Autoscaling on CPU or memory needs the request.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`

	// probes are the container's. With none of them and a TCP primary port, a TCP readiness probe on that port is
	// generated, so that "available" means something.
	// +optional
	Probes *Probes `json:"probes,omitempty"`

	// dependencies are what this service calls. Each one opens the network on both sides (egress here, ingress there),
	// injects <NAME>_HOST, <NAME>_PORT and <NAME>_URL, and is reported in status.dependencies.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Dependencies []Dependency `json:"dependencies,omitempty"`

	// allowedDependents is this service's consent: which Microservices may depend on it. Default: those of the same
	// namespace.
	// +optional
	AllowedDependents *AllowedDependents `json:"allowedDependents,omitempty"`

	// networkPolicy sets the isolation and adds rules. By default both directions are closed but for DNS, declared
	// dependencies and ports published by a Service of type NodePort or LoadBalancer.
	// +optional
	NetworkPolicy *NetworkPolicyOptions `json:"networkPolicy,omitempty"`

	// rollout tunes how the Deployment replaces pods. By default never fewer pods than wanted serve during a rollout.
	// +optional
	Rollout *Rollout `json:"rollout,omitempty"`

	// disruptionBudget tunes the PodDisruptionBudget, which exists by default (maxUnavailable 1,
	// unhealthyPodEvictionPolicy AlwaysAllow) when at least 2 replicas are guaranteed. With fewer there is none: it
	// could only block a node drain.
	// +optional
	DisruptionBudget *DisruptionBudget `json:"disruptionBudget,omitempty"`

	// serviceAccountName runs the pods as an existing ServiceAccount, which then decides whether its token is mounted.
	// Default: one of the same name as the Microservice is created, and no token is mounted.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	// +kubebuilder:validation:XValidation:rule="self.matches('^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*)?$')",message="must be the name of a ServiceAccount: lower-case letters, digits, '-' and '.'"
	ServiceAccountName string `json:"serviceAccountName,omitempty"`

	// podTemplate is a patch over the generated pod template, for whatever has no field here: volumes, sidecars,
	// security context, scheduling, annotations. It cannot change the selector label.
	// +optional
	PodTemplate *PodTemplatePatch `json:"podTemplate,omitempty"`

	// paused stops the operator from writing any child until it is unset. status still follows what happens.
	// +optional
	Paused bool `json:"paused,omitempty"`
}

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

// ServiceOptions tune the generated Service.
//
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

// Autoscaling is the HorizontalPodAutoscaler of the Deployment.
//
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || self.minReplicas <= self.maxReplicas",message="minReplicas must not exceed maxReplicas"
type Autoscaling struct {
	// minReplicas is the smallest size. Default: 2, or maxReplicas if that is less.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// maxReplicas is the largest size.
	// +required
	// +kubebuilder:validation:Minimum=1
	MaxReplicas int32 `json:"maxReplicas"`

	// targetCPUUtilizationPercentage is the average use to aim for, in percent of the CPU request. Default: 80 when no
	// other target and no metrics are set.
	// +optional
	// +kubebuilder:validation:Minimum=1
	TargetCPUUtilizationPercentage *int32 `json:"targetCPUUtilizationPercentage,omitempty"`

	// targetMemoryUtilizationPercentage is the average use to aim for, in percent of the memory request.
	// +optional
	// +kubebuilder:validation:Minimum=1
	TargetMemoryUtilizationPercentage *int32 `json:"targetMemoryUtilizationPercentage,omitempty"`

	// metrics are passed to the HorizontalPodAutoscaler as they are (pods, object, external, containerResource).
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Metrics []autoscalingv2.MetricSpec `json:"metrics,omitempty"`

	// behavior is passed to the HorizontalPodAutoscaler as it is: how fast it may scale up and down.
	// +optional
	Behavior *autoscalingv2.HorizontalPodAutoscalerBehavior `json:"behavior,omitempty"`
}

// Probes are plain Kubernetes probes of the application container.
type Probes struct {
	// startup holds the other probes back until it succeeds.
	// +optional
	// +kubebuilder:validation:XValidation:rule="(!has(self.httpGet) || type(self.httpGet.port) != int || (self.httpGet.port >= 1 && self.httpGet.port <= 65535)) && (!has(self.tcpSocket) || type(self.tcpSocket.port) != int || (self.tcpSocket.port >= 1 && self.tcpSocket.port <= 65535))",message="port must be a number from 1 to 65535, or the name of one of spec.ports"
	Startup *corev1.Probe `json:"startup,omitempty"`

	// readiness decides whether the pod gets traffic and counts as available.
	// +optional
	// +kubebuilder:validation:XValidation:rule="(!has(self.httpGet) || type(self.httpGet.port) != int || (self.httpGet.port >= 1 && self.httpGet.port <= 65535)) && (!has(self.tcpSocket) || type(self.tcpSocket.port) != int || (self.tcpSocket.port >= 1 && self.tcpSocket.port <= 65535))",message="port must be a number from 1 to 65535, or the name of one of spec.ports"
	Readiness *corev1.Probe `json:"readiness,omitempty"`

	// liveness restarts the container when it fails.
	// +optional
	// +kubebuilder:validation:XValidation:rule="(!has(self.httpGet) || type(self.httpGet.port) != int || (self.httpGet.port >= 1 && self.httpGet.port <= 65535)) && (!has(self.tcpSocket) || type(self.tcpSocket.port) != int || (self.tcpSocket.port >= 1 && self.tcpSocket.port <= 65535))",message="port must be a number from 1 to 65535, or the name of one of spec.ports"
	Liveness *corev1.Probe `json:"liveness,omitempty"`
}

// StartPolicy says whether the first start waits for a dependency.
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

	// service is any Service with a selector that is not a Microservice's: a database, a broker.
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

	// startPolicy says whether the first start of this service waits for the dependency: Immediate or AfterAvailable.
	// Default: Immediate.
	// +optional
	StartPolicy StartPolicy `json:"startPolicy,omitempty"`
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

// ExternalDependency is outside the cluster. cidrs are enforced by the NetworkPolicy; a host alone cannot be (standard
// NetworkPolicy knows no names): then egress is opened to any address on the given ports only, and status says so.
//
// +kubebuilder:validation:XValidation:rule="has(self.host) || has(self.cidrs)",message="host or cidrs must be set"
type ExternalDependency struct {
	// host is the DNS name to call; it is injected as <NAME>_HOST.
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

// RolloutStrategy is how the Deployment replaces pods.
//
// +kubebuilder:validation:Enum=RollingUpdate;Recreate
type RolloutStrategy string

const (
	// RolloutRollingUpdate starts new pods before it stops old ones. The default.
	RolloutRollingUpdate RolloutStrategy = "RollingUpdate"
	// RolloutRecreate stops every old pod first: for services that cannot run twice.
	RolloutRecreate RolloutStrategy = "Recreate"
)

// Rollout tunes the Deployment's strategy.
//
// +kubebuilder:validation:XValidation:rule="self.strategy != 'Recreate' || (!has(self.maxSurge) && !has(self.maxUnavailable))",message="maxSurge and maxUnavailable belong to strategy RollingUpdate"
// +kubebuilder:validation:XValidation:rule="!has(self.maxSurge) || !string(self.maxSurge).matches('^0+%?$') || (has(self.maxUnavailable) && !string(self.maxUnavailable).matches('^0+%?$'))",message="maxSurge 0 needs a maxUnavailable above 0 (its default is 0), else no pod could ever be replaced"
// +kubebuilder:validation:XValidation:rule="(has(self.progressDeadlineSeconds) ? self.progressDeadlineSeconds : 600) > (has(self.minReadySeconds) ? self.minReadySeconds : 0)",message="progressDeadlineSeconds (its default is 600) must exceed minReadySeconds"
type Rollout struct {
	// strategy is RollingUpdate or Recreate.
	// +optional
	// +kubebuilder:default=RollingUpdate
	Strategy RolloutStrategy `json:"strategy,omitempty"`

	// maxSurge is how many pods more than wanted may run during a rollout, a number or a percentage. Default: 25%.
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 2147483647 : self.matches('^[0-9]{1,4}%$')",message="must be a number from 0 to 2147483647, or a percentage such as 25%"
	MaxSurge *intstr.IntOrString `json:"maxSurge,omitempty"`

	// maxUnavailable is how many pods fewer than wanted may serve during a rollout, a number or a percentage. Default: 0.
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 2147483647 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number from 0 to 2147483647, or a percentage such as 25%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`

	// minReadySeconds is how long a pod must be ready before it counts as available. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReadySeconds *int32 `json:"minReadySeconds,omitempty"`

	// progressDeadlineSeconds is how long a rollout may stand still before it counts as failed (Stalled). It must
	// exceed minReadySeconds. Default: 600.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2147483646
	ProgressDeadlineSeconds *int32 `json:"progressDeadlineSeconds,omitempty"`

	// revisionHistoryLimit is how many old ReplicaSets are kept. Default: 10.
	// +optional
	// +kubebuilder:validation:Minimum=0
	RevisionHistoryLimit *int32 `json:"revisionHistoryLimit,omitempty"`
}

// DisruptionBudget tunes the PodDisruptionBudget.
//
// +kubebuilder:validation:XValidation:rule="!(has(self.minAvailable) && has(self.maxUnavailable))",message="set only one of minAvailable and maxUnavailable"
type DisruptionBudget struct {
	// disabled means no PodDisruptionBudget.
	// +optional
	Disabled bool `json:"disabled,omitempty"`

	// minAvailable is how many pods must stay during a node drain, a number or a percentage.
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 2147483647 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number from 0 to 2147483647, or a percentage such as 50%"
	MinAvailable *intstr.IntOrString `json:"minAvailable,omitempty"`

	// maxUnavailable is how many pods a node drain may take at once, a number or a percentage. Default: 1.
	// +optional
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 && self <= 2147483647 : self.matches('^(100|[0-9]{1,2})%$')",message="must be a number from 0 to 2147483647, or a percentage such as 50%"
	MaxUnavailable *intstr.IntOrString `json:"maxUnavailable,omitempty"`
}

// PodTemplatePatch changes the generated pod template.
type PodTemplatePatch struct {
	// labels are added to the pods. Keys below apps.microservice.dev/ are reserved.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('apps.microservice.dev/'))",message="keys below apps.microservice.dev/ select the pods and cannot be set"
	Labels map[string]string `json:"labels,omitempty"`

	// annotations are added to the pods. Keys below apps.microservice.dev/ are reserved.
	// +optional
	// +kubebuilder:validation:MaxProperties=64
	// +kubebuilder:validation:XValidation:rule="self.all(k, !k.startsWith('apps.microservice.dev/'))",message="keys below apps.microservice.dev/ belong to the operator"
	Annotations map[string]string `json:"annotations,omitempty"`

	// spec is a strategic-merge patch of the pod's spec. The application container is named "app". It has no schema
	// here, because a whole PodSpec would make the CRD too big for client-side apply; what does not fit is reported in
	// status as InvalidSpec, and the running Deployment is left alone.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Spec *runtime.RawExtension `json:"spec,omitempty"`
}

// DependencyState is the state of one dependency.
//
// +kubebuilder:validation:Enum=Ready;NotReady;NotFound;PortNotFound;NotPermitted;Unverified
type DependencyState string

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

	// conditions are Ready, Available and DependenciesReady always; Autoscaling when it is on; Reconciling, Stalled and
	// DependencyCycle only while True.
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

	// externalURL is the address of the primary port at the load balancer, once it has one.
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

// Microservice declares one service of a system and what it depends on. The operator turns it into a Deployment,
// Service, HorizontalPodAutoscaler, NetworkPolicy, PodDisruptionBudget and ServiceAccount of the same name.
//
// +genclient
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:subresource:scale:specpath=.spec.replicas,statuspath=.status.replicas,selectorpath=.status.selector
// +kubebuilder:resource:shortName=msvc,categories=all
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].reason`
// +kubebuilder:printcolumn:name="Available",type=integer,JSONPath=`.status.availableReplicas`
// +kubebuilder:printcolumn:name="Replicas",type=integer,JSONPath=`.status.replicas`
// +kubebuilder:printcolumn:name="Deps",type=string,JSONPath=`.status.dependenciesSummary`
// +kubebuilder:printcolumn:name="Image",type=string,JSONPath=`.spec.image`,priority=1
// +kubebuilder:printcolumn:name="URL",type=string,JSONPath=`.status.url`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",fieldPath=".metadata",message="name must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit: it names the Service"
// +kubebuilder:validation:XValidation:rule="!has(self.spec.dependencies) || self.spec.dependencies.all(d, has(d.service) || has(d.external) || (has(d.microservice) ? ((has(d.microservice.namespace) && d.microservice.namespace.size() > 0) || d.microservice.name != self.metadata.name) : d.name != self.metadata.name))",fieldPath=".spec.dependencies",message="a Microservice cannot depend on itself: remove the entry that leads back to it, or say with microservice, service or external what else it means"
type Microservice struct {
	metav1.TypeMeta `json:",inline"`

	// metadata is the standard object's metadata. The name becomes the name of every child, and so the DNS name.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// spec is what is wanted.
	// +required
	Spec MicroserviceSpec `json:"spec"`

	// status is what is there. It starts as observedGeneration -1, so that no tool takes a new object for a finished
	// one.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status MicroserviceStatus `json:"status,omitempty"`
}

// MicroserviceList is a list of Microservices.
//
// +kubebuilder:object:root=true
type MicroserviceList struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard list's metadata.
	// +optional
	metav1.ListMeta `json:"metadata,omitempty"`
	// items are the Microservices.
	Items []Microservice `json:"items"`
}
