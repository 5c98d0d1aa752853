package faults

import (
	"slices"
	"testing"
	"time"

	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestRightsRevoked takes the right to write one kind from the manager while it runs, and gives it back (F25). The other
// children are written meanwhile, the status says what is missing, and no restart is needed.
func TestRightsRevoked(t *testing.T) {
	t.Parallel()
	own := ownEnv(t)
	ctx := t.Context()
	s := own.openFor(t, Options{})
	s.take(t, scenario[0])
	own.grant(t, "poddisruptionbudgets", func(verbs []string) []string {
		return slices.DeleteFunc(verbs, func(verb string) bool { return verb == "patch" })
	})
	time.Sleep(time.Second) // the authorizer hears of it
	s.change(t, edit("web", func(spec *v1alpha1.MicroserviceSpec) {
		spec.Image = "example.com/web:2"
		spec.DisruptionBudget = &v1alpha1.DisruptionBudget{MaxUnavailable: new(intstr.FromInt32(2))}
	}))
	if err := s.eventuallyReady(ctx, "web", v1alpha1.ReasonApplyFailed); err != nil {
		t.Fatalf("the status does not say that a right is missing: %v", err)
	}
	if image := imageOf(s.live(t)["Deployment/web"]); image != "example.com/web:2" {
		t.Errorf("the Deployment waits for the PodDisruptionBudget: its image is %v", image)
	}
	if n := busiest(s.Proxy.Sent(writes)); n > 20 {
		t.Errorf("%d writes in one second: it runs hot", n)
	}
	own.grant(t, "poddisruptionbudgets", func(verbs []string) []string { return append(verbs, "patch") })
	s.arrive(t, &step{name: "the right is back"})
	pdb := &policyv1.PodDisruptionBudget{}
	if err := own.Kube.Get(ctx, types.NamespacedName{Namespace: s.Namespace, Name: "web"}, pdb); err != nil || pdb.Spec.MaxUnavailable.IntValue() != 2 {
		t.Errorf("the PodDisruptionBudget is %+v: %v", pdb.Spec, err)
	}
	if s.Operator.Starts() != 1 {
		t.Errorf("the manager was started %d times", s.Operator.Starts())
	}
}

// grant changes the verbs that the manager has on a resource.
func (l *Env) grant(t *testing.T, resource string, change func([]string) []string) {
	t.Helper()
	role := &rbacv1.ClusterRole{}
	if err := l.Kube.Get(t.Context(), types.NamespacedName{Name: "manager-role"}, role); err != nil {
		t.Fatal(err)
	}
	for i := range role.Rules {
		if slices.Contains(role.Rules[i].Resources, resource) {
			role.Rules[i].Verbs = change(role.Rules[i].Verbs)
		}
	}
	if err := l.Kube.Update(t.Context(), role); err != nil {
		t.Fatal(err)
	}
}
