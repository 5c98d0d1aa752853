package chart_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// copies are the files of the chart that `make chart` copies from config.
var copies = map[string]string{
	"files/crd.yaml":               "config/crd/bases/apps.microservice.dev_microservices.yaml",
	"files/manager_role.yaml":      "config/rbac/role.yaml",
	"files/gateway-api_role.yaml":  "config/components/gateway-api/role.yaml",
	"files/pod-monitors_role.yaml": "config/components/pod-monitors/role.yaml",
	"files/admission_policy.yaml":  "config/admission-policy/microservice_rights.yaml",
	"files/alerts.yaml":            "config/prometheus/alerts.yaml",
	"files/operator.json":          "config/grafana/operator.json",
	"files/services.json":          "config/grafana/services.json",
}

func TestCopies(t *testing.T) {
	for name, source := range copies {
		if chartFile(t, name) != rootFile(t, source) {
			t.Errorf("%s differs from %s; run: make chart", name, source)
		}
	}
}

// TestSameAsKustomize compares the chart with config. What may differ is written in sameAs.
func TestSameAsKustomize(t *testing.T) {
	defaults := flags(t)
	for name, tc := range map[string]struct {
		install install
		// kustomization is added to a kustomization.yaml that is beside config.
		kustomization string
		// only drops the chart's arguments that stand for something else in config.
		only []string
	}{
		"config/default, by default": {
			install:       standard(nil),
			kustomization: "resources: [config/default]",
		},
		"config/default with everything that is off": {
			install: standard(values(t, `
metrics: {serviceMonitor: {enabled: true}, prometheusRule: {enabled: true}, grafanaDashboard: {enabled: true}}
gatewayAPI: {enabled: true}
podMonitors: {enabled: true}
admissionPolicy: {enabled: true}`)),
			kustomization: `
resources: [config/default, config/optional, config/components/gateway-api, config/components/pod-monitors]`,
		},
		"config/namespaced": {
			install: install{release: "microservice-operator", namespace: "shop", values: values(t, `
watchNamespaces: [shop]
crds: {enabled: false}
rbac: {userRoles: {create: false}}
networkPolicy: {enabled: false}
metrics: {enabled: false}`)},
			kustomization: "namespace: shop\nresources: [config/namespaced]",
			only:          []string{"--watch-namespaces=shop"}, // in config it is the variable WATCH_NAMESPACE
		},
	} {
		t.Run(name, func(t *testing.T) {
			want := kustomize(t, tc.kustomization)
			got := render(t, tc.install)
			sameAs(t, got, want, defaults, tc.only)
			if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
				t.Fatalf("objects (-kustomize +chart):\n%s", diff)
			}
			for name := range want {
				if diff := cmp.Diff(want[name].Object, got[name].Object); diff != "" {
					t.Errorf("%s (-kustomize +chart):\n%s", name, diff)
				}
			}
		})
	}
}

// sameAs takes out what may differ, and nothing else:
//
//   - Helm creates the Namespace, if it is asked to.
//   - Helm's labels, and the name of the product where config has no labels at all. The release's name is among the labels
//     that select the pods, so that two releases can share a namespace.
//   - The annotation that keeps the CRD.
//   - Arguments that say what the manager does anyway. The chart writes its defaults out.
//   - The variable WATCH_NAMESPACE, which is an argument in the chart.
func sameAs(t *testing.T, got, want objects, defaults map[string]string, only []string) {
	t.Helper()
	maps.DeleteFunc(want, func(_ string, o *unstructured.Unstructured) bool { return o.GetKind() == "Namespace" })
	for name, o := range got {
		if w, found := want[name]; found {
			dropLabels(t, name, o, w)
		}
		if o.GetKind() == "CustomResourceDefinition" {
			unstructured.RemoveNestedField(o.Object, "metadata", "annotations", "helm.sh/resource-policy")
		}
	}
	only = append(slices.Clone(only), "--zap-log-level=info", "--zap-encoder=json") // zap has them from the mode of production
	isDefault := func(arg any) bool {
		name, value, _ := strings.Cut(strings.TrimPrefix(arg.(string), "--"), "=")
		d, known := defaults[name]
		return slices.Contains(only, arg.(string)) || known && value != "" && value == d
	}
	for _, side := range []objects{got, want} {
		edit(t, side.deployment(t), func(container map[string]any) {
			args := slices.DeleteFunc(container["args"].([]any), isDefault)
			slices.SortFunc(args, func(a, b any) int { return strings.Compare(a.(string), b.(string)) })
			container["args"] = args
		})
	}
	edit(t, want.deployment(t), func(container map[string]any) {
		env, _ := container["env"].([]any)
		env = slices.DeleteFunc(env, func(v any) bool { return v.(map[string]any)["name"] == "WATCH_NAMESPACE" })
		if container["env"] = env; len(env) == 0 {
			delete(container, "env")
		}
	})
}

