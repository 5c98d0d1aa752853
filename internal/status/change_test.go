package status_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

func TestCompare(t *testing.T) {
	observed := func(o status.Observation) *v1alpha1.MicroserviceStatus {
		return new(status.Compute(microservice(), o, yesterday))
	}
	edited := func(s *v1alpha1.MicroserviceStatus, edit func(*v1alpha1.MicroserviceStatus)) *v1alpha1.MicroserviceStatus {
		edit(s)
		return s
	}
	setReady := func(change func(*metav1.Condition)) func(*v1alpha1.MicroserviceStatus) {
		return func(s *v1alpha1.MicroserviceStatus) {
			change(meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady))
		}
	}
	problem := func(message string) status.Observation {
		return status.Observation{Problem: &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: message}}
	}
	cases := map[string]struct {
		stored, next *v1alpha1.MicroserviceStatus
		want         status.Change
	}{
		"nothing": {
			observed(seen(deployment())), observed(seen(deployment())), status.Same,
		},
		"an empty list of conditions": {
			&v1alpha1.MicroserviceStatus{Conditions: []metav1.Condition{}}, &v1alpha1.MicroserviceStatus{}, status.Same,
		},
		"the first look": {
			&v1alpha1.MicroserviceStatus{ObservedGeneration: -1}, observed(seen(nil)), status.Major,
		},
		"one counter": {
			observed(seen(deployment())), edited(observed(seen(deployment())), func(s *v1alpha1.MicroserviceStatus) { s.ReadyReplicas = 2 }), status.Minor,
		},
		"all counters, and the messages that count": {
			observed(seen(deployment())), observed(seen(deployment(counts(5, 5, 5, 4)))), status.Minor,
		},
		"fewer replicas under the minimum": {
			observed(seen(deployment(counts(3, 3, 3, 1)))), observed(seen(deployment(counts(3, 3, 3, 0)))), status.Minor,
		},
		"Available becomes True midway in a rollout": {
			observed(seen(rollingOut(1, 1))), observed(seen(rollingOut(2, 2))), status.Minor,
		},
		"Available becomes False midway in a rollout": {
			observed(seen(rollingOut(1, 3))), observed(seen(rollingOut(1, 1))), status.Major,
		},
		"Available becomes True with the end of the rollout": {
			observed(seen(rollingOut(1, 1))), observed(seen(deployment())), status.Major,
		},
		"Available becomes True midway, and an address is new": {
			observed(seen(rollingOut(1, 1))),
			edited(observed(seen(rollingOut(2, 2))), func(s *v1alpha1.MicroserviceStatus) { s.ExternalURL = "http://192.0.2.1" }),
			status.Major,
		},
		"a rollout begins": {
			observed(seen(deployment())), observed(seen(rollingOut(1, 3))), status.Major,
		},
		"a rollout ends": {
			observed(seen(rollingOut(3, 3))), observed(seen(deployment())), status.Major,
		},
		"a rollout stalls": {
			observed(seen(rollingOut(1, 3))), observed(seen(exceeded())), status.Major,
		},
		"too few are available": {
			observed(seen(deployment())), observed(seen(deployment(counts(3, 3, 3, 1)))), status.Major,
		},
		"another problem": {
			observed(problem("quota exceeded")), observed(problem("forbidden")), status.Major,
		},
		"another generation": {
			observed(seen(deployment())), edited(observed(seen(deployment())), func(s *v1alpha1.MicroserviceStatus) { s.ObservedGeneration++ }), status.Major,
		},
		"another address": {
			observed(seen(deployment())), edited(observed(seen(deployment())), func(s *v1alpha1.MicroserviceStatus) { s.URL = "" }), status.Major,
		},
		"a condition of another generation": {
			observed(seen(deployment())), edited(observed(seen(deployment())), setReady(func(c *metav1.Condition) { c.ObservedGeneration++ })), status.Major,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			stored, next := tc.stored.DeepCopy(), tc.next.DeepCopy()
			if got := status.Compare(stored, next); got != tc.want {
				t.Errorf("Compare() = %d, want %d", got, tc.want)
			}
			if status.Compare(stored, tc.stored) != status.Same || status.Compare(next, tc.next) != status.Same {
				t.Error("Compare changed its input")
			}
		})
	}
}

