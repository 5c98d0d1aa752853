package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// operations are those by which the applier owns fields of an object, in the server's order.
func operations(o client.Object) []metav1.ManagedFieldsOperationType {
	var all []metav1.ManagedFieldsOperationType
	for _, e := range o.GetManagedFields() {
		if e.Manager == "door" {
			all = append(all, e.Operation)
		}
	}
	return all
}

// TestTheFirstChangeMakesAnApplier has a Deployment created, and changed twice: one request more the first time, and then what is
// dropped goes, whoever has applied something before.
func TestTheFirstChangeMakesAnApplier(t *testing.T) {
	t.Parallel()
	for _, others := range []string{"", "patches", "applies"} {
		t.Run("somebody "+others, func(t *testing.T) {
			t.Parallel()
			owner := newOwner(t)
			requests := 0
			door := newApplier(countingClient(t, &requests))
			put := func(what string, want int, env ...*corev1ac.EnvVarApplyConfiguration) *appsv1.Deployment {
				t.Helper()
				current := read[appsv1.Deployment](t, owner)
				requests = 0
				mustSucceed(t, putDeployment(door, owner, withEnv(owner, env...), current))
				if requests != want {
					t.Errorf("%s: %d requests, want %d", what, requests, want)
				}
				return read[appsv1.Deployment](t, owner)
			}
			variable := func(name string) *corev1ac.EnvVarApplyConfiguration {
				return corev1ac.EnvVar().WithName(name).WithValue("x")
			}
			born := put("created", 1, variable("A"), variable("B"))
			if got := operations(born); !slices.Equal(got, []metav1.ManagedFieldsOperationType{metav1.ManagedFieldsOperationUpdate}) {
				t.Errorf("the fields are ours by %v", got)
			}
			kept := "A LEVEL"
			switch others {
			case "patches":
				by(t, "kubectl-set", owner, set(`{"name":"THEIRS","value":"1"}`))
				kept = "A LEVEL THEIRS"
			case "applies":
				mustDo(t, admin.Apply(context.Background(), client.ApplyConfigurationFromUnstructured(theirAnnotation(owner)), client.FieldOwner("argocd")))
			}
			after := put("the first change", 2, variable("A"))
			if got := operations(after); !slices.Equal(got, []metav1.ManagedFieldsOperationType{metav1.ManagedFieldsOperationApply}) {
				t.Errorf("after the first change the fields are ours by %v", got)
			}
			if got := variables(after); got != kept {
				t.Errorf("variables are %q, want %q", got, kept)
			}
			put("the second change", 1, variable("A"), variable("C"))
			put("in place", 0, variable("A"), variable("C"))
		})
	}
}

// Where the entry has moved since the cache had it, the object is read.
func TestTheFirstChangeFindsAnEntryThatMoved(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	requests := 0
	door := newApplier(countingClient(t, &requests))
	mustSucceed(t, putDeployment(door, owner, withEnv(owner, corev1ac.EnvVar().WithName("A").WithValue("x")), nil))
	cached := read[appsv1.Deployment](t, owner)
	mustDo(t, admin.Apply(context.Background(), client.ApplyConfigurationFromUnstructured(theirAnnotation(owner)), client.FieldOwner("argocd")))
	requests = 0
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), cached))
	after := read[appsv1.Deployment](t, owner)
	if got := variables(after); got != "LEVEL" || after.Annotations["theirs"] != "1" || requests != 4 {
		t.Errorf("variables are %q, annotations %v, after %d requests", got, after.Annotations, requests)
	}
}

