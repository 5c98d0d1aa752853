package faults

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// ways are how somebody else writes to a whole object. What he scales goes another way.
var ways = []string{"update", "patch", "apply"}

// write makes one object of another, in one of the ways. fragment is what an apply sends.
func write(ctx context.Context, objects dynamic.ResourceInterface, way string, before, after *unstructured.Unstructured, fragment map[string]any) (*unstructured.Unstructured, error) {
	switch way {
	case "patch":
		raw, err := client.MergeFrom(before).Data(after)
		if err != nil {
			return nil, err
		}
		return objects.Patch(ctx, before.GetName(), types.MergePatchType, raw, metav1.PatchOptions{FieldManager: "somebody"})
	case "apply":
		o := &unstructured.Unstructured{Object: fragment}
		o.SetAPIVersion(before.GetAPIVersion())
		o.SetKind(before.GetKind())
		o.SetName(before.GetName())
		return objects.Apply(ctx, before.GetName(), o, metav1.ApplyOptions{FieldManager: "somebody", Force: true})
	default:
		return objects.Update(ctx, after, metav1.UpdateOptions{FieldManager: "somebody"})
	}
}

// fragment is a value with nothing but what a path leads to, as an apply sends it; false where the path leads to nothing.
func fragment(v any, path fieldpath.Path) (any, bool) {
	if len(path) == 0 {
		return v, true
	}
	switch container := v.(type) {
	case map[string]any:
		if path[0].FieldName == nil {
			return nil, false
		}
		deeper, found := container[*path[0].FieldName]
		if !found {
			return nil, false
		}
		part, found := fragment(deeper, path[1:])
		return map[string]any{*path[0].FieldName: part}, found
	case []any:
		i := slices.IndexFunc(container, func(item any) bool { return is(item, path[0]) })
		if i < 0 {
			return nil, false
		}
		part, found := fragment(container[i], path[1:])
		if o, ok := part.(map[string]any); ok && path[0].Key != nil {
			for _, key := range *path[0].Key {
				o[key.Name] = key.Value.Unstructured()
			}
		}
		return []any{part}, found
	}
	return nil, false
}

// addition is what somebody adds to a child or puts in the place of ours: a strategic merge patch, and what of it an apply can say,
// which is no null.
type addition struct {
	kind, what, patch string
	// stays says that it is in nobody's way.
	stays bool
}

var additions = []addition{
	{"ServiceAccount", "an annotation", `{"metadata":{"annotations":{"example.com/a":"x"}}}`, true},
	{"NetworkPolicy", "a label", `{"metadata":{"labels":{"example.com/a":"x"}}}`, true},
	{"NetworkPolicy", "another rule", `{"spec":{"ingress":[{}]}}`, false},
	{"Service", "another port", `{"spec":{"ports":[{"name":"theirs","port":9999,"protocol":"TCP","targetPort":9999}]}}`, true},
	{"Service", "affinity", `{"spec":{"sessionAffinity":"ClientIP"}}`, true},
	{"PodDisruptionBudget", "the other of a one-of", `{"spec":{"maxUnavailable":null,"minAvailable":0}}`, false},
	{"Deployment", "another variable", app(`"env":[{"name":"THEIRS","value":"x"}]`), true},
	{"Deployment", "a sidecar", `{"spec":{"template":{"spec":{"containers":[{"name":"theirs","image":"example.com/theirs:1"}]}}}}`, true},
	{"Deployment", "the time of a restart", `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"now"}}}}}`, true},
	{"Deployment", "a variable from elsewhere", app(`"env":[{"name":"LEVEL","value":null,"valueFrom":{"fieldRef":{"fieldPath":"metadata.name"}}}]`), false},
	{"Deployment", "another handler of a probe", app(`"readinessProbe":{"tcpSocket":null,"grpc":{"port":8080}}`), false},
	{"Deployment", "another handler of a hook", app(`"lifecycle":{"preStop":{"sleep":null,"exec":{"command":["true"]}}}`), false},
	{"HorizontalPodAutoscaler", "its behavior", `{"spec":{"behavior":{"scaleDown":{"stabilizationWindowSeconds":60}}}}`, true},
	{"HorizontalPodAutoscaler", "another metric", `{"spec":{"metrics":[{"type":"Resource","resource":{"name":"memory","target":{"type":"AverageValue","averageValue":"1Gi"}}}]}}`, false},
}

func app(fields string) string {
	return `{"spec":{"template":{"spec":{"containers":[{"name":"app",` + fields + `}]}}}}`
}

