package status

import (
	"cmp"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Pods are the pods of the newest template, read when a rollout makes no progress, or when it is counted which have just restarted.
type Pods struct {
	// Read is set if they were read while some were lacking: then they tell why. Those that run again do not, but for the ones in
	// whose place they run.
	Read  bool
	Items []corev1.Pod
	// Warnings are the Warning events about the pod that PodToInspect returns.
	Warnings []corev1.Event
}

// neverRestarted reports whether the pods were read, and none has restarted or ended: the number of those that serve does not come and go.
func (p *Pods) neverRestarted() bool {
	return p.Read && !slices.ContainsFunc(p.Items, func(pod corev1.Pod) bool {
		return Ended(&pod) || slices.ContainsFunc(slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses),
			func(c corev1.ContainerStatus) bool { return c.RestartCount > 0 })
	})
}

// podFailure is why pods do not start or do not become ready.
type podFailure struct {
	reason, message string
	// container is the name of the crashing container, if any.
	container string
}

// LacksPods reports whether the pods are worth reading if nothing else changes: some are desired and not available. Before the
// Deployment's controller has observed the template nothing is known of its pods; what the cache has is of the one before.
func LacksPods(ms *v1alpha1.Microservice, o *Observation) bool {
	d := o.Deployment
	if d == nil || !o.Applied || o.Problem != nil || ms.Spec.Parked() || generationNotObserved(d) {
		return false
	}
	return !rolledOut(d) || d.Status.AvailableReplicas < minimumAvailable(ms, d) || lacksReplicas(d)
}

// Recovering reports whether enough replicas are available again after too few were, or after crashes: whether they have just
// restarted matters then.
func Recovering(ms *v1alpha1.Microservice, o *Observation) bool {
	d, before := o.Deployment, readyBefore(ms)
	if d == nil || !o.Applied || o.Problem != nil || before == nil || d.Status.AvailableReplicas < minimumAvailable(ms, d) {
		return false
	}
	return before.Reason == v1alpha1.ReasonUnavailable || before.Reason == v1alpha1.ReasonCrashLooping
}

// whyNotReady returns why the newest pods are not ready, or nil if that is unknown. Between two reads of the pods it returns
// the last result, so that the status does not change back and forth.
func whyNotReady(ms *v1alpha1.Microservice, o Observation) *podFailure {
	if c := refusedPods(o.Deployment); c != nil {
		return c
	}
	if o.Pods.Read {
		return podCause(ms, o.Pods)
	}
	for _, c := range ms.Status.Conditions {
		if (c.Type == v1alpha1.ConditionReconciling || c.Type == v1alpha1.ConditionStalled) && c.ObservedGeneration == ms.Generation && podReasons[c.Reason] {
			return &podFailure{reason: c.Reason, message: c.Message}
		}
	}
	return evicted(ms, o.Pods.Items)
}

// podReasons are the reasons of a rollout that fails because of its pods.
var podReasons = map[string]bool{
	v1alpha1.ReasonImagePullFailed:      true,
	v1alpha1.ReasonContainerConfigError: true,
	v1alpha1.ReasonCrashLooping:         true,
	v1alpha1.ReasonUnschedulable:        true,
	v1alpha1.ReasonVolumeNotReady:       true,
	v1alpha1.ReasonReadinessFailing:     true,
	v1alpha1.ReasonQuotaExceeded:        true,
	v1alpha1.ReasonPodRefused:           true,
	v1alpha1.ReasonPodNotStarting:       true,
}

// podCause returns the first failure in the order in which a pod starts, or nil. If several pods have it, the first by name is
// used, so that the message is stable.
func podCause(ms *v1alpha1.Microservice, pods Pods) *podFailure {
	for _, find := range []func(*corev1.Pod) *podFailure{unschedulable, imagePull, containerConfig, crash, initializing} {
		for _, pod := range activePods(pods.Items) {
			if c := find(pod); c != nil {
				c = withHint(ms, c, pods.Warnings)
				c.message = withoutNames(c.message, pod)
				return c
			}
		}
	}
	if pod := PodToInspect(pods.Items); pod != nil {
		if c := lastWarning(pod, pods.Warnings); c != nil {
			c.message = withoutNames(c.message, pod)
			return c
		}
	}
	return evicted(ms, pods.Items)
}

