package status_test

import (
	"math/rand"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// Microservices live through random observations, each with the status of the one before. Whatever comes, these hold.
func TestComputeProperties(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	met := map[string]int{}
	for range 1_000 {
		ms := randomMicroservice(random)
		for range 10 {
			if random.Intn(4) == 0 {
				ms.Generation++
			}
			o := randomObservation(random)
			before := ms.DeepCopy()
			next := status.Compute(ms, o, now)
			if diff := cmp.Diff(before, ms); diff != "" {
				t.Fatalf("Compute changed the Microservice (-before +after):\n%s", diff)
			}
			if said := violated(ms, o, next); said != "" {
				t.Fatalf("%s\nspec: %+v\nobservation: %+v\nstatus: %+v", said, ms.Spec, o, next)
			}
			ms.Status = next
			again := status.Compute(ms, o, metav1.NewTime(now.AddDate(0, 0, 1)))
			if got := status.Compare(&next, &again); got != status.Same {
				t.Fatalf("the same observation is a change (%d) the second time (-first +second):\n%s", got, cmp.Diff(next, again))
			}
			met[condition(next, v1alpha1.ConditionReady).Reason]++
		}
	}
	for _, reason := range []string{
		"Available", "Parked", "RollingOut", "Unavailable", "ApplyFailed", "InvalidSpec", "ProgressDeadlineExceeded", "Paused", "WaitingForDependency",
	} {
		if met[reason] < 50 {
			t.Errorf("only %d of the random observations are %s", met[reason], reason)
		}
	}
}

var reasonForm = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$`)

// violated names the first property that does not hold.
func violated(ms *v1alpha1.Microservice, o status.Observation, s v1alpha1.MicroserviceStatus) string {
	is := func(kind string) bool { return meta.IsStatusConditionTrue(s.Conditions, kind) }
	has := func(kind string) bool { return meta.FindStatusCondition(s.Conditions, kind) != nil }
	ready := condition(s, v1alpha1.ConditionReady)
	seenTypes := map[string]bool{}
	for _, c := range s.Conditions {
		switch {
		case seenTypes[c.Type]:
			return c.Type + " is there twice"
		case c.ObservedGeneration != ms.Generation:
			return c.Type + " speaks of another generation"
		case !reasonForm.MatchString(c.Reason) || c.Message == "" || c.LastTransitionTime.IsZero():
			return c.Type + " is not complete"
		}
		seenTypes[c.Type] = true
	}
	d := o.Deployment
	switch {
	case !has(v1alpha1.ConditionReady) || !has(v1alpha1.ConditionAvailable) || !has(v1alpha1.ConditionDependenciesReady):
		return "a condition that is always there is not"
	case has(v1alpha1.ConditionAutoscaling) != ms.Spec.Autoscaled():
		return "Autoscaling is there without autoscaling, or the other way round"
	case is(v1alpha1.ConditionReconciling) && is(v1alpha1.ConditionStalled):
		return "Reconciling and Stalled are True together"
	case has(v1alpha1.ConditionReconciling) != is(v1alpha1.ConditionReconciling),
		has(v1alpha1.ConditionStalled) != is(v1alpha1.ConditionStalled):
		return "an abnormal condition is there and not True"
	case (ready.Status == metav1.ConditionFalse) != (is(v1alpha1.ConditionReconciling) || is(v1alpha1.ConditionStalled)):
		return "Ready=False does not go with Reconciling or Stalled"
	case ready.Status == metav1.ConditionUnknown && len(o.Pending) == 0:
		return "Ready is Unknown, and nothing is pending"
	case len(o.Awaited) > 0 && condition(s, v1alpha1.ConditionAvailable).Reason != v1alpha1.ReasonWaitingForDependency && !ms.Spec.Parked():
		return "a first start waits, and Available does not say so"
	case ready.Status != metav1.ConditionTrue:
		return ""
	case o.Problem != nil || len(o.Pending) > 0 || !o.Applied || d == nil:
		return "Ready=True, and not everything is written"
	case d.Status.ObservedGeneration < d.Generation && (o.Rewritten || !wasReady(ms)):
		return "Ready=True, and the Deployment has not observed its generation"
	case d.Status.UpdatedReplicas != d.Status.Replicas:
		return "Ready=True, and a replica has an old template"
	case !is(v1alpha1.ConditionAvailable):
		return "Ready=True, and Available is not"
	}
	return ""
}

// wasReady says that this generation was rolled out before.
func wasReady(ms *v1alpha1.Microservice) bool {
	before := condition(ms.Status, v1alpha1.ConditionReady)
	return before.ObservedGeneration == ms.Generation && (before.Status == metav1.ConditionTrue || before.Reason == v1alpha1.ReasonUnavailable)
}

func randomMicroservice(random *rand.Rand) *v1alpha1.Microservice {
	ms := microservice(func(ms *v1alpha1.Microservice) {
		if random.Intn(3) == 0 {
			autoscaled(ms)
			ms.Spec.Autoscaling.MaxReplicas = random.Int31n(5) + 1
			if random.Intn(2) == 0 {
				scaledExternally(max(random.Int31n(5)-2, 0))(ms)
			}
		} else {
			ms.Spec.Replicas = []*int32{nil, new(int32(0)), new(int32(1)), new(int32(2)), new(int32(5))}[random.Intn(5)]
		}
		maxUnavailable := []*intstr.IntOrString{nil, new(intstr.FromInt32(2)), new(intstr.FromString("50%"))}[random.Intn(3)]
		ms.Spec.Rollout = &v1alpha1.Rollout{MaxUnavailable: maxUnavailable}
	})
	if random.Intn(5) > 0 {
		return after(ms, seen(deployment(counts(9, 9, 9, 9))))
	}
	return ms
}

func randomObservation(random *rand.Rand) status.Observation {
	o := status.Observation{Applied: random.Intn(8) > 0, Rewritten: random.Intn(4) == 0}
	if random.Intn(10) > 0 {
		there := random.Int31n(5)
		o.Deployment = deployment(
			counts(random.Int31n(5), there, there-random.Int31n(there+1)/2, random.Int31n(there+1)),
			progressing([]string{"NewReplicaSetAvailable", "NewReplicaSetAvailable", "ReplicaSetUpdated", "ProgressDeadlineExceeded"}[random.Intn(4)]),
			func(d *appsv1.Deployment) { d.Status.ObservedGeneration -= int64(random.Intn(3) / 2) })
	}
	if o.Deployment == nil && random.Intn(2) == 0 {
		o.Awaited = []v1alpha1.DependencyStatus{{Name: "payments", State: v1alpha1.DependencyNotFound, Message: "There is none"}}
	}
	switch random.Intn(10) {
	case 0:
		o.Problem = &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: "spec.image", Stalled: true}
	case 1:
		o.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: "quota"}
	case 2:
		o.Pending = []string{"update Deployment"}
	}
	return o
}