// Where the cache shows somebody's leftovers that are gone by now, what is ours since the POST becomes an applier's all the same.
func TestTheFirstChangeFindsNoLeftoversAnyMore(t *testing.T) {
	t.Parallel()
	ctx, owner := context.Background(), newOwner(t)
	mustSucceed(t, putDeployment(newApplier(admin), owner, withEnv(owner, corev1ac.EnvVar().WithName("A").WithValue("x")), nil))
	born := read[appsv1.Deployment](t, owner)
	cached := by(t, "kubectl-edit", owner, `{"metadata":{"annotations":{"`+annotation+`":"old"}},"spec":{"template":{"spec":{"containers":[{"name":"app","env":[{"name":"THEIRS","value":"1"}]}]}}}}`)
	for _, body := range []any{
		[]map[string]any{{"op": "replace", "path": "/spec", "value": born.Spec}, {"op": "replace", "path": "/metadata/annotations", "value": born.Annotations}},
		[]map[string]any{{"op": "replace", "path": "/metadata/managedFields", "value": born.ManagedFields}},
	} {
		raw, err := json.Marshal(body)
		mustDo(t, err)
		mustDo(t, admin.Patch(ctx, read[appsv1.Deployment](t, owner), client.RawPatch("application/json-patch+json", raw), client.FieldOwner("kubectl-edit")))
	}
	mustSucceed(t, putDeployment(newApplier(admin), owner, desiredDeployment(owner), cached))
	after := read[appsv1.Deployment](t, owner)
	if got := variables(after); got != "LEVEL" || !slices.Equal(operations(after), []metav1.ManagedFieldsOperationType{metav1.ManagedFieldsOperationApply}) {
		t.Errorf("variables are %q, ours by %v", got, operations(after))
	}
}

func theirAnnotation(owner client.Object) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"annotations": map[string]any{"theirs": "1"}}}}
	o.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("Deployment"))
	o.SetNamespace(owner.GetNamespace())
	o.SetName(owner.GetName())
	return o
}

// A POST owns no empty value. What is asked for is ours all the same, and restored.
func TestEmptyValuesAreOurs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		value, other string
		ask          func(*corev1ac.PodSpecApplyConfiguration)
		got          func(*corev1.PodSpec) string
		requests     int
	}{
		"a string is applied": {
			other: app(`"env":[{"name":"EMPTY","value":"1"}]`),
			ask: func(s *corev1ac.PodSpecApplyConfiguration) {
				s.Containers[0].WithEnv(corev1ac.EnvVar().WithName("EMPTY").WithValue(""))
			},
			got:      func(s *corev1.PodSpec) string { return s.Containers[0].Env[1].Value },
			requests: 1,
		},
		"anything else is applied after the POST": {
			value: "false", other: pod(`{"hostIPC":true}`),
			ask:      func(s *corev1ac.PodSpecApplyConfiguration) { s.WithHostIPC(false) },
			got:      func(s *corev1.PodSpec) string { return fmt.Sprint(s.HostIPC) },
			requests: 3,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			owner := newOwner(t)
			requests := 0
			desired := desiredDeployment(owner)
			tc.ask(desired.Spec.Template.Spec)
			mustSucceed(t, putDeployment(newApplier(countingClient(t, &requests)), owner, desired, nil))
			if requests != tc.requests {
				t.Errorf("creating took %d requests, want %d", requests, tc.requests)
			}
			if changes := putDeployment(newApplier(admin), owner, desired, read[appsv1.Deployment](t, owner)); len(changes) > 0 {
				t.Errorf("it is not in place: %v", changes)
			}
			current := by(t, "kubectl-patch", owner, tc.other)
			mustSucceed(t, putDeployment(newApplier(admin), owner, desired, current))
			if got := tc.got(&read[appsv1.Deployment](t, owner).Spec.Template.Spec); got != tc.value {
				t.Errorf("it is %q", got)
			}
		})
	}
}

// What the server allocates or fills in stays through the first change: it was never ours.
func TestTheFirstChangeKeepsWhatTheServerFilledIn(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	desired := func(labels map[string]string) any {
		return corev1ac.Service(owner.GetName(), owner.GetNamespace()).WithOwnerReferences(ownerReference(owner)).WithLabels(labels).
			WithSpec(corev1ac.ServiceSpec().WithType(corev1.ServiceTypeLoadBalancer).WithSelector(map[string]string{"app": "x"}).
				WithPorts(corev1ac.ServicePort().WithName("http").WithPort(80).WithProtocol(corev1.ProtocolTCP)))
	}
	door := newApplier(admin)
	mustSucceed(t, put[corev1.Service](t, door, owner, desired(map[string]string{"a": "1", "b": "1"})))
	born := read[corev1.Service](t, owner)
	mustSucceed(t, put[corev1.Service](t, door, owner, desired(map[string]string{"a": "1"})))
	after := read[corev1.Service](t, owner)
	if len(after.Labels) != 1 || operations(after)[0] != metav1.ManagedFieldsOperationApply {
		t.Errorf("labels are %v, ours by %v", after.Labels, operations(after))
	}
	if diff := cmp.Diff(born.Spec, after.Spec); diff != "" {
		t.Errorf("the spec changed (-was +is):\n%s", diff)
	}

	desiredPods := func(labels map[string]string) any { return desiredDeployment(owner).WithLabels(labels) }
	mustSucceed(t, put[appsv1.Deployment](t, door, owner, desiredPods(map[string]string{"a": "1"})))
	was := read[appsv1.Deployment](t, owner).Spec
	mustSucceed(t, put[appsv1.Deployment](t, door, owner, desiredPods(map[string]string{"b": "1"})))
	if diff := cmp.Diff(was, read[appsv1.Deployment](t, owner).Spec); diff != "" {
		t.Errorf("the spec changed (-was +is):\n%s", diff)
	}
}