// dropLabels takes out the labels that the chart has and config lacks, and who manages the object. The chart must have them.
func dropLabels(t *testing.T, name string, chart, config *unstructured.Unstructured) {
	t.Helper()
	labels, wanted := chart.GetLabels(), config.GetLabels()
	for _, label := range []string{"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/version", "helm.sh/chart"} {
		if labels[label] == "" {
			t.Errorf("%s has no label %s", name, label)
		}
		if _, found := wanted[label]; !found {
			delete(labels, label)
		}
	}
	delete(labels, "app.kubernetes.io/managed-by")
	delete(wanted, "app.kubernetes.io/managed-by")
	setLabels(chart, labels)
	setLabels(config, wanted)
	for _, selector := range selectors {
		unstructured.RemoveNestedField(chart.Object, append(slices.Clone(selector), "app.kubernetes.io/instance")...)
	}
	path := []string{"spec", "template", "spec", "topologySpreadConstraints"}
	constraints, found, err := unstructured.NestedSlice(chart.Object, path...)
	if err != nil || !found {
		return
	}
	for _, c := range constraints {
		unstructured.RemoveNestedField(c.(map[string]any), "labelSelector", "matchLabels", "app.kubernetes.io/instance")
	}
	_ = unstructured.SetNestedSlice(chart.Object, constraints, path...) // it was there
}

// selectors are where objects select the manager's pods, and where the pods have their labels.
var selectors = [][]string{
	{"spec", "selector", "matchLabels"},
	{"spec", "podSelector", "matchLabels"},
	{"spec", "template", "metadata", "labels"},
	{"spec", "selector"},
}

// setLabels leaves no empty map: the other side has none.
func setLabels(o *unstructured.Unstructured, labels map[string]string) {
	if len(labels) == 0 {
		labels = nil
	}
	o.SetLabels(labels)
}

// edit changes the manager's container.
func edit(t *testing.T, deployment *unstructured.Unstructured, change func(container map[string]any)) {
	t.Helper()
	path := []string{"spec", "template", "spec", "containers"}
	containers, _, err := unstructured.NestedSlice(deployment.Object, path...)
	if err != nil {
		t.Fatal(err)
	}
	change(containers[0].(map[string]any))
	if err := unstructured.SetNestedSlice(deployment.Object, containers, path...); err != nil {
		t.Fatal(err)
	}
}

// kustomize builds a kustomization that is beside a copy of config. The copy has the folder optional, with the parts that
// config/default leaves out.
func kustomize(t *testing.T, kustomization string) objects {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(filepath.Join(cluster.Root(), "config"))); err != nil {
		t.Fatal(err)
	}
	optional := "namespace: microservice-operator-system\nnamePrefix: microservice-operator-\n" +
		"resources: [../prometheus, ../grafana, ../admission-policy]\n"
	for path, text := range map[string]string{"kustomization.yaml": kustomization, "config/optional/kustomization.yaml": optional} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, path), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	build := exec.Command("go", "tool", "-modfile=go.tools.mod", "kustomize", "build", dir)
	build.Dir = cluster.Root()
	var said strings.Builder
	build.Stderr = &said
	text, err := build.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, said.String())
	}
	return parse(t, string(text))
}
