package faults

import (
	"context"
	"fmt"
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
	"github.com/microservice-dev/microservice-operator/test/specs"
)

// seeds are walks that found something, and are walked in every run.
var seeds = []int64{}

// TestWalks changes a Microservice at random, field by field (F20, after Acto). What the API server refuses names the field;
// what it takes and the operator cannot use is reported, and is taken back; nothing makes the operator panic; and the end of
// a walk is the same as creating its last spec at once.
func TestWalks(t *testing.T) {
	t.Parallel()
	walks := 8
	if full() {
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
	g, err := specs.New(seed)
	if err != nil {
		t.Fatal(err)
	}
	s, fresh := open(t), open(t)
	spec := map[string]any{"image": "example.com/web:1", "replicas": int64(2)}
	if err := s.put(ctx, spec); err != nil {
		t.Fatal(err)
	}
	var taken, refused, reported []string
	for range 12 {
		next, what := g.Change(spec)
		switch err := s.put(ctx, next); {
		case err == nil:
			s.stop(ctx, t)
			why := s.unusable(t)
			if next["paused"] == true {
				why = "paused: nothing is made of what comes then"
			}
			if why != "" {
				reported = append(reported, what+": "+why)
				if err := s.put(ctx, spec); err != nil { // back again, and it leaves no trace
					t.Fatal(err)
				}
				continue
			}
			spec, taken = next, append(taken, what)
		case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
			refused = append(refused, what)
			if !strings.Contains(err.Error(), "spec.") && !strings.Contains(err.Error(), "unknown field") {
				t.Errorf("%s: the refusal does not name the field: %v", what, err)
			}
		default:
			t.Fatalf("%s: %v", what, err)
		}
	}
	startAtOnce(spec)
	if err := s.put(ctx, spec); err != nil {
		t.Fatal(err)
	}
	if err := fresh.put(ctx, spec); err != nil {
		t.Fatalf("the end of the walk cannot be created: %v\n%s", err, strings.Join(taken, "\n"))
	}
	s.stop(ctx, t)
	fresh.stop(ctx, t)
	if why := fresh.unusable(t); why != "" {
		t.Errorf("the last spec comes to nothing when it is created: %s", why)
	}
	after, atOnce := snapshotOf("end", s.Namespace, s.live(t)), snapshotOf("end", fresh.Namespace, fresh.live(t))
	s.report(t, differencesFrom(after, atOnce, elsewhere(spec["autoscaling"] != nil)))
	s.report(t, s.words())
	fresh.report(t, fresh.words())
	t.Logf("taken:\n%s\nrefused:\n%s\nreported:\n%s", strings.Join(taken, "\n"), strings.Join(refused, "\n"), strings.Join(reported, "\n"))
}

// startAtOnce drops what only a first start waits for: at the end of a walk that was long ago.
func startAtOnce(spec map[string]any) {
	dependencies, _ := spec["dependencies"].([]any)
	for _, d := range dependencies {
		d.(map[string]any)["startPolicy"] = string(v1alpha1.StartImmediate)
	}
}

// put has web be as a spec says, strictly: unknown fields are refused.
func (s *Run) put(ctx context.Context, spec map[string]any) error {
	objects := s.env.Dynamic.Resource(kinds["Microservice"]).Namespace(s.Namespace)
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		live, err := objects.Get(ctx, "web", metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			ms := &unstructured.Unstructured{Object: map[string]any{"spec": spec}}
			ms.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
			ms.SetName("web")
			_, err = objects.Create(ctx, ms, metav1.CreateOptions{FieldValidation: metav1.FieldValidationStrict})
			return err
		}
		if err != nil {
			return err
		}
		live.Object["spec"] = spec
		_, err = objects.Update(ctx, live, metav1.UpdateOptions{FieldValidation: metav1.FieldValidationStrict})
		return err
	})
}

// stop waits until the operator has seen the spec and nothing happens any more.
func (s *Run) stop(ctx context.Context, t *testing.T) {
	t.Helper()
	err := s.awaitQuiet(ctx, 2*time.Second, func() error {
		live, err := s.env.Dynamic.Resource(kinds["Microservice"]).Namespace(s.Namespace).Get(ctx, "web", metav1.GetOptions{})
		if err != nil {
			return err
		}
		observed, _, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
		if observed != live.GetGeneration() {
			return fmt.Errorf("generation %d is not observed, but %d", live.GetGeneration(), observed)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, s.Operator.Transcript())
	}
}

// unusable says why nothing, or not everything, is made of the spec.
func (s *Run) unusable(t *testing.T) string {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	if err := s.env.Kube.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace, Name: "web"}, ms); err != nil {
		t.Fatal(err)
	}
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if slices.Contains([]string{v1alpha1.ReasonInvalidSpec, v1alpha1.ReasonApplyFailed, v1alpha1.ReasonWaitingForDependency}, ready.Reason) {
		return ready.Message
	}
	return ""
}

// elsewhere says which fields need not be equal after a walk and at once.
func elsewhere(autoscaled bool) func(path string) bool {
	return func(path string) bool {
		return strings.HasPrefix(path, "end: Microservice/") || historical(path) ||
			strings.HasSuffix(path, "odePort") || // the server chooses it
			strings.HasSuffix(path, "/previous-ports") || // pods of an earlier step may still run, and at once there are none
			strings.HasSuffix(path, "apps.microservice.dev/applied") || // the owner's UID is in it
			(autoscaled && path == "end: Deployment/web.spec.replicas") // it is the autoscaler's
	}
}
