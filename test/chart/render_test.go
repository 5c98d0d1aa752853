package chart_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

// untyped are the kinds whose types are not in client-go. The CRD is compared with config.
var untyped = []string{"CustomResourceDefinition", "ServiceMonitor", "PrometheusRule"}

// TestMatrix renders each set of values in the folder ci with both versions of Helm.
func TestMatrix(t *testing.T) {
	for name, v := range matrix(t) {
		t.Run(name, func(t *testing.T) {
			three, err := render3(standard(v))
			if err != nil {
				t.Fatal(err)
			}
			four, err := render4(standard(v))
			if err != nil {
				t.Fatal(err)
			}
			all := parse(t, four.manifest)
			if diff := cmp.Diff(parse(t, three.manifest), all); diff != "" || three.notes != four.notes {
				t.Errorf("Helm 3 and Helm 4 differ (-3 +4):\n%s%s", diff, cmp.Diff(three.notes, four.notes))
			}
			for helm, h := range helms {
				if err := h.lint(standard(v)); err != nil {
					t.Errorf("%s lint: %v", helm, err)
				}
			}
			for name, o := range all {
				strict(t, name, o)
			}
			selectsThePods(t, all)
		})
	}
}

// strict refuses fields that the kind does not have, and objects whose namespace is left to chance.
func strict(t *testing.T, name string, o *unstructured.Unstructured) {
	t.Helper()
	cluster := strings.HasPrefix(o.GetKind(), "Cluster") || strings.HasPrefix(o.GetKind(), "Validating") || o.GetKind() == "CustomResourceDefinition"
	if cluster != (o.GetNamespace() == "") {
		t.Errorf("%s is in the namespace %q", name, o.GetNamespace())
	}
	if slices.Contains(untyped, o.GetKind()) {
		return
	}
	body, err := yaml.Marshal(o.Object)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme.Scheme, scheme.Scheme, json.SerializerOptions{Yaml: true, Strict: true})
	if _, _, err := decoder.Decode(body, nil, nil); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// selectsThePods checks that whatever selects the manager's pods has labels that they have.
func selectsThePods(t *testing.T, all objects) {
	t.Helper()
	labels, _, err := unstructured.NestedStringMap(all.deployment(t).Object, "spec", "template", "metadata", "labels")
	if err != nil {
		t.Fatal(err)
	}
	for name, o := range all {
		for _, path := range [][]string{{"spec", "selector", "matchLabels"}, {"spec", "podSelector", "matchLabels"}, {"spec", "selector"}} {
			selector, found, err := unstructured.NestedStringMap(o.Object, path...)
			if !found || err != nil { // spec.selector is a map of strings in a Service only
				continue
			}
			for key, value := range selector {
				if labels[key] != value {
					t.Errorf("%s selects %s=%s, the pods have %q", name, key, value, labels[key])
				}
			}
		}
	}
}

// TestSelectorIsFixed: the selector of a Deployment is immutable, so a value that changed it would break every upgrade.
func TestSelectorIsFixed(t *testing.T) {
	want := map[string]string{
		"control-plane": "controller-manager", "app.kubernetes.io/name": "microservice-operator", "app.kubernetes.io/instance": "microservice-operator",
	}
	own := values(t, `
commonLabels: {control-plane: a, app.kubernetes.io/name: a, app.kubernetes.io/instance: a, helm.sh/chart: a}
podLabels: {control-plane: b, app.kubernetes.io/name: b, app.kubernetes.io/instance: b}
fullnameOverride: c`)
	for _, v := range []map[string]any{nil, own} {
		all := render(t, standard(v))
		selector, _, err := unstructured.NestedStringMap(all.deployment(t).Object, "spec", "selector", "matchLabels")
		if diff := cmp.Diff(want, selector); diff != "" || err != nil {
			t.Errorf("the selector (-want +got), %v:\n%s", err, diff)
		}
		selectsThePods(t, all)
	}
}

// TestReleasesSideBySide installs two releases in one namespace, as docs/how-to/run-several-operators.md does.
func TestReleasesSideBySide(t *testing.T) {
	seen := map[string]string{}
	for _, name := range []string{"shop", "accounts"} {
		all := render(t, install{release: name, namespace: "microservice-operator-system", values: values(t, `
watchNamespaces: [`+name+`]
leaderElection: {id: `+name+`.apps.microservice.dev}
crds: {enabled: false}
rbac: {userRoles: {create: false}}`)})
		selector, _, err := unstructured.NestedStringMap(all.deployment(t).Object, "spec", "selector", "matchLabels")
		if err != nil || selector["app.kubernetes.io/instance"] != name {
			t.Errorf("%s selects %v, %v", name, selector, err)
		}
		for object := range all {
			if other, found := seen[object]; found {
				t.Errorf("%s and %s both have %s", name, other, object)
			}
			seen[object] = name
		}
	}
}

// TestTenant: an operator for some namespaces can be installed by whoever may write in them.
func TestTenant(t *testing.T) {
	var kinds []string
	namespaces := map[string]bool{}
	for _, o := range render(t, standard(matrix(t)["namespaced"])) {
		kinds = append(kinds, o.GetKind())
		namespaces[o.GetNamespace()] = true
	}
	slices.Sort(kinds)
	if diff := cmp.Diff([]string{"Deployment", "NetworkPolicy", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount"}, slices.Compact(kinds)); diff != "" {
		t.Errorf("kinds (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"microservice-operator-system", "shop", "shop-test"}, slices.Sorted(maps.Keys(namespaces))); diff != "" {
		t.Errorf("namespaces (-want +got):\n%s", diff)
	}
}

// TestLongestName: Helm admits releases with 53 characters, a Service has at most 63, and so has the name of a pod's label.
func TestLongestName(t *testing.T) {
	name := "a" + strings.Repeat("-bcd", 13)
	for object, o := range render(t, install{release: name, namespace: "default"}) {
		if (o.GetKind() == "Service" || o.GetKind() == "Deployment") && len(validation.IsDNS1035Label(o.GetName())) > 0 {
			t.Errorf("%s: %v", object, validation.IsDNS1035Label(o.GetName()))
		}
	}
}

func TestNotes(t *testing.T) {
	for name, tc := range map[string]struct {
		values string
		want   []string
	}{
		"by default": {want: []string{
			"kubectl --namespace microservice-operator-system rollout status deployment/microservice-operator-controller-manager\n",
			"kubectl apply --namespace default -f -",
		}},
		"for some namespaces": {
			values: "watchNamespaces: [shop, shop-test]",
			want:   []string{"It manages the namespaces shop, shop-test.", "kubectl apply --namespace shop -f -"},
		},
		"without the CRD": {values: "crds: {enabled: false}", want: []string{"kubectl get crd microservices.apps.microservice.dev"}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := render4(standard(values(t, tc.values)))
			if err != nil {
				t.Fatal(err)
			}
			for _, words := range tc.want {
				if !strings.Contains(r.notes, words) {
					t.Errorf("the notes lack %q:\n%s", words, r.notes)
				}
			}
		})
	}
}
