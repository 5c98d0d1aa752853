package status

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Pods are those of the newest template, read when a rollout stands still.
type Pods struct {
	// Seen says that somebody looked.
	Seen  bool
	Items []corev1.Pod
	// Warnings are the Warning events about the pod that Suspect names.
	Warnings []corev1.Event
}

// cause is why pods do not start or do not become ready.
type cause struct {
	reason, message string
}

// Stuck says whether pods are worth a look, if nothing changes any more: some are wanted and are not there.
func Stuck(ms *v1alpha1.Microservice, seen *Observation) bool {
	d := seen.Deployment
	if d == nil || !seen.Applied || seen.Problem != nil || ms.Spec.Parked() {
		return false
	}
	return !rolledOut(d) || d.Status.AvailableReplicas < minimumAvailable(&ms.Spec)
}

// Recovering reports whether enough replicas are there again after too few were, or after they crashed: then it matters
// whether they have just restarted.
func Recovering(ms *v1alpha1.Microservice, seen *Observation) bool {
	d, before := seen.Deployment, readyBefore(ms)
	if d == nil || !seen.Applied || seen.Problem != nil || before == nil || d.Status.AvailableReplicas < minimumAvailable(&ms.Spec) {
		return false
	}
	return before.Reason == v1alpha1.ReasonUnavailable || before.Reason == v1alpha1.ReasonCrashLooping
}

// whyNotReady is why the newest pods are not. What was said last stays until somebody looks again: between two looks
// nothing is known, and words that come and go help nobody.
func whyNotReady(ms *v1alpha1.Microservice, seen Observation) *cause {
	if c := refusedPods(seen.Deployment); c != nil {
		return c
	}
	if seen.Pods.Seen {
		return podCause(ms, seen.Pods)
	}
	before := readyBefore(ms)
	if before == nil {
		return nil
	}
	if podReasons[before.Reason] {
		return &cause{before.Reason, before.Message}
	}
	because := map[string]string{
		v1alpha1.ReasonUnavailable:              becauseUnavailable,
		v1alpha1.ReasonProgressDeadlineExceeded: becauseDeadline,
	}[before.Reason]
	if _, said, found := strings.Cut(before.Message, because); found && because != "" {
		return &cause{before.Reason, said}
	}
	return nil
}

// podReasons are those of a rollout whose pods are at fault.
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

// podCause is the first cause in an order in which what keeps a pod from an earlier step comes first; nil for none. Of
// several pods with the same, the first by name speaks, so that the words stay.
func podCause(ms *v1alpha1.Microservice, pods Pods) *cause {
	for _, find := range []func(*corev1.Pod) *cause{unschedulable, imagePull, containerConfig, crash} {
		for _, pod := range byName(pods.Items) {
			if c := find(pod); c != nil {
				return withCure(ms, c)
			}
		}
	}
	if Suspect(pods.Items) == nil {
		return nil
	}
	return complaint(pods.Warnings)
}

// withCure adds where to look, where the words do not say it.
func withCure(ms *v1alpha1.Microservice, c *cause) *cause {
	switch c.reason {
	case v1alpha1.ReasonImagePullFailed:
		c.message += "; check the name and imagePullSecrets"
	case v1alpha1.ReasonCrashLooping:
		c.message += fmt.Sprintf("; see kubectl logs -n %s -l %s=%s --previous", ms.Namespace, v1alpha1.LabelName, ms.Name)
	}
	return c
}

// Suspect is the pod that says itself no more than that it is not ready: the events about it may know why. It is nil
// where there is none.
func Suspect(pods []corev1.Pod) *corev1.Pod {
	for _, pod := range byName(pods) {
		if pod.DeletionTimestamp == nil && !PodReady(pod) && scheduled(pod) {
			return pod
		}
	}
	return nil
}

func byName(pods []corev1.Pod) []*corev1.Pod {
	sorted := make([]*corev1.Pod, 0, len(pods))
	for i := range pods {
		sorted = append(sorted, &pods[i])
	}
	slices.SortFunc(sorted, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}

// podName is in the server's words, and another one each time that the ReplicaSet tries again.
var podName = regexp.MustCompile(`pods "[^"]+"`)

// refusedPods is what the ReplicaSet was told when it wanted to create pods.
func refusedPods(d *appsv1.Deployment) *cause {
	for _, c := range d.Status.Conditions {
		if c.Type != appsv1.DeploymentReplicaFailure || c.Status != corev1.ConditionTrue {
			continue
		}
		reason := v1alpha1.ReasonPodRefused
		if strings.Contains(c.Message, "exceeded quota") {
			reason = v1alpha1.ReasonQuotaExceeded
		}
		return &cause{reason, "Pods cannot be created: " + podName.ReplaceAllString(c.Message, "a pod")}
	}
	return nil
}

// containers are all, each with what to call it.
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

// PodReady reports whether a pod says that it is ready.
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

// unschedulable leaves out what the scheduler thinks of preemption.
func unschedulable(pod *corev1.Pod) *cause {
	c := podCondition(pod, corev1.PodScheduled)
	if c.Status != corev1.ConditionFalse || c.Reason != corev1.PodReasonUnschedulable {
		return nil
	}
	said, _, _ := strings.Cut(c.Message, " preemption:")
	return &cause{v1alpha1.ReasonUnschedulable, "No node takes the pods: " + said}
}

// complaint is the kubelet's last warning.
func complaint(warnings []corev1.Event) *cause {
	var last *corev1.Event
	for i := range warnings {
		if last == nil || when(last).Before(when(&warnings[i])) {
			last = &warnings[i]
		}
	}
	if last == nil {
		return nil
	}
	reason := v1alpha1.ReasonPodNotStarting
	switch last.Reason {
	case "Unhealthy":
		reason = v1alpha1.ReasonReadinessFailing
	case "FailedMount", "FailedAttachVolume", "FailedMapVolume":
		reason = v1alpha1.ReasonVolumeNotReady
	case "BackOff", "Killing", "FailedScheduling":
		return nil // what the pod itself knows better, or a thing of the past
	}
	return &cause{reason, fmt.Sprintf("The pods do not become ready: %s", strings.TrimSpace(last.Message))}
}