// Of a list or map that lost all that was ours only the hull is left: it does not look like one that is owned as a whole.
func TestAListThatLostAllThatWasOursIsRestored(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	desired := corev1ac.ServiceAccount(owner.GetName(), owner.GetNamespace()).WithOwnerReferences(ownerReference(owner)).
		WithLabels(map[string]string{"ours": "1"}).WithImagePullSecrets(corev1ac.LocalObjectReference().WithName("ours"))
	for _, patch := range []string{`{"metadata":{"labels":{"ours":null,"theirs":"1"}}}`, `{"imagePullSecrets":[{"name":"theirs"}]}`} {
		mustSucceed(t, put[corev1.ServiceAccount](t, newApplier(admin), owner, desired))
		born := read[corev1.ServiceAccount](t, owner)
		mustDo(t, admin.Patch(context.Background(), born, client.RawPatch("application/merge-patch+json", []byte(patch)), client.FieldOwner("somebody")))
		if changes := put[corev1.ServiceAccount](t, newApplier(admin), owner, desired); len(changes) != 1 || changes[0].Err != nil {
			t.Errorf("after %s: %v, want one change", patch, changes)
		}
		after := read[corev1.ServiceAccount](t, owner)
		if after.Labels["ours"] != "1" || !slices.Contains(after.ImagePullSecrets, corev1.LocalObjectReference{Name: "ours"}) {
			t.Errorf("after %s: labels %v, secrets %v", patch, after.Labels, after.ImagePullSecrets)
		}
		mustDo(t, admin.Delete(context.Background(), after))
	}
}

// Of an object that lost all its parts an empty one may be left, without another owner.
func TestAnObjectThatLostAllThatWasOursIsRestored(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	desired := desiredDeployment(owner)
	desired.Spec.Template.Spec.Containers[0].WithSecurityContext(corev1ac.SecurityContext().WithAllowPrivilegeEscalation(false))
	mustSucceed(t, putDeployment(newApplier(admin), owner, desired, nil))
	before := read[appsv1.Deployment](t, owner)
	after := before.DeepCopy()
	after.Spec.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{}
	mustDo(t, admin.Update(context.Background(), after, client.FieldOwner("somebody")))
	mustSucceed(t, putDeployment(newApplier(admin), owner, desired, read[appsv1.Deployment](t, owner)))
	if c := read[appsv1.Deployment](t, owner).Spec.Template.Spec.Containers[0].SecurityContext; c == nil || c.AllowPrivilegeEscalation == nil {
		t.Errorf("the security context is %+v", c)
	}
}

// An edition that knows no POST takes its turn: it applies what was born by one, and what is dropped later goes all the same.
func TestAnEarlierEditionAppliesWhatWasBornByAPOST(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	born := withEnv(owner, corev1ac.EnvVar().WithName("A").WithValue("x"), corev1ac.EnvVar().WithName("B").WithValue("x"))
	mustSucceed(t, putDeployment(newApplier(admin), owner, born, nil))
	mustDo(t, admin.Apply(context.Background(), born, client.FieldOwner("door"), client.ForceOwnership))
	current := read[appsv1.Deployment](t, owner)
	if got := len(operations(current)); got != 2 {
		t.Fatalf("%d entries, want both", got)
	}
	mustSucceed(t, putDeployment(newApplier(admin), owner, withEnv(owner, corev1ac.EnvVar().WithName("A").WithValue("x")), current))
	after := read[appsv1.Deployment](t, owner)
	if got := variables(after); got != "A LEVEL" || len(operations(after)) != 1 {
		t.Errorf("variables are %q, ours by %v", got, operations(after))
	}
}