// inParentheses and inPod match where kubelet messages name the pod, and throughRuntime how they begin what a container runtime says.
var (
	throughRuntime = regexp.MustCompile(`rpc error: code = \w+ desc = (failed to pull and unpack image "[^"]*": )?`)
	inParentheses  = regexp.MustCompile(` ?\(pod: "[^"]*", container: [^)]*\)`)
	inPod          = regexp.MustCompile(` in Pod "[^"]*"`)
)

// withoutNames removes names from a message, so that it is the same for the next pod, and what is of no use to its reader.
func withoutNames(message string, pod *corev1.Pod) string {
	message = throughRuntime.ReplaceAllString(message, "")
	message = inPod.ReplaceAllString(inParentheses.ReplaceAllString(message, ""), "")
	if pod.Name != "" && strings.Contains(pod.Name, "-") {
		message = strings.ReplaceAll(message, pod.Name, "the pod")
	}
	if pod.UID != "" {
		message = strings.ReplaceAll(message, string(pod.UID), "")
	}
	if pod.Status.PodIP != "" {
		// An address without a host, as Go writes it.
		message = strings.ReplaceAll(message, net.JoinHostPort(pod.Status.PodIP, ""), ":")
	}
	return message
}

// withHint adds the cause if only the events contain it, and a hint if the message contains none.
func withHint(ms *v1alpha1.Microservice, c *podFailure, warnings []corev1.Event) *podFailure {
	switch c.reason {
	case v1alpha1.ReasonImagePullFailed:
		if secrets := missingPullSecrets(warnings); secrets != "" {
			c.message += "; the pull secrets " + secrets + " are not there or cannot be used"
		} else {
			c.message += "; check the name and imagePullSecrets"
		}
	case v1alpha1.ReasonContainerConfigError:
		if strings.Contains(c.message, "runAsNonRoot") {
			c.message += "; use an image that does not run as root, or set podTemplate.spec.securityContext.runAsUser to the number of a user, such as 10001"
		}
	case v1alpha1.ReasonCrashLooping:
		if why := probeThatKilled(warnings); why != "" {
			c.message += "; " + why
		}
		// kubectl refuses a container that one of the pods does not have: an old one may lack a sidecar.
		which := "--all-containers --prefix"
		if c.container == v1alpha1.ContainerName {
			which = "-c " + c.container
		}
		c.message += fmt.Sprintf("; see kubectl logs -n %s -l %s=%s %s --tail=20 --ignore-errors", ms.Namespace, v1alpha1.LabelName, ms.Name, which)
	}
	return c
}

// PodToInspect returns a pod that reports only that it is not ready, or nil: the events about it may tell why.
func PodToInspect(pods []corev1.Pod) *corev1.Pod {
	for _, pod := range activePods(pods) {
		if !PodReady(pod) && scheduled(pod) {
			return pod
		}
	}
	return nil
}

// activePods returns the pods that may still become ready, by name. Pods that ended or are being deleted do not describe the
// rollout.
func activePods(pods []corev1.Pod) []*corev1.Pod {
	return slices.DeleteFunc(byName(pods), func(pod *corev1.Pod) bool {
		return pod.DeletionTimestamp != nil || Ended(pod)
	})
}

// Ended reports whether a pod ended for good. A Deployment's pods do so only when their node ends them, such as by eviction.
func Ended(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodFailed || pod.Status.Phase == corev1.PodSucceeded
}

