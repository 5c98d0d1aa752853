package status_test

import (
	"fmt"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// scaledExternally lets a controller of the user's decide, which guarantees so many.
func scaledExternally(guaranteed int32) func(*v1alpha1.Microservice) {
	return func(ms *v1alpha1.Microservice) {
		ms.Spec.Replicas = nil
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{External: &v1alpha1.ExternalAutoscaler{MinReplicas: &guaranteed}}
	}
}

// unobserved is a Deployment whose controller has not seen the last change.
func unobserved(d *appsv1.Deployment) { d.Generation++ }

// TestComputeScaledExternally follows Microservices through what their autoscalers do: each step is seen after the one before.
func TestComputeScaledExternally(t *testing.T) {
	const (
		well     = "True/Available True/Available"
		zero     = "True/ScaledToZero True/ScaledToZero"
		starting = "False/RollingOut False/StartingFromZero"
		down     = "False/Unavailable False/Unavailable"
	)
	type step struct {
		what string
		seen status.Observation
		want string
	}
	seenAs := func(changes ...func(*appsv1.Deployment)) status.Observation { return seen(deployment(changes...)) }
	crashes := lookedAt(podNamed("a", corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: ended(3, "Error", "")}}))
	crashes.Deployment = deployment(counts(1, 1, 1, 0))
	cases := map[string]struct {
		guaranteed int32
		steps      []step
	}{
		"from 3 to 0 and back": {0, []step{
			{"3 run", seenAs(), well},
			{"the controllers have not seen the 0", seenAs(counts(0, 3, 3, 3), unobserved), zero},
			{"they stop", seenAs(counts(0, 2, 2, 2)), zero},
			{"none runs", seenAs(counts(0, 0, 0, 0)), zero},
			{"one is wanted, and not there", seenAs(counts(1, 0, 0, 0), unobserved), starting},
			{"it starts", seenAs(counts(1, 1, 1, 0)), starting},
			{"more are wanted", seenAs(counts(5, 1, 1, 0), unobserved), starting},
			{"they start", seenAs(counts(5, 5, 5, 0)), starting},
			{"the first is available", seenAs(counts(5, 5, 5, 1)), well},
			{"all are gone", seenAs(counts(5, 5, 5, 0)), down},
		}},
		"a start from 0 that fails": {0, []step{
			{"none runs", seenAs(counts(0, 0, 0, 0)), zero},
			{"it starts", seenAs(counts(1, 1, 1, 0)), starting},
			{"it crashes", crashes, "False/CrashLooping False/Unavailable"},
			{"it goes on", seenAs(counts(1, 1, 1, 0)), "False/CrashLooping False/Unavailable"},
			{"it is given up", seenAs(counts(0, 0, 0, 0)), zero},
		}},
		"an outage without a time at 0": {0, []step{
			{"3 run", seenAs(), well},
			{"all are gone", seenAs(counts(3, 3, 3, 0)), down},
		}},
		"a scale-up": {2, []step{
			{"2 run", seenAs(counts(2, 2, 2, 2)), well},
			{"50 are wanted", seenAs(counts(50, 2, 2, 2), unobserved), well},
			{"50 start", seenAs(counts(50, 50, 50, 2)), well},
			{"one is available, which is 2 but 1", seenAs(counts(50, 50, 50, 1)), well},
			{"none is", seenAs(counts(50, 50, 50, 0)), down},
		}},
		"less than guaranteed": {3, []step{
			{"3 run", seenAs(), well},
			{"0 are wanted", seenAs(counts(0, 0, 0, 0)), down},
			{"1 is", seenAs(counts(1, 1, 1, 1)), down},
			{"2 are, which are 3 but 1", seenAs(counts(2, 2, 2, 2)), well},
		}},
		"less than guaranteed from the start": {3, []step{{"1 runs", seenAs(counts(1, 1, 1, 1)), down}}},
		"a rollout at 0": {0, []step{
			{"it is under way", seen(deployment(counts(0, 0, 0, 0), progressing("ReplicaSetUpdated"))), "False/RollingOut True/ScaledToZero"},
			{"it is done", seenAs(counts(0, 0, 0, 0)), zero},
		}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := microservice(scaledExternally(tc.guaranteed))
			for _, step := range tc.steps {
				after(ms, step.seen)
				is := func(of string) string {
					c := condition(ms.Status, of)
					return fmt.Sprintf("%s/%s", c.Status, c.Reason)
				}
				if got := is(v1alpha1.ConditionReady) + " " + is(v1alpha1.ConditionAvailable); got != step.want {
					t.Errorf("%s: %s, want %s: %s", step.what, got, step.want, condition(ms.Status, v1alpha1.ConditionReady).Message)
				}
				if got := is(v1alpha1.ConditionAutoscaling); got != "True/External" {
					t.Errorf("%s: Autoscaling is %s", step.what, got)
				}
			}
		})
	}
}

// TestCompareScaledExternally finds nothing to write at once in what happens all the time.
func TestCompareScaledExternally(t *testing.T) {
	cases := map[string]struct{ before, after *appsv1.Deployment }{
		"scaling up":             {deployment(), deployment(counts(9, 9, 9, 3))},
		"scaling down":           {deployment(counts(9, 9, 9, 9)), deployment(counts(4, 9, 9, 9), unobserved)},
		"stopping at 0":          {deployment(counts(0, 3, 3, 3)), deployment(counts(0, 0, 0, 0))},
		"below what is promised": {deployment(), deployment(counts(1, 3, 3, 3), unobserved)},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := after(microservice(scaledExternally(0)), seen(tc.before))
			if name == "below what is promised" {
				ms = after(microservice(scaledExternally(2)), seen(tc.before))
			}
			next := status.Compute(ms, seen(tc.after), now)
			if got := status.Compare(&ms.Status, &next); got == status.Major {
				t.Errorf("a write at once, from %+v to %+v", ms.Status, next)
			}
		})
	}
}

func TestComputeExternalMessages(t *testing.T) {
	cases := map[string]struct {
		d         *appsv1.Deployment
		condition string
		want      []string
	}{
		"who decides, before there is a Deployment": {nil, v1alpha1.ConditionAutoscaling, []string{"A controller of yours decides", "spec.autoscaling.external"}},
		"who decides":              {deployment(counts(7, 7, 7, 7)), v1alpha1.ConditionAutoscaling, []string{"A controller of yours decides", "it wants 7"}},
		"that it keeps no promise": {deployment(counts(0, 0, 0, 0)), v1alpha1.ConditionAutoscaling, []string{"it wants 0, and minReplicas says at least 2"}},
		"what that comes to": {deployment(counts(0, 0, 0, 0)), v1alpha1.ConditionReady,
			[]string{"0 of 0 replicas are available, at least 1 are needed; its own autoscaler wants fewer than spec.autoscaling.external.minReplicas (2)"}},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := condition(status.Compute(microservice(scaledExternally(2)), seen(tc.d), now), tc.condition).Message
			for _, want := range tc.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q does not contain %q", got, want)
				}
			}
		})
	}
}
