package v1alpha1

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// Autoscaling is the HorizontalPodAutoscaler of the Deployment, or tells that a controller of your own scales it.
//
// +kubebuilder:validation:XValidation:rule="has(self.external) != has(self.maxReplicas)",message="set maxReplicas for an autoscaler of the operator, or external for one of your own"
// +kubebuilder:validation:XValidation:rule="!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas",message="minReplicas must not exceed maxReplicas"
// +kubebuilder:validation:XValidation:rule="!has(self.external) || !(has(self.minReplicas) || has(self.targetCPUUtilizationPercentage) || has(self.targetMemoryUtilizationPercentage) || has(self.metrics) || has(self.behavior))",message="minReplicas, targets, metrics and behavior belong to an autoscaler of the operator: with external set external.minReplicas, and the others in your own autoscaler"
type Autoscaling struct {
	// external leaves the number of replicas to a controller of your own, such as KEDA, a HorizontalPodAutoscaler of yours or
	// Argo Rollouts. Point it at the Deployment of the Microservice's name. The operator creates no autoscaler then, and
	// sends a number only when it creates the Deployment. Excludes the other fields of autoscaling.
	// +optional
	External *ExternalAutoscaler `json:"external,omitempty"`

	// minReplicas is the smallest size. Default: 2, or maxReplicas if that is less.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MinReplicas *int32 `json:"minReplicas,omitempty"`

	// maxReplicas is the largest size. Required, unless external is set.
	// +optional
	// +kubebuilder:validation:Minimum=1
	MaxReplicas int32 `json:"maxReplicas,omitempty"`

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

// ExternalAutoscaler is a controller of the user's that decides the number of replicas of the Deployment.
type ExternalAutoscaler struct {
	// minReplicas is the smallest number of replicas that your controller keeps. The operator does not enforce it: from 2 on
	// there is a PodDisruptionBudget, and fewer available replicas make the Microservice unavailable. With 0 your controller
	// may stop all replicas, and the Microservice stays Ready. Default: 0.
	// +optional
	// +kubebuilder:validation:Minimum=0
	MinReplicas *int32 `json:"minReplicas,omitempty"`
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

	// minReadySeconds is how long a pod must be ready before it counts as available, so that a version which becomes ready
	// and then fails replaces no pod that serves. Default: the operator's --default-min-ready-seconds, 10, or less where
	// progressDeadlineSeconds leaves no time for it.
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

	// injectEnvironment names containers and init containers of the patch, such as migrate, that get the variables of the
	// application: those that are injected for dependencies and tracing, spec.env and spec.envFrom. They stand before the
	// container's own, which win and may use them: $(PAYMENTS_URL). Files of credentials are not mounted. Default: none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	// +kubebuilder:validation:items:XValidation:rule="self != 'app'",message="must be a container that podTemplate.spec adds: app has the variables without it"
	InjectEnvironment []string `json:"injectEnvironment,omitempty"`

	// spec is a strategic-merge patch of the pod's spec. The application container is named "app". It has no schema
	// here, because a whole PodSpec would make the CRD too big for client-side apply; what does not fit is reported in
	// status as InvalidSpec, and the running Deployment is left alone.
	// +optional
	// +kubebuilder:validation:Type=object
	// +kubebuilder:pruning:PreserveUnknownFields
	Spec *runtime.RawExtension `json:"spec,omitempty"`
}
