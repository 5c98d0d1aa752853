package api_test

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestCRDIsSmallEnoughForClientSideApply(t *testing.T) {
	content, err := json.Marshal(definition(t))
	if err != nil {
		t.Fatal(err)
	}
	const limit = 200_000 // kubectl apply keeps a copy in an annotation, and annotations hold 262,144 bytes
	if len(content) >= limit {
		t.Errorf("the CRD has %d bytes, want fewer than %d", len(content), limit)
	}
	t.Logf("%d bytes", len(content))
}

// TestEveryFieldHasADescription leaves out metadata, which the server describes itself.
func TestEveryFieldHasADescription(t *testing.T) {
	walk(t, func(field string, s *schema) {
		item := strings.HasSuffix(field, "[]") || strings.HasSuffix(field, ".*")
		if field != "metadata" && !item && s.Description == "" {
			t.Errorf("%s has no description", field)
		}
	})
}

func TestNamesAndColumns(t *testing.T) {
	crd := definition(t)
	names := crd.Spec.Names
	if names.Kind != "Microservice" || names.Plural != "microservices" || !slices.Equal(names.ShortNames, []string{"msvc"}) ||
		!slices.Equal(names.Categories, []string{"all"}) {
		t.Errorf("names are %+v", names)
	}
	if crd.Spec.Scope != apiextensionsv1.NamespaceScoped {
		t.Errorf("scope is %s", crd.Spec.Scope)
	}
	var narrow, wide []string
	for _, column := range crd.Spec.Versions[0].AdditionalPrinterColumns {
		if column.Priority == 0 {
			narrow = append(narrow, column.Name)
		}
		wide = append(wide, column.Name)
	}
	if want := "Ready Reason Available Replicas Deps Age"; strings.Join(narrow, " ") != want {
		t.Errorf("columns are %v, want %v", narrow, want)
	}
	if want := "Ready Reason Available Replicas Deps Image URL External Message Age"; strings.Join(wide, " ") != want {
		t.Errorf("wide columns are %v, want %v", wide, want)
	}
}

func TestGeneratedNameIsChecked(t *testing.T) {
	ms := microservice(t, rule{spec: "{}"})
	ms.SetName("")
	ms.SetGenerateName("web-")
	if err := kube.Create(context.Background(), ms.DeepCopy(), client.DryRunAll); err != nil {
		t.Error(err)
	}
	ms.SetGenerateName("2web-")
	check(t, rule{field: "metadata", message: nameMessage}, kube.Create(context.Background(), ms, client.DryRunAll))
}

func TestStatusIsASubresource(t *testing.T) {
	ms := microservice(t, rule{name: "halves", spec: "replicas: 1"})
	ms.Object["status"] = map[string]any{"replicas": int64(7)}
	create(t, ms)
	wantField(t, ms, int64(1), "spec", "replicas")
	wantField(t, ms, nil, "status", "replicas")

	edit := ms.DeepCopy()
	set(t, edit, int64(2), "spec", "replicas")
	set(t, edit, int64(2), "status", "replicas")
	if err := kube.Status().Update(context.Background(), edit); err != nil {
		t.Fatal(err)
	}
	wantField(t, edit, int64(1), "spec", "replicas")
	wantField(t, edit, int64(2), "status", "replicas")
	if edit.GetGeneration() != ms.GetGeneration() {
		t.Error("a write of status made a new generation")
	}

	set(t, edit, int64(3), "spec", "replicas")
	set(t, edit, int64(3), "status", "replicas")
	if err := kube.Update(context.Background(), edit); err != nil {
		t.Fatal(err)
	}
	wantField(t, edit, int64(3), "spec", "replicas")
	wantField(t, edit, int64(2), "status", "replicas")
}

func TestScaleSubresource(t *testing.T) {
	ms := microservice(t, rule{name: "scaled", spec: "replicas: 1"})
	create(t, ms)
	set(t, ms, int64(1), "status", "replicas")
	set(t, ms, "apps.microservice.dev/name=scaled", "status", "selector")
	if err := kube.Status().Update(context.Background(), ms); err != nil {
		t.Fatal(err)
	}
	scale := getScale(t, ms)
	wantField(t, scale, int64(1), "spec", "replicas")
	wantField(t, scale, int64(1), "status", "replicas")
	wantField(t, scale, "apps.microservice.dev/name=scaled", "status", "selector")

	set(t, scale, int64(0), "spec", "replicas")
	if err := kube.SubResource("scale").Update(context.Background(), ms, client.WithSubResourceBody(scale)); err != nil {
		t.Fatal(err)
	}
	get(t, ms)
	wantField(t, ms, int64(0), "spec", "replicas")
}

func TestScalingWhatHasNoSize(t *testing.T) {
	ms := microservice(t, rule{name: "unsized", spec: "{}"})
	create(t, ms)
	if err := patchScale(ms); err != nil {
		t.Fatal(err)
	}
	get(t, ms)
	wantField(t, ms, int64(5), "spec", "replicas")
}

func TestScalingWhatIsAutoscaledIsRefused(t *testing.T) {
	ms := microservice(t, rule{name: "autoscaled", spec: "autoscaling: {maxReplicas: 3}"})
	create(t, ms)
	check(t, rule{field: "spec", message: bothSizes}, patchScale(ms))
}

// patchScale does what kubectl scale does. It needs no GET, which the server refuses while spec.replicas is unset.
func patchScale(ms *unstructured.Unstructured) error {
	patch := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":5}}`))
	return kube.SubResource("scale").Patch(context.Background(), ms.DeepCopy(), patch)
}

func getScale(t *testing.T, ms *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	scale := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "autoscaling/v1", "kind": "Scale"}}
	if err := kube.SubResource("scale").Get(context.Background(), ms, scale); err != nil {
		t.Fatal(err)
	}
	return scale
}

func wantField(t *testing.T, object *unstructured.Unstructured, want any, path ...string) {
	t.Helper()
	if got, _, _ := unstructured.NestedFieldNoCopy(object.Object, path...); !reflect.DeepEqual(got, want) {
		t.Errorf("%s is %v, want %v", strings.Join(path, "."), got, want)
	}
}

func set(t *testing.T, object *unstructured.Unstructured, value any, path ...string) {
	t.Helper()
	if err := unstructured.SetNestedField(object.Object, value, path...); err != nil {
		t.Fatal(err)
	}
}
