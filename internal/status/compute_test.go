package status_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// picture is what a person sees of a status.
type picture struct {
	Ready, Reason, Message string
	// Abnormal is Reconciling, Stalled or nothing.
	Abnormal  string
	Available string
}

func pictureOf(s v1alpha1.MicroserviceStatus) picture {
	ready := condition(s, v1alpha1.ConditionReady)
	p := picture{
		Ready: string(ready.Status), Reason: ready.Reason, Message: ready.Message,
		Available: string(condition(s, v1alpha1.ConditionAvailable).Status),
	}
	for _, abnormal := range []string{v1alpha1.ConditionReconciling, v1alpha1.ConditionStalled} {
		if condition(s, abnormal).Status == metav1.ConditionTrue {
			p.Abnormal += abnormal
		}
	}
	return p
}

func TestCompute(t *testing.T) {
	const writing = "The Deployment is being applied"
	const rolling = "Rolling out web:1"
	const parkedMessage = "Parked, because spec.replicas is 0"
	refused := &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: "quota exceeded"}
	taken := &status.Problem{Reason: v1alpha1.ReasonNameConflict, Message: "the Service web is somebody else's", Stalled: true}
	invalid := &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: "spec.podTemplate.spec: unknown field", Stalled: true}

	cases := map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want picture
	}{
		"the first look finds nothing": {
			want: picture{"False", "RollingOut", writing, "Reconciling", "False"},
		},
		"the Deployment is not as this generation asks": {
			seen: status.Observation{Deployment: deployment()},
			want: picture{"False", "RollingOut", writing, "Reconciling", "True"},
		},
		"the Deployment has not been observed": {
			seen: seen(deployment(generationNotObserved)),
			want: picture{"False", "RollingOut", rolling, "Reconciling", "True"},
		},
		"the Deployment says nothing yet": {
			seen: seen(&appsv1.Deployment{}),
			want: picture{"False", "RollingOut", rolling, "Reconciling", "False"},
		},
		"the first rollout": {
			seen: seen(deployment(counts(3, 3, 3, 1), progressing("ReplicaSetUpdated"))),
			want: picture{"False", "RollingOut", rolling, "Reconciling", "False"},
		},
		"a rollout while the old replicas serve": {
			seen: seen(rollingOut(1, 3)),
			want: picture{"False", "RollingOut", rolling, "Reconciling", "True"},
		},
		"a roll-back that has updated nothing yet": {
			seen: seen(deployment(counts(3, 3, 0, 3))),
			want: picture{"False", "RollingOut", rolling, "Reconciling", "True"},
		},
		"rolled out": {
			seen: seen(deployment()),
			want: picture{"True", "Available", "3 of 3 replicas are available", "", "True"},
		},
		"one pod short": {
			seen: seen(deployment(counts(3, 3, 3, 2))),
			want: picture{"True", "Available", "2 of 3 replicas are available", "", "True"},
		},
		"under the minimum, which it had reached": {
			ms:   after(microservice(), seen(deployment())),
			seen: seen(deployment(counts(3, 3, 3, 1))),
			want: picture{"False", "Unavailable", "1 of 3 replicas are available, at least 2 are needed", "Reconciling", "False"},
		},
		"scaled up, and still on the way to the minimum": {
			seen: seen(deployment(counts(3, 1, 1, 1))),
			want: picture{"False", "RollingOut", "Rolling out web:1", "Reconciling", "False"},
		},
		"the autoscaler scales up": {
			ms:   microservice(autoscaled),
			seen: seen(deployment(counts(7, 5, 5, 3))),
			want: picture{"True", "Available", "3 of 7 replicas are available", "", "True"},
		},
		"the autoscaler's Deployment is under the autoscaling minimum, which it had reached": {
			ms:   after(microservice(autoscaled), seen(deployment())),
			seen: seen(deployment(counts(2, 2, 2, 0))),
			want: picture{"False", "Unavailable", "0 of 2 replicas are available, at least 1 are needed", "Reconciling", "False"},
		},
		"parked": {
			ms:   microservice(parked),
			seen: seen(deployment(counts(0, 0, 0, 0))),
			want: picture{"True", "Parked", parkedMessage, "", "True"},
		},
		"being parked": {
			ms:   microservice(parked),
			seen: seen(deployment(counts(0, 1, 1, 1))),
			want: picture{"False", "RollingOut", "Parking: the last replicas are stopping", "Reconciling", "True"},
		},
		"being parked, and nobody has looked": {
			ms:   microservice(parked),
			seen: seen(deployment(counts(0, 0, 0, 0), generationNotObserved)),
			want: picture{"False", "RollingOut", "Parking: the last replicas are stopping", "Reconciling", "True"},
		},
		"paused, and changes wait": {
			seen: status.Observation{Deployment: deployment(), Pending: []string{"update Deployment", "create Service"}},
			want: picture{"Unknown", "Paused", "Changes are not applied while spec.paused is true: update Deployment, create Service", "", "True"},
		},
		"created paused": {
			seen: status.Observation{Pending: []string{"create ServiceAccount", "create Deployment"}},
			want: picture{"Unknown", "Paused", "Changes are not applied while spec.paused is true: create ServiceAccount, create Deployment", "", "False"},
		},
		"paused, and nothing waits": {
			ms:   microservice(func(ms *v1alpha1.Microservice) { ms.Spec.Paused = true }),
			seen: seen(deployment()),
			want: picture{"True", "Available", "3 of 3 replicas are available", "", "True"},
		},
		"the server refuses a child": {
			seen: status.Observation{Deployment: deployment(), Applied: true, Problem: refused},
			want: picture{"False", "ApplyFailed", "quota exceeded", "Reconciling", "True"},
		},
		"the name of a child is taken": {
			seen: status.Observation{Deployment: deployment(), Applied: true, Problem: taken},
			want: picture{"False", "NameConflict", "the Service web is somebody else's", "Stalled", "True"},
		},
		"the spec cannot be used, and the old replicas serve": {
			seen: status.Observation{Deployment: deployment(), Problem: invalid},
			want: picture{"False", "InvalidSpec", "spec.podTemplate.spec: unknown field", "Stalled", "True"},
		},
		"a problem is worse than a pause": {
			seen: status.Observation{Problem: invalid, Pending: []string{"create Deployment"}},
			want: picture{"False", "InvalidSpec", "spec.podTemplate.spec: unknown field", "Stalled", "False"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.ms == nil {
				tc.ms = microservice()
			}
			if diff := cmp.Diff(tc.want, pictureOf(status.Compute(tc.ms, tc.seen, now))); diff != "" {
				t.Errorf("Compute() (-want +got):\n%s", diff)
			}
		})
	}
}

