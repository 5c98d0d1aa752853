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

// JustRestarted returns the number of ready pods with a container that has run for less than the kubelet's next back-off since
// its restart, and how long until the first of them counts, 0 if there is none. So a container that crashes again and again
// does not count as available each time it starts.
func JustRestarted(pods []corev1.Pod, now time.Time) (n int32, wait time.Duration) {
	for i := range pods {
		left := distrusted(&pods[i], now)
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

// distrusted returns for how long a pod does not count yet.
func distrusted(pod *corev1.Pod, now time.Time) time.Duration {
	var longest time.Duration
	for _, c := range slices.Concat(pod.Status.InitContainerStatuses, pod.Status.ContainerStatuses) {
		if c.State.Running == nil || c.RestartCount == 0 {
			continue
		}
		backOff := maxBackOff
		if c.RestartCount < 6 {
			backOff = min(firstBackOff<<(c.RestartCount-1), maxBackOff)
		}
		longest = max(longest, backOff-now.Sub(c.State.Running.StartedAt.Time))
	}
	return longest
}
