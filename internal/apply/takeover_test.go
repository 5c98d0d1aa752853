package apply_test

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// withEnv is the Deployment with more variables.
func withEnv(owner client.Object, env ...*corev1ac.EnvVarApplyConfiguration) *appsv1ac.DeploymentApplyConfiguration {
	a := desiredDeployment(owner)
	a.Spec.Template.Spec.Containers[0].WithEnv(env...)
	return a
}

func fromSecret(name string) *corev1ac.EnvVarApplyConfiguration {
	return corev1ac.EnvVar().WithName(name).WithValueFrom(corev1ac.EnvVarSource().
		WithSecretKeyRef(corev1ac.SecretKeySelector().WithName("a").WithKey("b")))
}

// by has a manager lay a strategic-merge patch over the Deployment, and gives what is there then.
func by(t *testing.T, manager string, owner client.Object, patch string) *appsv1.Deployment {
	t.Helper()
	current := read[appsv1.Deployment](t, owner)
	if err := admin.Patch(context.Background(), current, client.RawPatch(types.StrategicMergePatchType, []byte(patch)), client.FieldOwner(manager)); err != nil {
		t.Fatal(err)
	}
	return current
}

func set(env string) string {
	return `{"spec":{"template":{"spec":{"containers":[{"name":"app","env":[` + env + `]}]}}}}`
}

// variables are the names of the application's.
func variables(a *appsv1.Deployment) string {
	var names []string
	for _, v := range a.Spec.Template.Spec.Containers[0].Env {
		names = append(names, v.Name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// failing refuses the patches that match, once each time that it is asked to.
func failing(t *testing.T, refuse func(client.Patch) error) client.Client {
	t.Helper()
	return intercepted(t, interceptor.Funcs{
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			if err := refuse(p); err != nil {
				return err
			}
			return c.Patch(ctx, o, p, opts...)
		},
	})
}

// What is in the way goes, and what the same person added elsewhere stays.
func TestHealingTakesNoMoreThanIsInTheWay(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	requests := 0
	door := newApplier(countingClient(t, &requests))
	applied(t, door, owner)
	current := by(t, "kubectl-set", owner, set(`{"name":"X","value":"1"},{"name":"Y","value":"1"}`))
	requests = 0
	mustSucceed(t, putDeployment(door, owner, withEnv(owner, fromSecret("X")), current))
	// The refusal, a read, the dry run of the intent alone, the take-over, the apply.
	if requests != 5 {
		t.Errorf("healing took %d requests, want 5", requests)
	}
	after := read[appsv1.Deployment](t, owner)
	if got := variables(after); got != "LEVEL X Y" {
		t.Errorf("variables are %q: Y is in nobody's way", got)
	}
	requests = 0
	if changes := putDeployment(door, owner, withEnv(owner, fromSecret("X")), after); len(changes)+requests > 0 {
		t.Errorf("it does not come to rest: %v, %d requests", changes, requests)
	}
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), after))
	if got := variables(read[appsv1.Deployment](t, owner)); got != "LEVEL Y" {
		t.Errorf("variables are %q: X is ours now, and not wanted any more", got)
	}
}

// A spec that is wrong by itself is refused, and costs nobody his additions.
func TestAWrongSpecTakesNothing(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	current := by(t, "kubectl-set", owner, set(`{"name":"X","value":"1"}`))
	changes := putDeployment(door, owner, withEnv(owner, corev1ac.EnvVar().WithName("not=valid").WithValue("")), current)
	var foreign *apply.ForeignFieldError
	if len(changes) != 1 || !apierrors.IsInvalid(changes[0].Err) || errors.As(changes[0].Err, &foreign) {
		t.Errorf("want the server's own refusal, got %v", changes)
	}
	mustSucceed(t, putDeployment(door, owner, withEnv(owner, corev1ac.EnvVar().WithName("VALID").WithValue("")), current))
	if got := variables(read[appsv1.Deployment](t, owner)); got != "LEVEL VALID X" {
		t.Errorf("variables are %q", got)
	}
}

