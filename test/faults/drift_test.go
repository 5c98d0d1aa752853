package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	apiresource "k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestDrift has somebody change, and then take away, every single field that the operator sets in every child (F18). Each
// comes back with one write.
func TestDrift(t *testing.T) {
	t.Parallel()
	for _, kind := range childKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.take(t, step{name: "create", do: all(
				create("api", func(*v1alpha1.MicroserviceSpec) {}),
				create("web", func(spec *v1alpha1.MicroserviceSpec) { rich(spec, kind == "HorizontalPodAutoscaler") }),
			)})
			drift(t, s, kind)
		})
	}
}

// rich has something of everything.
func rich(spec *v1alpha1.MicroserviceSpec, autoscaled bool) {
	spec.Dependencies = []v1alpha1.Dependency{{Name: "api"}}
	spec.Env = []corev1.EnvVar{{Name: "LEVEL", Value: "info"}}
	spec.Args = []string{"serve"}
	spec.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: apiresource.MustParse("100m")}}
	spec.DisruptionBudget = &v1alpha1.DisruptionBudget{MaxUnavailable: new(intstr.FromInt32(1))}
	spec.Replicas = new(int32(2))
	if autoscaled {
		spec.Replicas, spec.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: new(int32(2)), MaxReplicas: 5}
	}
}

func drift(t *testing.T, s *Run, kind string) {
	t.Helper()
	objects := env.Dynamic.Resource(kinds[kind]).Namespace(s.Namespace)
	good := s.applied(t, objects)
	tried, refused := 0, 0
	for i, path := range owned(t, good) {
		for _, how := range []string{"changed", "taken away"} {
			changed, way := false, ways[i%len(ways)]
			err := retry.RetryOnConflict(retry.DefaultRetry, func() (err error) { // Kubernetes' controllers write, too
				changed, err = disturbField(t.Context(), objects, path, how == "changed", way)
				return err
			})
			switch {
			case apierrors.IsInvalid(err) || apierrors.IsBadRequest(err):
				refused++
			case err != nil:
				t.Fatalf("%s %s: %v", path, how, err)
			case changed:
				tried++
				s.comesBack(t, objects, good, fmt.Sprintf("%s %s %s by %s", kind, path, how, way), mostWrites(kind, path))
			}
		}
	}
	t.Logf("%d fields changed or taken away; %d more times the API server refused it", tried, refused)
	if tried < 3 {
		t.Error("this says nothing")
	}
}

// applied has a child changed and restored for the first time, which takes one write more, and gives what is there then: the operator
// owns of it what it asks for, and not what the server filled in when it was created.
func (s *Run) applied(t *testing.T, objects dynamic.ResourceInterface) *unstructured.Unstructured {
	t.Helper()
	born, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	relabel := []byte(`{"metadata":{"labels":{"app.kubernetes.io/name":"drift"}}}`)
	if _, err := objects.Patch(t.Context(), "web", types.MergePatchType, relabel, metav1.PatchOptions{FieldManager: "somebody"}); err != nil {
		t.Fatal(err)
	}
	s.comesBack(t, objects, born, born.GetKind()+": a label, for the first time", 2)
	now, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return now
}

// mostWrites is how many it takes to restore a field.
func mostWrites(kind string, path fieldpath.Path) int {
	switch {
	case kind == "Service":
		return 2 // one takes the edited port away, which to server-side apply is another's
	case strings.Contains(path.String(), ".ports["):
		return 2 // pods with the edited port may run, so it is noted until they are gone
	default:
		return 1
	}
}

