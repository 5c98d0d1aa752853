package faults

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestOperatorAway has the operator away while users do everything that the journey does (F30). Nothing of theirs waits
// for it, and what comes out when it returns is what they last asked for.
func TestOperatorAway(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	s.Operator.Leave()
	done := journey[:len(journey)-1] // of what is deleted before it returns it cannot know the last address
	for _, step := range done {
		if err := step.do(ctx, lab.Kube, s.Namespace); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	s.Operator.Return()
	last := done[len(done)-1]
	if err := s.settle(ctx, &last); err != nil {
		t.Fatal(err)
	}
	live, err := s.History.Live()
	if err != nil {
		t.Fatal(err)
	}
	got := sceneOf(last.name, s.Namespace, live)
	reference := learnt(t)
	for _, path := range differences(got, reference.Scene(last.name)) {
		if !reference.varies[path] && !historical(path) {
			t.Errorf("%s is %s, not %s", path, orNothing(got, path), orNothing(reference.fields, path))
		}
	}
	for _, problem := range s.silence(ctx) {
		t.Error(problem)
	}
}

// historical are fields that tell how often something changed, and so differ when fewer changes lead to the same end.
func historical(path string) bool {
	return strings.HasSuffix(path, ".metadata.generation") || strings.HasSuffix(path, "deployment.kubernetes.io/revision")
}

// TestNamespaceWithoutOperator: a namespace comes, is used, and goes, and no operator is there (F24, F30). No finalizer
// holds it.
func TestNamespaceWithoutOperator(t *testing.T) {
	ctx := t.Context()
	s := open(t)
	if err := journey[0].do(ctx, lab.Kube, s.Namespace); err != nil {
		t.Fatal(err)
	}
	if err := s.settle(ctx, &journey[0]); err != nil {
		t.Fatal(err)
	}
	s.Operator.Leave()
	if err := edit("web", func(spec *v1alpha1.MicroserviceSpec) { spec.Image = "example.com/web:3" })(ctx, lab.Kube, s.Namespace); err != nil {
		t.Fatal(err)
	}
	if err := lab.Kube.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}); err != nil {
		t.Fatal(err)
	}
	for range 600 {
		err := lab.Kube.Get(ctx, types.NamespacedName{Name: s.Namespace}, &corev1.Namespace{})
		if apierrors.IsNotFound(err) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("the namespace does not go")
}