// goTypes tell a strategic merge patch how the lists of a kind are merged.
var goTypes = map[string]any{
	"ServiceAccount": corev1.ServiceAccount{}, "NetworkPolicy": networkingv1.NetworkPolicy{}, "Service": corev1.Service{},
	"PodDisruptionBudget": policyv1.PodDisruptionBudget{}, "Deployment": appsv1.Deployment{},
	"HorizontalPodAutoscaler": autoscalingv2.HorizontalPodAutoscaler{},
}

// TestBesides has somebody put something beside what the operator set, or in its place, each in one of the ways in turn; FAULTS=full takes
// all. What is in nobody's way stays, without a write; all else is as the spec says again.
func TestBesides(t *testing.T) {
	t.Parallel()
	for _, autoscaled := range []bool{false, true} {
		t.Run(fmt.Sprintf("autoscaled=%t", autoscaled), func(t *testing.T) {
			t.Parallel()
			s := open(t)
			s.take(t, step{name: "create", do: all(
				create("api", func(*v1alpha1.MicroserviceSpec) {}),
				create("web", func(spec *v1alpha1.MicroserviceSpec) { rich(spec, autoscaled) }),
			)})
			for _, kind := range childKinds {
				if autoscaled == (kind == "HorizontalPodAutoscaler") {
					s.applied(t, env.Dynamic.Resource(kinds[kind]).Namespace(s.Namespace))
				}
			}
			for i, b := range additions {
				for j, way := range ways {
					if autoscaled == (b.kind == "HorizontalPodAutoscaler") && (full() || i%len(ways) == j) {
						s.assertHealed(t, b, way)
					}
				}
			}
			if !autoscaled {
				s.scales(t)
			}
		})
	}
}

func (s *Run) assertHealed(t *testing.T, b addition, way string) {
	t.Helper()
	objects := env.Dynamic.Resource(kinds[b.kind]).Namespace(s.Namespace)
	good, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	what := fmt.Sprintf("%s: %s by %s", b.kind, b.what, way)
	var answer *unstructured.Unstructured
	err = retry.RetryOnConflict(retry.DefaultRetry, func() (err error) {
		answer, err = b.write(t, objects, way)
		return err
	})
	if way == "apply" && apierrors.IsInvalid(err) && strings.Contains(b.patch, "null") {
		return // an apply cannot take away what it collides with
	}
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if !b.stays {
		s.comesBack(t, objects, good, what, 2) // one may take over what is in the way
		return
	}
	s.comesBack(t, objects, answer, what+" stays", 0)
	if err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		now, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
		if err == nil {
			o := good.DeepCopy()
			o.SetResourceVersion(now.GetResourceVersion())
			_, err = objects.Update(t.Context(), o, metav1.UpdateOptions{FieldManager: "somebody"})
		}
		return err
	}); err != nil {
		t.Fatalf("%s, and cannot be taken away: %v", what, err)
	}
	s.comesBack(t, objects, good, what+" and taken away again", 0)
}

func (b addition) write(t *testing.T, objects dynamic.ResourceInterface, way string) (*unstructured.Unstructured, error) {
	t.Helper()
	before, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(before)
	if err != nil {
		return nil, err
	}
	merged, err := strategicpatch.StrategicMergePatch(raw, []byte(b.patch), goTypes[b.kind])
	if err != nil {
		return nil, err
	}
	after, applied := &unstructured.Unstructured{}, map[string]any{}
	if err := after.UnmarshalJSON(merged); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(b.patch), &applied); err != nil {
		return nil, err
	}
	return write(t.Context(), objects, way, before, after, withoutNull(applied).(map[string]any))
}

// withoutNull is a value without the fields that are null.
func withoutNull(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, field := range v {
			if field == nil {
				delete(v, name)
			} else {
				v[name] = withoutNull(field)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutNull(v[i])
		}
	}
	return v
}

// scales is the fourth way: the size of a Deployment, through its subresource.
func (s *Run) scales(t *testing.T) {
	t.Helper()
	objects := env.Dynamic.Resource(kinds["Deployment"]).Namespace(s.Namespace)
	good, err := objects.Get(t.Context(), "web", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := objects.Patch(t.Context(), "web", types.MergePatchType, []byte(`{"spec":{"replicas":5}}`), metav1.PatchOptions{FieldManager: "somebody"}, "scale"); err != nil {
		t.Fatal(err)
	}
	s.comesBack(t, objects, good, "Deployment: the size by scale", 1)
}
