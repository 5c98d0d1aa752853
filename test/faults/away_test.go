package faults

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestOperatorAway has the operator away while users do everything that the scenario does (F30). Nothing of theirs waits
// for it, and what comes out when it returns is what they last asked for.
func TestOperatorAway(t *testing.T) {
	t.Parallel()
	goal := cachedReference(t).Goal(historical)
	s := open(t)
	s.Operator.Leave()
	done := scenario[:len(scenario)-1] // of what is deleted before it returns it cannot know the last address
	for _, step := range done {
		s.change(t, step.do)
	}
	s.Operator.Return()
	last := done[len(done)-1]
	_, problems := s.reach(t.Context(), &last, goal)
	s.report(t, problems)
	s.assertQuiet(t)
}

// TestNamespaceWithoutOperator: a namespace comes, is used, and goes, and no operator is there (F24, F30). No finalizer
// holds it.
func TestNamespaceWithoutOperator(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	s.take(t, scenario[0])
	s.Operator.Leave()
	s.change(t, edit("web", func(spec *v1alpha1.MicroserviceSpec) { spec.Image = "example.com/web:3" }))
	if err := env.Kube.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: s.Namespace}}); err != nil {
		t.Fatal(err)
	}
	s.until(t, "the namespace goes", func() bool {
		return apierrors.IsNotFound(env.Kube.Get(ctx, types.NamespacedName{Name: s.Namespace}, &corev1.Namespace{}))
	})
}