func TestCompareAutoscalingWords(t *testing.T) {
	with := func(d *appsv1.Deployment, active corev1.ConditionStatus, message string) *v1alpha1.MicroserviceStatus {
		hpa := &autoscalingv2.HorizontalPodAutoscaler{}
		hpa.Status.Conditions = []autoscalingv2.HorizontalPodAutoscalerCondition{
			{Type: autoscalingv2.ScalingActive, Status: active, Reason: "Because", Message: message},
		}
		said := status.Compute(microservice(autoscaled), status.Observation{Deployment: d, Autoscaler: hpa, Applied: true}, yesterday)
		return &said
	}
	noAutoscaling := new(status.Compute(microservice(), seen(rollingOut(1, 3)), yesterday))
	cases := map[string]struct {
		stored, next *v1alpha1.MicroserviceStatus
		want         status.Change
	}{
		"another message": {
			with(deployment(), "False", "no metrics of 3 pods"), with(deployment(), "False", "no metrics of 2 pods"), status.Minor,
		},
		"another status": {
			with(deployment(), "False", "no metrics"), with(deployment(), "True", "metrics"), status.Major,
		},
		"another status midway in a rollout": {
			with(rollingOut(1, 3), "False", "no metrics"), with(rollingOut(1, 3), "True", "metrics"), status.Minor,
		},
		"another status with the end of a rollout": {
			with(rollingOut(1, 3), "False", "no metrics"), with(deployment(), "True", "metrics"), status.Major,
		},
		"new midway in a rollout": {
			noAutoscaling, with(rollingOut(1, 3), "True", "metrics"), status.Major,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := status.Compare(tc.stored, tc.next); got != tc.want {
				t.Errorf("Compare() = %d, want %d", got, tc.want)
			}
		})
	}
}

func TestDue(t *testing.T) {
	moving, resting := rollingOut(1, 3), deployment()
	cases := map[string]struct {
		change status.Change
		o      status.Observation
		want   bool
	}{
		"nothing is never due":                     {status.Same, status.Observation{Deployment: resting, Settled: true}, false},
		"numbers that move wait":                   {status.Minor, status.Observation{Deployment: moving}, false},
		"numbers that have stood still are due":    {status.Minor, status.Observation{Deployment: moving, Settled: true}, true},
		"numbers that cannot change more are due":  {status.Minor, status.Observation{Deployment: resting}, true},
		"numbers without a Deployment are due":     {status.Minor, status.Observation{}, true},
		"what is more than numbers is due at once": {status.Major, status.Observation{Deployment: moving}, true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.change.Due(&tc.o); got != tc.want {
				t.Errorf("Due() = %t, want %t", got, tc.want)
			}
		})
	}
}

func TestAtRest(t *testing.T) {
	cases := map[string]struct {
		d    *appsv1.Deployment
		want bool
	}{
		"no Deployment":                  {nil, true},
		"rolled out":                     {deployment(), true},
		"parked":                         {deployment(counts(0, 0, 0, 0)), true},
		"replicas left to the default 1": {deployment(counts(1, 1, 1, 1), func(d *appsv1.Deployment) { d.Spec.Replicas = nil }), true},
		"not observed":                   {deployment(generationNotObserved), false},
		"one pod short":                  {deployment(counts(3, 3, 3, 2)), false},
		"one more than wanted":           {deployment(counts(3, 4, 4, 4)), false},
		"scaling up":                     {deployment(counts(5, 3, 3, 3)), false},
		"one with the old template":      {rollingOut(2, 3), false},
		"being parked":                   {deployment(counts(0, 1, 1, 1)), false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := status.CountersSettled(tc.d); got != tc.want {
				t.Errorf("CountersSettled() = %v, want %v", got, tc.want)
			}
		})
	}
}

