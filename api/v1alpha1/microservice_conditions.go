package v1alpha1

// Ready, Available and DependenciesReady are present from the first status on (Unknown when it cannot be known);
// Autoscaling while spec.autoscaling is set, Routed with spec.route, Monitored with spec.observability.metrics unless its monitor
// is None, Traced with spec.observability.tracing; Reconciling, Stalled and DependencyCycle only while they are True.

// Ready and its reasons.
const (
	// ConditionReady: this generation is applied, rolled out and available. Dependencies do not flow into it (a cycle
	// would deadlock, one outage would turn the whole graph red).
	ConditionReady = "Ready"

	// ReasonAvailable: everything declared is there and enough replicas are available. Ready is True.
	ReasonAvailable = "Available"
	// ReasonParked: spec.replicas is 0, so no pod runs. Ready is True.
	ReasonParked = "Parked"
	// ReasonScaledToZero: the controller of spec.autoscaling.external wants no replica, and may. Ready is True. Also a reason
	// of ConditionAvailable.
	ReasonScaledToZero = "ScaledToZero"
	// ReasonRollingOut: the Deployment has not finished rolling out this generation. Wait.
	ReasonRollingOut = "RollingOut"
	// ReasonUnavailable: this generation was rolled out, and too few of its replicas are available now.
	ReasonUnavailable = "Unavailable"
	// ReasonApplyFailed: the API server refused a child, or could not be reached; the message has its words. The
	// operator retries, so removing the cause (a quota, a policy) is enough.
	ReasonApplyFailed = "ApplyFailed"
	// ReasonInvalidSpec: the spec cannot be used as it is. Nothing is retried until it is edited.
	ReasonInvalidSpec = "InvalidSpec"
	// ReasonNameConflict: an object that this Microservice does not control has the name of a child. It is never
	// touched: rename the Microservice, or remove that object.
	ReasonNameConflict = "NameConflict"
	// ReasonProgressDeadlineExceeded: the rollout made no progress for rollout.progressDeadlineSeconds. It stays until
	// the rollout finishes or the spec changes.
	ReasonProgressDeadlineExceeded = "ProgressDeadlineExceeded"
	// ReasonWaitingForDependency: the first start waits for a dependency with startPolicy AfterAvailable, which the
	// message names. Also a reason of ConditionAvailable.
	ReasonWaitingForDependency = "WaitingForDependency"
	// ReasonPaused: spec.paused is set and changes wait to be written. Ready is Unknown.
	ReasonPaused = "Paused"
)

// Why pods of the newest template do not start, or do not become ready: reasons of ConditionReady while it rolls out. The
// message has the kubelet's, the scheduler's or the server's words. They are looked for when a rollout stands still.
const (
	// ReasonImagePullFailed: an image cannot be pulled.
	ReasonImagePullFailed = "ImagePullFailed"
	// ReasonContainerConfigError: a container cannot be created: a ConfigMap, Secret or key that it names is missing, or its
	// command cannot be run.
	ReasonContainerConfigError = "ContainerConfigError"
	// ReasonCrashLooping: a container keeps crashing; the message has its exit code and last words.
	ReasonCrashLooping = "CrashLooping"
	// ReasonUnschedulable: no node takes a pod.
	ReasonUnschedulable = "Unschedulable"
	// ReasonVolumeNotReady: a volume cannot be attached or mounted.
	ReasonVolumeNotReady = "VolumeNotReady"
	// ReasonReadinessFailing: a container runs, and its readiness probe has failed as often as its failureThreshold.
	ReasonReadinessFailing = "ReadinessFailing"
	// ReasonQuotaExceeded: a ResourceQuota leaves no room for a pod.
	ReasonQuotaExceeded = "QuotaExceeded"
	// ReasonPodRefused: the API server refuses the pods for another cause: Pod Security, a LimitRange, a policy.
	ReasonPodRefused = "PodRefused"
	// ReasonPodNotStarting: whatever else the kubelet complains about.
	ReasonPodNotStarting = "PodNotStarting"
)

// Available. Its reasons are ReasonAvailable, ReasonParked, ReasonScaledToZero, ReasonUnavailable, ReasonWaitingForDependency and
// that below.
const (
	// ConditionAvailable: the available replicas, of any revision, reach the minimum. With W = spec.replicas or the
	// autoscaling minimum it is W when W is at most 1, else W minus max(1, rollout.maxUnavailable), but at least 1. W is at
	// least 1 while the controller of autoscaling.external wants any. It is not the Deployment's own Available, which is
	// False during every scale-up when maxUnavailable is 0.
	ConditionAvailable = "Available"

	// ReasonStartingFromZero: it was scaled to zero by the controller of spec.autoscaling.external, and its first replica is
	// starting. Available is False, and for those who depend on it the Microservice is as ready as it was at zero.
	ReasonStartingFromZero = "StartingFromZero"
)

