package faults

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// seeds are walks that found something, and are walked in every run.
var seeds = []int64{}

// TestWalks changes a Microservice at random, field by field (F20, after Acto). What the API server refuses names the
// field and leaves no trace; what it takes never makes the operator panic; and the end of a walk is the same as creating
// its last spec at once.
func TestWalks(t *testing.T) {
	walks := 16
	if os.Getenv("FAULTS") == "full" {
		walks = 200
	}
	all := append([]int64{}, seeds...)
	for i := range walks {
		all = append(all, int64(i))
	}
	for _, seed := range all {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			walk(t, seed)
		})
	}
}

func walk(t *testing.T, seed int64) {
	t.Helper()
	ctx := t.Context()
	g, err := NewGenerator(seed)
	if err != nil {
		t.Fatal(err)
	}
	s, fresh := open(t), open(t)
	spec := map[string]any{"image": "example.com/web:1", "replicas": int64(2)}
	if err := s.put(ctx, spec); err != nil {
		t.Fatal(err)
	}
	var taken, refused []string
	for range 12 {
		next, what := g.Change(spec)
		switch err := s.put(ctx, next); {
		case err == nil:
			spec, taken = next, append(taken, what)
			if g.random.Intn(2) == 0 {
				s.rest(ctx, t)
			}
		case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
			refused = append(refused, what)
			if !strings.Contains(err.Error(), "spec.") && !strings.Contains(err.Error(), "unknown field") {
				t.Errorf("%s: the refusal does not name the field: %v", what, err)
			}
		default:
			t.Fatalf("%s: %v", what, err)
		}
	}
	delete(spec, "paused") // nothing is made of what is paused
	if err := s.put(ctx, spec); err != nil {
		t.Fatal(err)
	}
	if err := fresh.put(ctx, spec); err != nil {
		t.Fatalf("the end of the walk cannot be created: %v\n%s", err, strings.Join(taken, "\n"))
	}
	s.rest(ctx, t)
	fresh.rest(ctx, t)
	if why := fresh.unusable(t); why != "" {
		t.Logf("the last spec comes to nothing, so that there is nothing to compare: %s", why)
	} else {
		compareChildren(t, s.scene(t), fresh.scene(t), spec["autoscaling"] != nil)
	}
	for _, problem := range append(s.words(), fresh.words()...) {
		t.Error(problem)
	}
	t.Logf("taken:\n%s\nrefused:\n%s", strings.Join(taken, "\n"), strings.Join(refused, "\n"))
}

// put has web be as a spec says, strictly: unknown fields are refused.
func (s *Subject) put(ctx context.Context, spec map[string]any) error {
	objects := s.lab.Dynamic.Resource(kinds["Microservice"]).Namespace(s.Namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := objects.Get(ctx, "web", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			ms := &unstructured.Unstructured{Object: map[string]any{"spec": clone(spec)}}
			ms.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
			ms.SetName("web")
			_, err = objects.Create(ctx, ms, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
			return err
		}
		if err != nil {
			return err
		}
		live.Object["spec"] = clone(spec)
		_, err = objects.Update(ctx, live, metav1.UpdateOptions{FieldValidation: metav1.FieldValidationStrict})
		return err
	})
}

// rest waits until the operator has seen the spec and nothing happens any more.
func (s *Subject) rest(ctx context.Context, t *testing.T) {
	t.Helper()
	deadline := time.Now().Add(stepTimeout)
	for {
		live, err := s.lab.Dynamic.Resource(kinds["Microservice"]).Namespace(s.Namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		if observed == live.GetGeneration() && s.History.Quiet() > 2*time.Second && s.quiet() > 2*time.Second {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("generation %d is not at rest: %d is observed\n%s", live.GetGeneration(), observed, s.Operator.Transcript())
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// unusable says why nothing, or not everything, is made of the spec.
func (s *Subject) unusable(t *testing.T) string {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	if err := s.lab.Kube.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace, Name: "web"}, ms); err != nil {
		t.Fatal(err)
	}
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if slices.Contains([]string{v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonApplyFailed, v1alpha1.ReasonWaitingForDependency}, ready.Reason) {
		return ready.Message
	}
	return ""
}

func compareChildren(t *testing.T, got, want Scene, autoscaled bool) {
	t.Helper()
	for _, path := range differences(got, want) {
		switch {
		case strings.HasPrefix(path, "end: Microservice/"), historical(path):
		case strings.HasSuffix(path, "odePort"): // the server chooses it
		case autoscaled && path == "end: Deployment/web.spec.replicas": // it is the autoscaler's
		default:
			t.Errorf("O1: %s is %s after a walk, and %s at once", path, orNothing(got, path), orNothing(want, path))
		}
	}
}

func (s *Subject) scene(t *testing.T) Scene {
	t.Helper()
	live, err := s.History.Live()
	if err != nil {
		t.Fatal(err)
	}
	return sceneOf("end", s.Namespace, live)
}
