package podreader

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestJustRestarted(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	pod := func(ready bool, restarts int32, ago time.Duration) corev1.Pod {
		status := corev1.ConditionFalse
		if ready {
			status = corev1.ConditionTrue
		}
		return corev1.Pod{Status: corev1.PodStatus{
			Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: status}},
			ContainerStatuses: []corev1.ContainerStatus{{
				RestartCount: restarts,
				State:        corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(now.Add(-ago))}},
			}},
		}}
	}
	sidecar := pod(true, 0, time.Second)
	sidecar.Status.InitContainerStatuses = pod(true, 2, 5*time.Second).Status.ContainerStatuses
	waiting := pod(true, 3, 0)
	waiting.Status.ContainerStatuses[0].State = corev1.ContainerState{}
	ended := func(ago time.Duration) corev1.Pod {
		gone := pod(false, 0, 0)
		gone.Status.Phase = corev1.PodSucceeded
		gone.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{FinishedAt: metav1.NewTime(now.Add(-ago))}}
		return gone
	}
	cases := map[string]struct {
		pods []corev1.Pod
		n    int32
		wait time.Duration
	}{
		"none":                               {},
		"one that has never restarted":       {pods: []corev1.Pod{pod(true, 0, time.Second)}},
		"one that restarted a second ago":    {pods: []corev1.Pod{pod(true, 1, time.Second)}, n: 1, wait: 9 * time.Second},
		"one that has run for long enough":   {pods: []corev1.Pod{pod(true, 1, 10*time.Second)}},
		"the fifth restart":                  {pods: []corev1.Pod{pod(true, 5, time.Minute)}, n: 1, wait: 100 * time.Second},
		"the sixth, and all after it":        {pods: []corev1.Pod{pod(true, 6, time.Minute), pod(true, 1000, time.Minute)}, n: 2, wait: 4 * time.Minute},
		"one that is not ready":              {pods: []corev1.Pod{pod(false, 3, time.Second)}},
		"one whose container does not run":   {pods: []corev1.Pod{waiting}},
		"a sidecar that has restarted":       {pods: []corev1.Pod{sidecar}, n: 1, wait: 15 * time.Second},
		"one in place of one that ended":     {pods: []corev1.Pod{pod(true, 0, time.Second), ended(time.Second)}, n: 1, wait: 9 * time.Second},
		"one in place of three that ended":   {pods: []corev1.Pod{pod(true, 0, time.Second), ended(time.Second), ended(time.Minute), ended(9 * time.Minute)}, n: 1, wait: 39 * time.Second},
		"one in place of one long ended":     {pods: []corev1.Pod{pod(true, 0, time.Second), ended(10 * time.Minute)}},
		"the first of several decides, when": {pods: []corev1.Pod{pod(true, 4, 0), pod(true, 1, 0), pod(true, 0, 0)}, n: 2, wait: 10 * time.Second},
	}
	for name, tc := range cases {
		if n, wait := JustRestarted(tc.pods, now); n != tc.n || wait != tc.wait {
			t.Errorf("%s: %d, %s; want %d, %s", name, n, wait, tc.n, tc.wait)
		}
	}
}
