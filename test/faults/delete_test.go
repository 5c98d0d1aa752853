package faults

import (
	"errors"
	"fmt"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// TestDeletedInTheMiddle deletes a Microservice between any two writes of its creation, in each way that Kubernetes knows,
// and in one more makes it anew at once (F16). Nothing is left over, nothing is made after it is gone, and the new one
// does not take the old one's children.
func TestDeletedInTheMiddle(t *testing.T) {
	t.Parallel()
	const creations = 6
	ways := map[string]metav1.DeletionPropagation{
		"background": metav1.DeletePropagationBackground, "foreground": metav1.DeletePropagationForeground, "orphan": metav1.DeletePropagationOrphan,
	}
	for way, propagation := range ways {
		for before := range creations {
			for _, anew := range []bool{false, true} {
				if anew && way == "orphan" {
					continue // who leaves the children there has made the name taken
				}
				t.Run(fmt.Sprintf("%s, before write %d, anew %v", way, before, anew), func(t *testing.T) {
					t.Parallel()
					deletedInTheMiddle(t, propagation, before, anew)
				})
			}
		}
	}
}

func deletedInTheMiddle(t *testing.T, propagation metav1.DeletionPropagation, before int, anew bool) {
	t.Helper()
	ctx := t.Context()
	s := open(t)
	ms := MakeMicroservice(s.Namespace, "web")
	ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(smallest)), MaxReplicas: 3}
	again := ms.DeepCopy()
	done := make(chan struct{})
	s.Proxy.Inject(func(r cluster.Request) bool { return r.Writes() }, before, 1, func(*Exchange) {
		defer close(done)
		deleted := ms.DeepCopy()
		if err := env.Kube.Delete(ctx, deleted, client.PropagationPolicy(propagation)); err != nil {
			t.Error(err)
		}
		if anew { // foreground takes the children first
			err := cluster.Eventually(ctx, 5*time.Second, func() error {
				if err := env.Kube.Get(ctx, client.ObjectKeyFromObject(ms), deleted); !apierrors.IsNotFound(err) {
					return errors.New("it is still there")
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			if err := env.Kube.Create(ctx, again); err != nil {
				t.Error(err)
			}
		}
	})
	if err := env.Kube.Create(ctx, ms); err != nil {
		t.Fatal(err)
	}
	select {
	case <-done:
	case <-time.After(stepTimeout):
		t.Fatal("the write before which it should be deleted was never sent")
	}
	s.arrive(t, &step{name: "delete, and perhaps create"})
	// The collector takes its time, and numbers that move are written when they have stood still for 3 s.
	if err := s.awaitQuiet(ctx, 4*time.Second, func() error { return s.leftOver(again, anew) }); err != nil {
		s.report(t, []string{err.Error()})
	}
	s.assertQuiet(t)
}

// leftOver is what is there and should not be: what still says that the deleted one controls it. Of orphans nobody does.
func (s *Run) leftOver(again *v1alpha1.Microservice, anew bool) error {
	live, err := s.History.Live()
	if err != nil {
		return err
	}
	var problems []error
	children := 0
	for key, o := range live {
		owner := metav1.GetControllerOf(o)
		if owner == nil || owner.Kind != "Microservice" {
			continue
		}
		children++
		if !anew || owner.UID != again.UID {
			problems = append(problems, fmt.Errorf("O2: %s is left over", key))
		}
	}
	if anew && children != len(childKinds) {
		problems = append(problems, fmt.Errorf("O1: the new one has %d children, not %d", children, len(childKinds)))
	}
	return errors.Join(problems...)
}
