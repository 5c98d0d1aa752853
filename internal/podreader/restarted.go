package podreader

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/status"
)

// The kubelet restarts a container after 10 s, then after twice as long each time up to 5 minutes:
// https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
const (
	firstBackOff = 10 * time.Second
	maxBackOff   = 5 * time.Minute
)

// forgetsAfter is when the kubelet begins with firstBackOff again.
const forgetsAfter = 2 * maxBackOff

// JustRestarted returns the number of ready pods with a container that has run for less than the kubelet's next back-off since
// its restart, and how long until the first of them counts, 0 if there is none. So a container that crashes again and again
// does not count as available each time it starts. Nor does a pod that replaces others that their node ended: each of those counts as
// a restart.
func JustRestarted(pods []corev1.Pod, now time.Time) (n int32, wait time.Duration) {
	ended := recentlyEnded(pods, now)
	for i := range pods {
		left := distrusted(&pods[i], ended, now)
		if left <= 0 || !status.PodReady(&pods[i]) {
			continue
		}
		n++
		if wait == 0 || left < wait {
			wait = left
		}
	}
	return n, wait
}

// recentlyEnded returns the number of pods that ended, which those of a Deployment do by eviction or a shutdown of their node alone.
func recentlyEnded(pods []corev1.Pod, now time.Time) (n int32) {
	for i := range pods {
		if !status.Ended(&pods[i]) {
			continue
		}
		for _, c := range pods[i].Status.ContainerStatuses {
			if c.State.Terminated != nil && now.Sub(c.State.Terminated.FinishedAt.Time) < forgetsAfter {
				n++
				break
			}
		}
	}
	return n
}

// distrusted returns for how long a pod does not count yet.
func distrusted(pod *corev1.Pod, ended int32, now time.Time) time.Duration {
	var longest time.Duration
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		restarts := c.RestartCount + ended
		if c.State.Running == nil || restarts == 0 {
			continue
		}
		backOff := maxBackOff
		if restarts < 6 {
			backOff = min(firstBackOff<<(restarts-1), maxBackOff)
		}
		longest = max(longest, backOff-now.Sub(c.State.Running.StartedAt.Time))
	}
	return longest
}