// comesBack waits until a child is as it was, and counts what that took.
func (s *Run) comesBack(t *testing.T, objects dynamic.ResourceInterface, good *unstructured.Unstructured, what string, most int) {
	t.Helper()
	// Without its label the operator's cache does not have it, and what it sends first is refused with a conflict.
	of := func(r cluster.Request) bool {
		return r.Writes() && r.Resource == kinds[good.GetKind()].Resource && r.Code < http.StatusMultipleChoices
	}
	before := len(s.Proxy.Sent(of))
	err := s.awaitQuiet(t.Context(), stepQuiet, func() error {
		now, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
		if err == nil && asked(t, now) != asked(t, good) {
			err = fmt.Errorf("it is %s, not %s", asked(t, now), asked(t, good))
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s, and does not come back: %v\n%s", what, err, s.Operator.Transcript())
	}
	if sent := s.Proxy.Sent(of)[before:]; len(sent) > most {
		t.Errorf("%s, and it takes %v", what, sent)
	}
}

// asked is an object without what the server adds.
func asked(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	o = o.DeepCopy()
	for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
		unstructured.RemoveNestedField(o.Object, "metadata", field)
	}
	unstructured.RemoveNestedField(o.Object, "metadata", "annotations", "deployment.kubernetes.io/revision")
	delete(o.Object, "status")
	raw, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// owned are the fields that the operator sets, but for the owner reference, without which a child is given up, and for what
// names the items of a list: an item of another name is an addition of somebody else's, and stays.
func owned(t *testing.T, o *unstructured.Unstructured) []fieldpath.Path {
	t.Helper()
	var paths []fieldpath.Path
	for _, entry := range o.GetManagedFields() {
		if entry.Manager != manager || entry.Subresource != "" {
			continue
		}
		set := &fieldpath.Set{}
		if err := set.FromJSON(bytes.NewReader(entry.FieldsV1.GetRawBytes())); err != nil {
			t.Fatal(err)
		}
		set.Leaves().Iterate(func(p fieldpath.Path) {
			if !strings.HasPrefix(p.String(), ".metadata.ownerReferences") && (o.GetKind() == "Service" || !names(p)) {
				paths = append(paths, p.Copy())
			}
		})
	}
	return paths
}

// names says that a field is the key of an item.
func names(p fieldpath.Path) bool {
	if len(p) < 2 || p[len(p)-1].FieldName == nil || p[len(p)-2].Key == nil {
		return false
	}
	return slices.ContainsFunc(*p[len(p)-2].Key, func(key value.Field) bool { return key.Name == *p[len(p)-1].FieldName })
}

// disturbField has somebody else change a field, or take it away, in one of the ways. It reports whether that made a difference.
func disturbField(ctx context.Context, objects dynamic.ResourceInterface, path fieldpath.Path, change bool, way string) (bool, error) {
	live, err := objects.Get(ctx, "web", metav1.GetOptions{})
	if err != nil {
		return false, err
	}
	o := live.DeepCopy()
	edited, err := at(o.Object, path, change)
	if err != nil {
		return false, err
	}
	o.Object = edited.(map[string]any)
	part, found := fragment(o.Object, path)
	applied, ok := part.(map[string]any)
	if way == "apply" && (!found || !ok || !change) {
		way = "update" // an apply takes away nothing, and cannot say what an item is called now
	}
	answer, err := write(ctx, objects, way, live, o, applied)
	if err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return answer.GetResourceVersion() != live.GetResourceVersion(), nil
}

// at gives a value in which the one at a path is changed or taken away.
func at(v any, path fieldpath.Path, change bool) (any, error) {
	if len(path) == 0 {
		return another(v), nil
	}
	step, last := path[0], len(path) == 1 && !change
	switch container := v.(type) {
	case map[string]any:
		if step.FieldName == nil {
			return nil, fmt.Errorf("%v is not a field", step)
		}
		if last {
			delete(container, *step.FieldName)
			return container, nil
		}
		deeper, err := at(container[*step.FieldName], path[1:], change)
		container[*step.FieldName] = deeper
		return container, err
	case []any:
		i := slices.IndexFunc(container, func(item any) bool { return is(item, step) })
		if i < 0 {
			return container, nil
		}
		if last {
			return slices.Delete(container, i, i+1), nil
		}
		deeper, err := at(container[i], path[1:], change)
		container[i] = deeper
		return container, err
	}
	return v, nil
}

// is reports whether an item of a list is the one that a path names.
func is(item any, step fieldpath.PathElement) bool {
	if step.Value != nil {
		return value.Equals(value.NewValueInterface(item), *step.Value)
	}
	o, ok := item.(map[string]any)
	if !ok || step.Key == nil {
		return false
	}
	for _, key := range *step.Key {
		if field, found := o[key.Name]; found && !value.Equals(value.NewValueInterface(field), key.Value) {
			return false
		}
	}
	return true
}

// another is a value of the same type.
func another(v any) any {
	switch v := v.(type) {
	case string:
		if v == "TCP" {
			return "UDP"
		}
		return "drift-" + time.Now().Format("150405")
	case int64:
		return v + 1
	case bool:
		return !v
	case []any:
		return []any{}
	case map[string]any:
		return map[string]any{}
	}
	return v
}