func byName(pods []corev1.Pod) []*corev1.Pod {
	sorted := make([]*corev1.Pod, 0, len(pods))
	for i := range pods {
		sorted = append(sorted, &pods[i])
	}
	slices.SortFunc(sorted, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}

// podName matches the pod in the server's message, which differs each time the ReplicaSet tries again.
var podName = regexp.MustCompile(`pods "[^"]+"`)

// refusedPods returns why the ReplicaSet could not create pods, or nil.
func refusedPods(d *appsv1.Deployment) *podFailure {
	for _, c := range d.Status.Conditions {
		if c.Type != appsv1.DeploymentReplicaFailure || c.Status != corev1.ConditionTrue {
			continue
		}
		reason := v1alpha1.ReasonPodRefused
		if strings.Contains(c.Message, "exceeded quota") {
			reason = v1alpha1.ReasonQuotaExceeded
		}
		return &podFailure{reason: reason, message: "Pods cannot be created: " + podName.ReplaceAllString(c.Message, "a pod")}
	}
	return nil
}

// containers returns the status of all containers by their description.
func containers(pod *corev1.Pod) map[string]*corev1.ContainerStatus {
	all := map[string]*corev1.ContainerStatus{}
	for i := range pod.Status.InitContainerStatuses {
		all["Init container "+pod.Status.InitContainerStatuses[i].Name] = &pod.Status.InitContainerStatuses[i]
	}
	for i := range pod.Status.ContainerStatuses {
		all["Container "+pod.Status.ContainerStatuses[i].Name] = &pod.Status.ContainerStatuses[i]
	}
	return all
}

// PodReady reports whether the pod's Ready condition is True.
func PodReady(pod *corev1.Pod) bool {
	return podCondition(pod, corev1.PodReady).Status == corev1.ConditionTrue
}

func scheduled(pod *corev1.Pod) bool {
	return podCondition(pod, corev1.PodScheduled).Status != corev1.ConditionFalse
}

func podCondition(pod *corev1.Pod, conditionType corev1.PodConditionType) corev1.PodCondition {
	for _, c := range pod.Status.Conditions {
		if c.Type == conditionType {
			return c
		}
	}
	return corev1.PodCondition{}
}

// unschedulable leaves out the scheduler's remarks on preemption, and on claims of devices, which that of Kubernetes 1.34 always adds.
func unschedulable(pod *corev1.Pod) *podFailure {
	c := podCondition(pod, corev1.PodScheduled)
	switch {
	case c.Status != corev1.ConditionFalse:
		return nil
	case c.Reason == corev1.PodReasonSchedulingGated:
		var gates []string
		for _, gate := range pod.Spec.SchedulingGates {
			gates = append(gates, gate.Name)
		}
		return &podFailure{reason: v1alpha1.ReasonUnschedulable, message: "The pods are not scheduled before their scheduling gates are removed: " + strings.Join(gates, ", ")}
	case c.Reason != corev1.PodReasonUnschedulable:
		return nil
	}
	said, _, _ := strings.Cut(c.Message, " preemption:")
	said = strings.TrimSuffix(said, " no new claims to deallocate,")
	return &podFailure{reason: v1alpha1.ReasonUnschedulable, message: "No node can run the pods: " + said}
}

// threshold is the end of the kubelet's message about a node that lacks a resource: it contains changing numbers.
const threshold = " Threshold quantity"

// evicted returns repeated evictions as the failure if there is no other. A single eviction may be long past. A kubelet does not say of
// a pod that it was evicted if its containers end with 0 when they are asked to.
func evicted(ms *v1alpha1.Microservice, pods []corev1.Pod) *podFailure {
	var last *corev1.Pod
	n := 0
	for _, pod := range byName(pods) {
		if !Ended(pod) {
			continue
		}
		n++
		if pod.Status.Reason == "Evicted" {
			last = pod
		}
	}
	if n < 2 {
		return nil
	}
	if last == nil {
		return &podFailure{reason: v1alpha1.ReasonPodNotStarting, message: fmt.Sprintf(
			"The pods keep being ended by their node; see kubectl get events -n %s --field-selector=reason=Evicted", ms.Namespace)}
	}
	said, _, _ := strings.Cut(last.Status.Message, threshold)
	return &podFailure{reason: v1alpha1.ReasonPodNotStarting, message: "The pods keep being evicted: " + strings.TrimSpace(withoutNames(said, last))}
}

// lastWarning returns the kubelet's last relevant warning about a pod.
func lastWarning(pod *corev1.Pod, warnings []corev1.Event) *podFailure {
	last := latest(warnings, func(e *corev1.Event) bool { return e.Reason != unhealthy || exceedsFailureThreshold(pod, e, warnings) })
	if last == nil {
		return nil
	}
	reason := v1alpha1.ReasonPodNotStarting
	switch last.Reason {
	case unhealthy:
		reason = v1alpha1.ReasonReadinessFailing
	case "FailedMount", "FailedAttachVolume", "FailedMapVolume":
		reason = v1alpha1.ReasonVolumeNotReady
	case "BackOff", "Killing", "FailedScheduling", "Failed", "InspectFailed", failedPullSecret, failedPostStartHook:
		return nil // what the pod itself knows better, or a thing of the past
	}
	return &podFailure{reason: reason, message: fmt.Sprintf("The pods do not become ready: %s", strings.TrimSpace(last.Message))}
}

// unhealthy is the reason of the kubelet's event about a failed probe.
const unhealthy = "Unhealthy"

const readinessProbe = "Readiness probe"

// exceedsFailureThreshold reports whether a readiness probe failed at least failureThreshold times, and has been failing for as long as
// so many take: a slow start is not a failure. A kubelet tries more often than each period while a pod is not ready. For startup and
// liveness probes the restart is the sign.
func exceedsFailureThreshold(pod *corev1.Pod, warning *corev1.Event, warnings []corev1.Event) bool {
	if !strings.HasPrefix(warning.Message, readinessProbe) {
		return false
	}
	var failures int32
	for i := range warnings {
		if e := &warnings[i]; e.Reason == unhealthy && strings.HasPrefix(e.Message, readinessProbe) &&
			e.InvolvedObject.FieldPath == warning.InvolvedObject.FieldPath {
			failures += eventCount(e)
		}
	}
	container := probedContainer(pod, warning.InvolvedObject.FieldPath)
	if container == nil {
		return true
	}
	probe := container.ReadinessProbe
	patience := int64(probe.InitialDelaySeconds + (probe.FailureThreshold-1)*probe.PeriodSeconds)
	return failures >= probe.FailureThreshold && eventTime(warning).Unix() >= startedAt(pod, container.Name).Unix()+patience
}

// probedContainer returns the container in an event's field path, or nil if it has no readiness probe.
func probedContainer(pod *corev1.Pod, fieldPath string) *corev1.Container {
	for _, c := range slices.Concat(pod.Spec.InitContainers, pod.Spec.Containers) {
		if c.ReadinessProbe != nil && strings.HasSuffix(fieldPath, "ontainers{"+c.Name+"}") {
			return &c
		}
	}
	return nil
}

// startedAt is when a container that runs started, and zero for others.
func startedAt(pod *corev1.Pod, name string) metav1.Time {
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c.Name == name && c.State.Running != nil {
			return c.State.Running.StartedAt
		}
	}
	return metav1.Time{}
}

