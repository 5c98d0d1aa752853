package apply_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

// intercepted is an administrator's client whose requests pass through funcs.
func intercepted(t testing.TB, funcs interceptor.Funcs) client.Client {
	t.Helper()
	base, err := client.NewWithWatch(kube.Config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	return interceptor.NewClient(base, funcs)
}

// countingClient counts every request but reads that a test makes itself.
func countingClient(t testing.TB, requests *int) client.Client {
	t.Helper()
	return intercepted(t, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			*requests++
			return c.Create(ctx, o, opts...)
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, opts ...client.PatchOption) error {
			*requests++
			return c.Patch(ctx, o, p, opts...)
		},
		Get: func(ctx context.Context, c client.WithWatch, k client.ObjectKey, o client.Object, opts ...client.GetOption) error {
			*requests++
			return c.Get(ctx, k, o, opts...)
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.DeleteOption) error {
			*requests++
			return c.Delete(ctx, o, opts...)
		},
	})
}

func TestSendsNothingForWhatIsInPlace(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	requests := 0
	door := newApplier(countingClient(t, &requests))
	in := desiredOf(owner)["Deployment"]

	mustSucceed(t, putDeployment(door, owner, in, nil))
	if requests != 1 {
		t.Errorf("creating took %d requests, want 1", requests)
	}
	current := read[appsv1.Deployment](t, owner)
	for what, door := range map[string]*struct{ requests int }{"the same process": {}, "a new process": {}} {
		a := newApplier(countingClient(t, &door.requests))
		if changes := putDeployment(a, owner, in, current); len(changes)+door.requests != 0 {
			t.Errorf("%s: %d changes, %d requests, want none", what, len(changes), door.requests)
		}
	}
	if changes := putDeployment(door, owner, in, current); len(changes) != 0 || requests != 1 {
		t.Errorf("the same process: changes %v, %d requests, want none more", changes, requests-1)
	}
}

func TestLeavesForeignAdditionsAlone(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	in := desiredOf(owner)["Deployment"]
	mustSucceed(t, putDeployment(door, owner, in, nil))
	restart := `{"metadata":{"labels":{"team":"shop"}},"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}},` +
		`"spec":{"containers":[{"name":"app","env":[{"name":"INJECTED","value":"yes"}]}]}}}}`
	current := read[appsv1.Deployment](t, owner)
	if err := admin.Patch(context.Background(), current, client.RawPatch("application/strategic-merge-patch+json", []byte(restart))); err != nil {
		t.Fatal(err)
	}
	if changes := putDeployment(door, owner, in, current); len(changes) != 0 {
		t.Errorf("additions made a change: %v", changes)
	}
	// They stay also when we write something else.
	more := desiredDeployment(owner).WithSpec(desiredDeployment(owner).Spec.WithReplicas(3))
	mustSucceed(t, putDeployment(door, owner, more, current))
	after := read[appsv1.Deployment](t, owner)
	if after.Labels["team"] != "shop" || len(after.Spec.Template.Annotations) != 1 || len(after.Spec.Template.Spec.Containers[0].Env) != 2 {
		t.Errorf("additions are gone: %v %v %v", after.Labels, after.Spec.Template.Annotations, after.Spec.Template.Spec.Containers[0].Env)
	}
}

// TestRestoresEveryField changes each value that we ask for, by another manager's hand, one at a time.
func TestRestoresEveryField(t *testing.T) {
	t.Parallel()
	for kind := range desiredOf(newOwner(t)) {
		t.Run(kind, func(t *testing.T) {
			restored, refused := 0, 0
			for _, path := range leaves(t, desiredOf(newOwner(t))[kind]) {
				if restoresField(t, kind, newOwner(t), path) {
					restored++
				} else {
					refused++
				}
			}
			t.Logf("%d fields restored, %d cannot be changed", restored, refused)
			if restored == 0 {
				t.Error("no field could be changed")
			}
		})
	}
}

