package apply_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// races is how often each kind is created by somebody else in the moment of our first write.
const races = 1000

func TestNeverAdoptsWhatSomebodyElseCreatesAtTheSameMoment(t *testing.T) {
	t.Parallel()
	t.Run("Deployment", race[appsv1.Deployment])
	t.Run("Service", race[corev1.Service])
	t.Run("ServiceAccount", race[corev1.ServiceAccount])
	t.Run("NetworkPolicy", race[networkingv1.NetworkPolicy])
	t.Run("PodDisruptionBudget", race[policyv1.PodDisruptionBudget])
	t.Run("HorizontalPodAutoscaler", race[autoscalingv2.HorizontalPodAutoscaler])
}

func race[T any, P apply.Object[T]](t *testing.T) {
	kind := kindName[T]()
	owner := newOwner(t)
	var lost, won int
	for i := range races {
		if raceOnce[T, P](t, kind, owner, i%2 == 0) {
			lost++
		} else {
			won++
		}
	}
	t.Logf("%s: the other came first %d times, we %d times", kind, lost, won)
	if lost == 0 || won == 0 {
		t.Errorf("%d and %d wins of %d: that was no race", lost, won, races)
	}
}

// raceOnce lets both create at once, one of them a moment ahead. It reports whether the other came first, and fails if its object was touched, or if we
// did not notice.
func raceOnce[T any, P apply.Object[T]](t *testing.T, kind string, owner *corev1.ConfigMap, weGoFirst bool) bool {
	t.Helper()
	// Every round has an owner of its own name, with a UID as if it were stored.
	owner = owner.DeepCopy()
	owner.Name = newName()
	theirs := foreign[T, P](t, kind, owner)
	door := newApplier(admin)
	b := door.NewBatch(owner, false)

	var theirErr error
	both := []func(){
		func() { theirErr = admin.Create(context.Background(), theirs) },
		func() { apply.Apply[T, P](context.Background(), b, desiredOf(owner)[kind], nil) },
	}
	if weGoFirst {
		slices.Reverse(both)
	}
	var wait sync.WaitGroup
	for _, one := range both {
		wait.Go(one)
	}
	wait.Wait()

	if apierrors.IsAlreadyExists(theirErr) {
		mustSucceed(t, b.Changes())
		if !metav1.IsControlledBy(read[T, P](t, owner), owner) {
			t.Fatalf("%s %s: we came first, but it is not ours", kind, owner.Name)
		}
		return false
	}
	if theirErr != nil {
		t.Fatal(theirErr)
	}
	var conflict *apply.NameConflictError
	if len(b.Changes()) != 1 || !errors.As(b.Changes()[0].Err, &conflict) {
		t.Fatalf("%s %s: the other came first and we saw %v", kind, owner.Name, b.Changes())
	}
	if diff := cmp.Diff(theirs, read[T, P](t, owner)); diff != "" {
		t.Fatalf("%s %s was touched (-theirs +now):\n%s", kind, owner.Name, diff)
	}
	return true
}

func TestLeavesAForeignObjectAlone(t *testing.T) {
	t.Parallel()
	other := newOwner(t)
	cases := map[string]struct {
		references     []metav1.OwnerReference
		wantController string
	}{
		"that nobody controls": {},
		"that another object controls": {
			references:     []metav1.OwnerReference{*metav1.NewControllerRef(other, corev1.SchemeGroupVersion.WithKind("ConfigMap"))},
			wantController: "ConfigMap " + other.Name,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			owner := newOwner(t)
			theirs := foreign[appsv1.Deployment](t, "Deployment", owner)
			theirs.OwnerReferences = tc.references
			if err := admin.Create(context.Background(), theirs); err != nil {
				t.Fatal(err)
			}
			for _, cached := range []*appsv1.Deployment{nil, theirs} {
				changes := putDeployment(newApplier(admin), owner, desiredDeployment(owner), cached)
				var conflict *apply.NameConflictError
				if len(changes) != 1 || !errors.As(changes[0].Err, &conflict) || conflict.Controller != tc.wantController {
					t.Errorf("changes = %v, want one NameConflictError with controller %q", changes, tc.wantController)
				}
			}
			b := newApplier(admin).NewBatch(owner, false)
			apply.Delete(context.Background(), b, theirs)
			if len(b.Changes()) != 0 {
				t.Errorf("Remove made changes: %v", b.Changes())
			}
			if diff := cmp.Diff(theirs, read[appsv1.Deployment](t, owner)); diff != "" {
				t.Errorf("it was touched (-before +now):\n%s", diff)
			}
		})
	}
}

func TestWaitsForTheChildOfADeletedOwnerOfTheSameName(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	mustSucceed(t, putDeployment(newApplier(admin), owner, desiredDeployment(owner), nil))
	again := owner.DeepCopy()
	again.UID = "another"
	changes := putDeployment(newApplier(admin), again, desiredDeployment(again), nil)
	var going *apply.FormerOwnerError
	if len(changes) != 1 || !errors.As(changes[0].Err, &going) {
		t.Errorf("changes = %v, want one GoingAwayError", changes)
	}
}

func TestDoesNotTouchAnObjectThatReplacedOurs(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	stale := read[appsv1.Deployment](t, owner)
	if err := admin.Delete(context.Background(), read[appsv1.Deployment](t, owner)); err != nil {
		t.Fatal(err)
	}
	theirs := foreign[appsv1.Deployment](t, "Deployment", owner)
	if err := admin.Create(context.Background(), theirs); err != nil {
		t.Fatal(err)
	}
	desired := desiredDeployment(owner).WithAnnotations(map[string]string{"new": "value"})
	changes := putDeployment(door, owner, desired, stale)
	var conflict *apply.NameConflictError
	if len(changes) != 1 || !errors.As(changes[0].Err, &conflict) {
		t.Errorf("changes = %v, want one NameConflictError", changes)
	}
	b := door.NewBatch(owner, false)
	apply.Delete(context.Background(), b, stale)
	if diff := cmp.Diff(theirs, read[appsv1.Deployment](t, owner)); diff != "" {
		t.Errorf("it was touched (-before +now):\n%s", diff)
	}
}

// isForeign is a valid object of somebody else, under the name of our child.
func foreign[T any, P apply.Object[T]](t testing.TB, kind string, owner client.Object) P {
	t.Helper()
	theirs := P(new(T))
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(desiredOf(owner)[kind])
	if err != nil {
		t.Fatal(err)
	}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(raw, theirs); err != nil {
		t.Fatal(err)
	}
	theirs.SetOwnerReferences(nil)
	theirs.SetLabels(map[string]string{"belongs-to": "somebody-else"})
	return theirs
}
