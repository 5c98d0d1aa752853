package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// MicroserviceSpec is the desired state of one stateless HTTP, gRPC or worker service.
//
// The operator never writes this struct: there is no webhook and no defaulting write-back. A default below is a
// default of the CRD or is computed when the children are built, so that kubectl apply, Argo CD and Flux never see a
// difference that they did not make. For the same reason no item of a list has a CRD default: a client-side apply
// replaces lists as a whole and would take the default for a change.
//
// +kubebuilder:validation:XValidation:rule="!has(self.route) || has(self.ports) && self.ports.exists(p, !has(self.route.port) || p.name == self.route.port)",message="route.port must be the name of one of spec.ports, such as http; a service without ports cannot have a route"
// +kubebuilder:validation:XValidation:rule="!has(self.observability) || !has(self.observability.metrics) || has(self.ports) && self.ports.exists(p, p.name == (has(self.observability.metrics.port) ? self.observability.metrics.port : 'metrics'))",message="observability.metrics.port (its default is metrics) must be the name of one of spec.ports"
// +kubebuilder:validation:XValidation:rule="!(has(self.replicas) && has(self.autoscaling))",message="replicas and autoscaling exclude each other: an autoscaler owns the number of replicas; remove spec.replicas (it may come from kubectl scale; to scale by hand under autoscaling.external, scale the Deployment)"
// +kubebuilder:validation:XValidation:rule="!has(self.serviceAccount) || !has(self.serviceAccountName) || self.serviceAccountName.size() == 0",message="spec.serviceAccount and spec.serviceAccountName exclude each other: an existing ServiceAccount is not written; remove serviceAccount and annotate that account yourself, or remove serviceAccountName"
// +kubebuilder:validation:XValidation:rule="!(has(self.service) && has(self.service.headless) && self.service.headless) || !has(self.ports) || self.ports.all(p, !has(p.targetPort) || p.targetPort == p.port)",message="spec.service.headless needs ports whose targetPort equals port: clients reach the pods directly, and nothing translates the number; leave targetPort out"
// +kubebuilder:validation:XValidation:rule="(has(self.service) && has(self.service.headless) && self.service.headless) == (has(oldSelf.service) && has(oldSelf.service.headless) && oldSelf.service.headless) || !has(self.ports) || self.ports.size() == 0 || !has(oldSelf.ports) || oldSelf.ports.size() == 0",message="spec.service.headless cannot be changed while the Service exists: remove spec.ports, which deletes the Service, then set them again with the other value"
// +kubebuilder:validation:XValidation:rule="!has(self.ports) || self.ports.all(p, !has(p.nodePort)) || has(self.service) && self.service.type != 'ClusterIP'",message="spec.ports[].nodePort needs spec.service.type NodePort or LoadBalancer"
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
	// dependency or for tracing, and may use them: $(PAYMENTS_URL).
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:XValidation:rule="!has(self.valueFrom) || !has(self.value) || self.value == ''",message="at most one of value and valueFrom may be set"
	// +kubebuilder:validation:items:XValidation:rule="!has(self.valueFrom) || [has(self.valueFrom.configMapKeyRef), has(self.valueFrom.fieldRef), has(self.valueFrom.fileKeyRef), has(self.valueFrom.resourceFieldRef), has(self.valueFrom.secretKeyRef)].exists_one(x, x)",message="valueFrom must have exactly one source, such as secretKeyRef"
	Env []corev1.EnvVar `json:"env,omitempty"`

	// envFrom takes every key of a ConfigMap or Secret as an environment variable. A key in env wins over it.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:XValidation:rule="has(self.configMapRef) != has(self.secretRef)",message="exactly one of configMapRef and secretRef must be set"
	EnvFrom []corev1.EnvFromSource `json:"envFrom,omitempty"`

	// ports are what the service listens on; all of them are published on the Service. The first is the primary port:
	// it is what a dependent reaches when it names none, what status.url shows, and what the default readiness probe
	// connects to. No ports means no Service: a worker.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self.all(p, self.exists_one(q, q.port == p.port && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",message="port and protocol must be unique together: give one of the ports another number (a targetPort may be shared)"
	Ports []Port `json:"ports,omitempty"`

	// service tunes the generated Service. It is ignored when ports is empty.
	// +optional
	Service *ServiceOptions `json:"service,omitempty"`

	// route leads requests from outside the cluster to a port, through a Gateway of the platform (Gateway API). It opens the
	// port to the gateway's pods. status.externalURL and the condition Routed say how it is.
	// +optional
	Route *Route `json:"route,omitempty"`

	// replicas is a fixed size; 0 parks the service: everything stays but no pod runs. Default 1. Leave it out with
	// autoscaling.
	// +optional
	// +kubebuilder:validation:Minimum=0
	Replicas *int32 `json:"replicas,omitempty"`

	// autoscaling hands the number of replicas to a HorizontalPodAutoscaler of the operator, or to a controller of your own.
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

	// observability says how the service is watched: metrics that are scraped, traces that are sent.
	// +optional
	Observability *Observability `json:"observability,omitempty"`

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

	// serviceAccount tunes the generated ServiceAccount. An existing one, that serviceAccountName names, is not written.
	// +optional
	ServiceAccount *ServiceAccountOptions `json:"serviceAccount,omitempty"`

	// childMetadata are labels and annotations of every generated object, for policies, cost reports and tools that ask for
	// them. Pods and selectors do not get them, so an edit restarts nothing: labels of pods belong in podTemplate.labels.
	// +optional
	ChildMetadata *ChildMetadata `json:"childMetadata,omitempty"`

	// podTemplate is a patch over the generated pod template, for whatever has no field here: volumes, sidecars,
	// security context, scheduling, annotations. It cannot change the selector label.
	// +optional
	PodTemplate *PodTemplatePatch `json:"podTemplate,omitempty"`

	// paused stops the operator from writing any child until it is unset. status still follows what happens.
	// +optional
	Paused bool `json:"paused,omitempty"`
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
// +kubebuilder:printcolumn:name="External",type=string,JSONPath=`.status.externalURL`,priority=1
// +kubebuilder:printcolumn:name="Message",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].message`,priority=1
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 63 && self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$')",fieldPath=".metadata",message="name must be at most 63 lower-case letters, digits and '-', begin with a letter and end with a letter or digit: it names the Service"
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name != 'default'",optionalOldSelf=true,fieldPath=".metadata",message="name must not be default: the ServiceAccount of that name is the namespace's own, choose another name"
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