// restoresField reports whether the server let the field be changed at all.
func restoresField(t *testing.T, kind string, owner client.Object, path []string) bool {
	t.Helper()
	ctx := context.Background()
	put := func(current *unstructured.Unstructured) int { return applyUnstructured(t, kind, owner, current) }
	put(nil)
	before := readUnstructured(t, kind, owner)
	changed := before.DeepCopy()
	flip(t, changed.Object, path)
	err := admin.Update(ctx, changed, client.FieldOwner("somebody"))
	if apierrors.IsInvalid(err) {
		return false
	}
	if err != nil {
		t.Fatalf("changing %v: %v", path, err)
	}
	if changed.GetResourceVersion() == before.GetResourceVersion() {
		return false
	}
	if n := put(changed); n != 1 {
		t.Errorf("%v: %d changes, want 1", path, n)
	}
	in, err := runtime.DefaultUnstructuredConverter.ToUnstructured(desiredOf(owner)[kind])
	if err != nil {
		t.Fatal(err)
	}
	if missing := lacks(readUnstructured(t, kind, owner).Object, in, nil); len(missing) > 0 {
		t.Errorf("changing %v: not restored: %v", path, missing)
	}
	if n := put(nil); n != 0 {
		t.Errorf("%v: %d changes when all is restored, want none", path, n)
	}
	return true
}

// firstMissing are the paths of the intent that have another value, or none. An item of a list is found by its name or number:
// what somebody added beside it may stay.
func lacks(have, want any, path []string) []string {
	switch want := want.(type) {
	case map[string]any:
		object, _ := have.(map[string]any)
		var all []string
		for k, v := range want {
			all = append(all, lacks(object[k], v, append(path[:len(path):len(path)], k))...)
		}
		return all
	case []any:
		list, _ := have.([]any)
		var all []string
		for i, v := range want {
			found := slices.ContainsFunc(list, func(item any) bool { return len(lacks(item, v, nil)) == 0 })
			if !found {
				all = append(all, strings.Join(append(path[:len(path):len(path)], fmt.Sprint(i)), "."))
			}
		}
		return all
	default:
		if have == want || (have == nil && want == "") {
			return nil
		}
		return []string{strings.Join(path, ".")}
	}
}

// leaves are the paths of the values of a intent; an item of a list is its index.
func leaves(t *testing.T, desired any) [][]string {
	t.Helper()
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(desired)
	if err != nil {
		t.Fatal(err)
	}
	delete(raw, "apiVersion")
	delete(raw, "kind")
	metadata := raw["metadata"].(map[string]any)
	delete(metadata, "name")
	delete(metadata, "namespace")
	delete(metadata, "ownerReferences")
	var paths [][]string
	var walk func(value any, path []string)
	walk = func(value any, path []string) {
		switch value := value.(type) {
		case map[string]any:
			for k, v := range value {
				walk(v, append(path[:len(path):len(path)], k))
			}
		case []any:
			for i, v := range value {
				walk(v, append(path[:len(path):len(path)], fmt.Sprint(i)))
			}
		default:
			paths = append(paths, path)
		}
	}
	walk(raw, nil)
	return paths
}

// flip changes the value at the path.
func flip(t *testing.T, value any, path []string) {
	t.Helper()
	set := func(old any) any {
		switch old := old.(type) {
		case nil:
			return "x"
		case string:
			return old + "x"
		case int64:
			return old + 1
		case bool:
			return !old
		}
		t.Fatalf("cannot change %T at %v", old, path)
		return nil
	}
	for i, step := range path {
		last := i == len(path)-1
		switch container := value.(type) {
		case map[string]any:
			if last {
				container[step] = set(container[step])
				return
			}
			value = container[step]
		case []any:
			var index int
			if err := json.Unmarshal([]byte(step), &index); err != nil {
				t.Fatal(err)
			}
			if last {
				container[index] = set(container[index])
				return
			}
			value = container[index]
		}
	}
}