// Where it cannot be taken over, the error names whose it is.
func TestWhatCannotBeHealedNamesTheManager(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "deployments"}, owner.GetName(), errors.New("house rules"))
	door := newApplier(failing(t, func(p client.Patch) error {
		if p.Type() == types.JSONPatchType {
			return forbidden
		}
		return nil
	}))
	applied(t, newApplier(admin), owner)
	current := by(t, "kubectl-set", owner, set(`{"name":"X","value":"1"}`))
	changes := putDeployment(door, owner, withEnv(owner, fromSecret("X")), current)
	var foreign *apply.ForeignFieldError
	if len(changes) != 1 || !errors.As(changes[0].Err, &foreign) || !slices.Equal(foreign.Managers, []string{"kubectl-set"}) || !apierrors.IsForbidden(foreign) {
		t.Errorf("want an error that names kubectl-set and the refusal, got %v", changes)
	}
}

// rollBack does what kubectl rollout undo does: the template and the annotations of an earlier revision are put back.
func rollBack(t *testing.T, owner client.Object, to *appsv1.Deployment) *appsv1.Deployment {
	t.Helper()
	patch, err := json.Marshal([]map[string]any{
		{"op": "replace", "path": "/spec/template", "value": to.Spec.Template},
		{"op": "replace", "path": "/metadata/annotations", "value": to.Annotations},
	})
	if err != nil {
		t.Fatal(err)
	}
	current := read[appsv1.Deployment](t, owner)
	if err := admin.Patch(context.Background(), current, client.RawPatch(types.JSONPatchType, patch), client.FieldOwner("kubectl-rollout")); err != nil {
		t.Fatal(err)
	}
	return current
}

// TestARollBackIsUndoneAsAWhole: a variable and a sidecar that are wanted no more do not come back with it, also where they are
// the only difference. What others added, and the time of a restart, stay.
func TestARollBackIsUndoneAsAWhole(t *testing.T) {
	t.Parallel()
	for name, image := range map[string]string{"another image": "example.com/app:2", "the same image": "example.com/app:1"} {
		for crash, refused := range map[string]error{"": nil, ", the operator dies after it has taken over": errors.New("it died")} {
			t.Run(name+crash, func(t *testing.T) {
				t.Parallel()
				owner := newOwner(t)
				door := newApplier(admin)
				old := withEnv(owner, corev1ac.EnvVar().WithName("OLD").WithValue("1"))
				old.Spec.Template.Spec.WithContainers(corev1ac.Container().WithName("old").WithImage("example.com/old:1"))
				mustSucceed(t, putDeployment(door, owner, old, nil))
				first := read[appsv1.Deployment](t, owner)
				in := desiredDeployment(owner)
				in.Spec.Template.Spec.Containers[0].WithImage(image)
				mustSucceed(t, putDeployment(door, owner, in, first))
				by(t, "reloader", owner, set(`{"name":"RELOADED","value":"1"}`))
				rollBack(t, owner, first)
				by(t, "reloader", owner, set(`{"name":"RELOADED","value":"2"}`))
				current := by(t, "kubectl-rollout", owner, `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}`)

				taken := false
				dying := newApplier(failing(t, func(p client.Patch) error {
					if taken && refused != nil {
						return refused
					}
					taken = taken || p.Type() == types.JSONPatchType
					return nil
				}))
				changes := putDeployment(dying, owner, in, current)
				if refused == nil {
					mustSucceed(t, changes)
				} else {
					mustSucceed(t, putDeployment(newApplier(admin), owner, in, read[appsv1.Deployment](t, owner)))
				}
				after := read[appsv1.Deployment](t, owner)
				spec := after.Spec.Template.Spec
				if got := variables(after); got != "LEVEL RELOADED" || len(spec.Containers) != 1 || spec.Containers[0].Image != image {
					t.Errorf("a mixture of two revisions: variables %q, %d containers, image %s", got, len(spec.Containers), spec.Containers[0].Image)
				}
				if after.Spec.Template.Annotations["kubectl.kubernetes.io/restartedAt"] != "now" {
					t.Error("the time of the restart is gone, which restarts the pods again")
				}
				if !taken {
					t.Error("nothing was taken over")
				}
				if changes := putDeployment(newApplier(admin), owner, in, after); len(changes) > 0 {
					t.Errorf("it does not come to rest: %v", changes)
				}
			})
		}
	}
}

// A field that only drifted costs one write, and no look.
func TestDriftIsNotTakenOver(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	requests := 0
	door := newApplier(countingClient(t, &requests))
	applied(t, door, owner)
	current := by(t, "kubectl-set", owner, `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"example.com/other:1"}]}}}}`)
	requests = 0
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), current))
	if requests != 1 {
		t.Errorf("it took %d requests, want 1", requests)
	}
}