// DependenciesReady and its reasons.
const (
	// ConditionDependenciesReady: every direct dependency that is not optional is there, permitted and available.
	ConditionDependenciesReady = "DependenciesReady"

	// ReasonNoDependencies: none is declared.
	ReasonNoDependencies = "NoDependencies"
	// ReasonDependenciesAvailable: all that are not optional are ready, but for those outside the cluster, which are
	// not checked.
	ReasonDependenciesAvailable = "DependenciesAvailable"
	// ReasonDependencyNotReady: one is there and not available. It comes back by itself, or is parked.
	ReasonDependencyNotReady = "DependencyNotReady"
	// ReasonDependencyNotFound: one does not exist in this namespace.
	ReasonDependencyNotFound = "DependencyNotFound"
	// ReasonDependencyPortNotFound: one has no port of the name that is asked for.
	ReasonDependencyPortNotFound = "DependencyPortNotFound"
	// ReasonDependencyNotPermitted: one does not admit this namespace, or does not exist in another.
	ReasonDependencyNotPermitted = "DependencyNotPermitted"
	// ReasonDependencyUnverified: one is a Service without a selector. DependenciesReady is Unknown.
	ReasonDependencyUnverified = "DependencyUnverified"
)

// Autoscaling and its reasons. Where the HorizontalPodAutoscaler has a word, that is the reason.
const (
	// ConditionAutoscaling mirrors the HorizontalPodAutoscaler's ScalingActive. It never makes Ready False: without a
	// metrics server the replicas that are there still serve.
	ConditionAutoscaling = "Autoscaling"

	// ReasonExternal: a controller of the user's decides the number of replicas (spec.autoscaling.external). Autoscaling is True,
	// and says nothing about that controller.
	ReasonExternal = "External"
	// ReasonAutoscalerPending: the HorizontalPodAutoscaler has not reported yet.
	ReasonAutoscalerPending = "AutoscalerPending"
	// ReasonScalingLimited: the autoscaler wants more replicas than autoscaling.maxReplicas allows. Autoscaling is True.
	ReasonScalingLimited = "ScalingLimited"
	// ReasonMissingRequests: it scales by a share of the resource requests, and none are set.
	ReasonMissingRequests = "MissingRequests"
)

// Routed and Monitored are about kinds that a cluster may lack: a missing one, or a gateway that is down, never makes Ready
// False.
const (
	// ConditionRouted: a gateway has accepted the route, and leads requests to the service. Where a gateway has a word, that is
	// the reason: Accepted, NotAllowedByListeners, NoMatchingListenerHostname, BackendNotFound and others
	// (https://gateway-api.sigs.k8s.io/reference/spec/).
	ConditionRouted = "Routed"
	// ConditionMonitored: the scraper's object, a PodMonitor, is in place.
	ConditionMonitored = "Monitored"

	// ReasonApplied: the PodMonitor is in place. Monitored is True.
	ReasonApplied = "Applied"
	// ReasonPending: no gateway has answered yet, or the other objects have to be written first. Unknown.
	ReasonPending = "Pending"
	// ReasonGatewayNotSet: neither spec.route.gateway nor the operator's --gateway names a Gateway.
	ReasonGatewayNotSet = "GatewayNotSet"
	// ReasonCRDNotInstalled: the cluster does not know the kind. The operator notices when it does.
	ReasonCRDNotInstalled = "CRDNotInstalled"
	// ReasonVersionNotServed: the cluster knows the kind in other versions alone.
	ReasonVersionNotServed = "VersionNotServed"
	// ReasonForbidden: the operator has no right to the kind: its role is installed apart.
	ReasonForbidden = "Forbidden"
	// ReasonUnreadable: the API server gave another error. Unknown.
	ReasonUnreadable = "Unreadable"
)

// Traced and its reasons.
const (
	// ConditionTraced: the containers are told where traces go. Whether any arrive is not checked. It never makes Ready False.
	ConditionTraced = "Traced"

	// ReasonCollectorNamed: the operator's flag --otlp-endpoint names a collector.
	ReasonCollectorNamed = "CollectorNamed"
	// ReasonNoCollector: the operator has no --otlp-endpoint, so it injects nothing.
	ReasonNoCollector = "NoCollector"
	// ReasonAgentRequested: the OpenTelemetry Operator is asked for an agent, and this operator, which has no --otlp-endpoint,
	// injects nothing. Traced is Unknown.
	ReasonAgentRequested = "AgentRequested"
)

// Events that are not of a condition.
const (
	// ReasonRestored: somebody changed a child by hand, and it was written again as the spec says. The message names the field,
	// and the one of the Microservice to edit instead.
	ReasonRestored = "Restored"
)

// Reconciling, Stalled and DependencyCycle: abnormal, so present only while True.
const (
	// ConditionReconciling is kstatus' word for "work is going on, wait". It says what Ready says; but where Ready is Unavailable
	// because of pods, it has the reason and the words of those.
	ConditionReconciling = "Reconciling"
	// ConditionStalled is kstatus' word for "it will not get there without help". It says what Ready says; but where Ready is
	// ProgressDeadlineExceeded because of pods, it has the reason and the words of those. It is never True together with
	// Reconciling.
	ConditionStalled = "Stalled"
	// ConditionDependencyCycle carries the path ("orders -> payments -> orders") on every member. A cycle is a design
	// smell, not an outage: it changes nothing else.
	ConditionDependencyCycle = "DependencyCycle"

	// ReasonDependencyCycle is the only reason of ConditionDependencyCycle, and of the event when it comes.
	ReasonDependencyCycle = "DependencyCycle"
)