func TestComputeHoldsTheCountersOfARollout(t *testing.T) {
	midway := func() *v1alpha1.Microservice { return after(microservice(), seen(rollingOut(1, 3))) }
	cases := map[string]struct {
		ms          *v1alpha1.Microservice
		d           *appsv1.Deployment
		wantUpdated int32
		wantChange  status.Change
	}{
		"the next pod is held":                     {midway(), rollingOut(2, 3), 1, status.Same},
		"the next pod is held, its message is not": {midway(), rollingOut(2, 2), 1, status.Minor},
		"too few available are told at once":       {midway(), rollingOut(2, 1), 2, status.Major},
		"the end is told at once":                  {midway(), deployment(), 3, status.Major},
		"a stall is told at once":                  {midway(), exceeded(counts(3, 4, 2, 3)), 2, status.Major},
		"a new generation is told at once": {
			func() *v1alpha1.Microservice { ms := midway(); ms.Generation++; return ms }(), rollingOut(2, 3), 2, status.Major,
		},
		"without a rollout nothing is held": {after(microservice(), seen(deployment())), deployment(counts(3, 2, 2, 2)), 2, status.Minor},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			next := status.Compute(tc.ms, seen(tc.d), now)
			if next.UpdatedReplicas != tc.wantUpdated {
				t.Errorf("updatedReplicas is %d, want %d", next.UpdatedReplicas, tc.wantUpdated)
			}
			if got := status.Compare(&tc.ms.Status, &next); got != tc.wantChange {
				t.Errorf("Compare() = %d, want %d", got, tc.wantChange)
			}
		})
	}
}

// One pod of a rollout that hangs becomes ready later than the rest was reported: it counts, unless pods crash, whose number comes and goes.
func TestComputeCountsWhatServesInAStuckRollout(t *testing.T) {
	for name, tc := range map[string]struct {
		container corev1.ContainerStatus
		want      int32
	}{
		"no pod has restarted": {want: 1},
		"a pod has restarted":  {container: corev1.ContainerStatus{RestartCount: 1}, want: 0},
	} {
		stuck := seen(rollingOut(3, 3))
		stuck.Deployment = deployment(counts(3, 3, 3, 0), progressing("ReplicaSetUpdated"))
		ms := after(microservice(), stuck)
		stuck.Deployment = deployment(counts(3, 3, 3, 1), progressing("ReplicaSetUpdated"))
		if next := status.Compute(ms, stuck, now); next.AvailableReplicas != 0 {
			t.Errorf("%s: before the pods were read %d are available", name, next.AvailableReplicas)
		}
		stuck.Settled, stuck.Pods = true, status.Pods{Read: true, Items: []corev1.Pod{podNamed("a", tc.container)}}
		next := status.Compute(ms, stuck, now)
		if next.AvailableReplicas != tc.want {
			t.Errorf("%s: %d are available, want %d", name, next.AvailableReplicas, tc.want)
		}
		if tc.want > 0 && !status.Compare(&ms.Status, &next).Due(&stuck) {
			t.Errorf("%s: it is not written", name)
		}
	}
}

// A reason that was found beside counters of an older Deployment does not hold these for ever.
func TestComputeCorrectsTheCountersOfAStuckRollout(t *testing.T) {
	stuck := seen(rollingOut(3, 3))
	stuck.Settled, stuck.Pods = true, status.Pods{Read: true, Items: []corev1.Pod{podNamed("a", corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: ended(3, "Error", "")}})}}
	ms := after(microservice(), stuck)
	stuck.Deployment = deployment(counts(3, 4, 1, 3), progressing("ReplicaSetUpdated"))
	next := status.Compute(ms, stuck, now)
	if next.Replicas != 4 || next.UpdatedReplicas != 1 {
		t.Errorf("after the pods were read again there are %d replicas, %d updated, want 4 and 1", next.Replicas, next.UpdatedReplicas)
	}
	if change := status.Compare(&ms.Status, &next); !change.Due(&stuck) {
		t.Error("it is not written")
	}
	stuck.Pods = status.Pods{}
	if next := status.Compute(ms, stuck, now); next.UpdatedReplicas != 3 {
		t.Errorf("between two reads it is corrected to %d", next.UpdatedReplicas)
	}
	// With enough old pods only the restarted ones are counted, and the pods are not read for their reason again.
	stuck.PodsCounted = true
	if !status.Recovering(ms, &stuck) {
		t.Fatal("with old pods that serve it does not count as recovering")
	}
	if next := status.Compute(ms, stuck, now); next.Replicas != 4 || next.UpdatedReplicas != 1 {
		t.Errorf("after the restarted pods were counted there are %d replicas, %d updated, want 4 and 1", next.Replicas, next.UpdatedReplicas)
	}
}