// failedPostStartHook is the reason of the kubelet's event about a hook for which it kills the container.
const failedPostStartHook = "FailedPostStartHook"

// failedPullSecret is the reason of the kubelet's event about a pull secret that it cannot read.
const failedPullSecret = "FailedToRetrieveImagePullSecret"

// missingPullSecrets returns the names of the pull secrets that the kubelet cannot use, empty if there are none.
func missingPullSecrets(warnings []corev1.Event) string {
	for i := range warnings {
		if warnings[i].Reason != failedPullSecret {
			continue
		}
		if _, after, found := strings.Cut(warnings[i].Message, "("); found {
			names, _, _ := strings.Cut(after, ")")
			return names
		}
	}
	return ""
}

// probeThatKilled returns the last message of a probe or hook for which the kubelet kills containers, empty if there is none.
func probeThatKilled(warnings []corev1.Event) string {
	last := latest(warnings, func(e *corev1.Event) bool {
		return e.Reason == failedPostStartHook ||
			e.Reason == unhealthy && (strings.HasPrefix(e.Message, "Liveness probe") || strings.HasPrefix(e.Message, "Startup probe"))
	})
	if last == nil {
		return ""
	}
	return strings.TrimSpace(last.Message)
}

// latest returns the last warning that counts, or nil.
func latest(warnings []corev1.Event, counts func(*corev1.Event) bool) *corev1.Event {
	var last *corev1.Event
	for i := range warnings {
		if e := &warnings[i]; counts(e) && (last == nil || eventTime(last).Before(eventTime(e))) {
			last = e
		}
	}
	return last
}