// A Deployment that somebody paused says nothing of progress. One that is healthy stays so, one that has a change to roll out
// says why it does not, and both say the way out.
func TestComputePausedByHand(t *testing.T) {
	paused := func(updated int32) status.Observation {
		d := deployment(counts(3, 3, updated, 3), progressing("DeploymentPaused"))
		d.Spec.Paused = true
		return seen(d)
	}
	const resume = "; the Deployment is paused, go on with: kubectl rollout resume deployment/web -n shop"
	for updated, want := range map[int32]string{
		3: "True Available: 3 of 3 replicas are available" + resume,
		0: "False RollingOut: Rolling out web:1" + resume,
	} {
		got := condition(status.Compute(microservice(), paused(updated), now), v1alpha1.ConditionReady)
		if said := string(got.Status) + " " + got.Reason + ": " + got.Message; said != want {
			t.Errorf("with %d updated Ready is %q, want %q", updated, said, want)
		}
	}
}

func TestComputeCounters(t *testing.T) {
	got := status.Compute(microservice(), seen(deployment(counts(3, 4, 2, 1))), now)
	want := v1alpha1.MicroserviceStatus{
		ObservedGeneration: 4, Replicas: 4, UpdatedReplicas: 2, ReadyReplicas: 1, AvailableReplicas: 1,
		Selector: "apps.microservice.dev/name=web", URL: "http://web.shop.svc:80",
	}
	got.Conditions = nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Compute() but for the conditions (-want +got):\n%s", diff)
	}
}

// An autoscaler's new number is no rollout, also before the Deployment's controller has seen it.
func TestComputeResized(t *testing.T) {
	resized := seen(deployment(counts(8, 3, 3, 3), generationNotObserved))
	rewritten := resized
	rewritten.Rewritten = true
	restarted := seen(deployment(counts(3, 3, 1, 3), generationNotObserved))
	ready := after(microservice(), seen(deployment()))
	for name, tc := range map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want string
	}{
		"by somebody else":             {ready, resized, "Available"},
		"by us":                        {ready, rewritten, "RollingOut"},
		"while it was not rolled out":  {ready, restarted, "RollingOut"},
		"before it was ever available": {microservice(), resized, "RollingOut"},
	} {
		if got := condition(status.Compute(tc.ms, tc.seen, now), v1alpha1.ConditionReady).Reason; got != tc.want {
			t.Errorf("a Deployment that is resized %s: Ready is %s, want %s", name, got, tc.want)
		}
	}
}
