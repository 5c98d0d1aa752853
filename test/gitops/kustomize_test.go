package gitops_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

const (
	overlay    = "test/gitops/testdata/kustomize/overlay"
	kustomized = "test/gitops/testdata/kustomize/golden.yaml"
	component  = "../../../../../config/kustomize"
)

func TestKustomize(t *testing.T) {
	got, err := tool(t, "kustomize", "build", overlay)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cluster.Root(), kustomized)
	golden.Compare(t, path, got)
	inside, err := exec.Command(cluster.Program("kubectl"), "kustomize", filepath.Join(cluster.Root(), overlay)).Output()
	if err != nil {
		t.Fatal("kubectl kustomize:", err)
	}
	if diff := cmp.Diff(got, string(inside)); diff != "" {
		t.Errorf("kubectl kustomize builds something else (-want +got):\n%s", diff)
	}
}

// Every field that the configuration is about differs from what kustomize does without it, or is left alone on purpose.
func TestKustomizeNeedsTheConfiguration(t *testing.T) {
	with, without := built(t, contents(t, filepath.Join(cluster.Root(), kustomized))), built(t, buildWithout(t))
	const settings, credentials = "dev-settings-eu-hf678c7m2b", "dev-credentials-eu-ktgd2dtm65"
	for path, want := range map[string][2]any{ // with the configuration, and without it
		"Microservice dev-orders-eu spec image":                                                         {"registry.example.com/orders:1.4.2", "ghcr.io/acme/orders"},
		"Microservice dev-orders-eu spec imagePullSecrets 0 name":                                       {"dev-registry-eu-bm4mtdbm8c", "registry"},
		"Microservice dev-orders-eu spec serviceAccountName":                                            {"dev-robot-eu", "robot"},
		"Microservice dev-orders-eu spec env 0 valueFrom configMapKeyRef name":                          {settings, "settings"},
		"Microservice dev-orders-eu spec env 1 valueFrom secretKeyRef name":                             {credentials, "credentials"},
		"Microservice dev-orders-eu spec envFrom 0 configMapRef name":                                   {settings, "settings"},
		"Microservice dev-orders-eu spec envFrom 1 secretRef name":                                      {credentials, "credentials"},
		"Microservice dev-orders-eu spec dependencies 0 microservice name":                              {"dev-payments-eu", "payments"},
		"Microservice dev-orders-eu spec dependencies 0 name":                                           {"payments", "payments"},
		"Microservice dev-orders-eu spec dependencies 1 name":                                           {"audit", "audit"},
		"Microservice dev-orders-eu spec dependencies 2 microservice name":                              {"ledger", "ledger"},
		"Microservice dev-orders-eu spec dependencies 3 microservice name":                              {"payments", "payments"},
		"Microservice dev-orders-eu spec dependencies 3 microservice namespace":                         {"elsewhere", "elsewhere"},
		"Microservice dev-orders-eu spec dependencies 4 service name":                                   {"dev-postgres-eu", "postgres"},
		"Microservice dev-orders-eu spec podTemplate labels team":                                       {"shop", nil},
		"Microservice dev-orders-eu spec podTemplate annotations example.com/stage":                     {"dev", nil},
		"Microservice dev-orders-eu spec podTemplate spec volumes 0 configMap name":                     {settings, "settings"},
		"Microservice dev-orders-eu spec podTemplate spec volumes 1 secret secretName":                  {credentials, "credentials"},
		"Microservice dev-orders-eu spec podTemplate spec volumes 2 persistentVolumeClaim claimName":    {"dev-cache-eu", "cache"},
		"Microservice dev-orders-eu spec podTemplate spec volumes 3 projected sources 0 configMap name": {settings, "settings"},
		"Microservice dev-orders-eu spec podTemplate spec volumes 3 projected sources 1 secret name":    {credentials, "credentials"},
		"Microservice dev-orders-eu spec podTemplate spec containers 0 envFrom 0 configMapRef name":     {settings, "settings"},
		"Microservice dev-orders-eu spec podTemplate spec initContainers 0 envFrom 0 secretRef name":    {credentials, "credentials"},
		"Microservice dev-orders-eu spec podTemplate spec containers 0 image":                           {"ghcr.io/acme/proxy:2", "ghcr.io/acme/proxy:2"},
		"Ingress dev-shop-eu spec defaultBackend service name":                                          {"dev-orders-eu", "orders"},
		"Ingress dev-shop-eu spec rules 0 http paths 0 backend service name":                            {"dev-payments-eu", "payments"},
		"HTTPRoute dev-shop-eu spec rules 0 backendRefs 0 name":                                         {"dev-orders-eu", "orders"},
		"HorizontalPodAutoscaler dev-payments-eu spec scaleTargetRef name":                              {"dev-payments-eu", "payments"},
	} {
		if got := [2]any{at(t, with, path), at(t, without, path)}; got != want {
			t.Errorf("%s is %v with the configuration and %v without, want %v and %v", path, got[0], got[1], want[0], want[1])
		}
	}
}

// buildWithout builds a copy of the overlay that does not use our component. replicas would be refused.
func buildWithout(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "kustomize")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(cluster.Root(), overlay, ".."))); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "base", "kustomization.yaml"), "components:\n- "+component+"\n", "")
	if _, err := tool(t, "kustomize", "build", filepath.Join(dir, "overlay")); err == nil || !strings.Contains(err.Error(), "resource with name orders does not match") {
		t.Errorf("without the configuration kustomize takes replicas for a Microservice: %v", err)
	}
	replicas := "replicas:\n- name: orders\n  count: 3\n- name: payments\n  count: 2\n"
	rewrite(t, filepath.Join(dir, "overlay", "kustomization.yaml"), replicas, "")
	text, err := tool(t, "kustomize", "build", filepath.Join(dir, "overlay"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func rewrite(t *testing.T, path, old, replacement string) {
	t.Helper()
	text := contents(t, path)
	if !strings.Contains(text, old) {
		t.Fatalf("%s does not contain %q", path, old)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(text, old, replacement, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKustomizedMicroservicesAreAccepted(t *testing.T) {
	namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
	namespace.SetName("staging")
	if err := kube.Create(t.Context(), namespace); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, object := range built(t, contents(t, filepath.Join(cluster.Root(), kustomized))) {
		if object["kind"] == "Microservice" {
			seen++
			wanted := client.ApplyConfigurationFromUnstructured(&unstructured.Unstructured{Object: object})
			if err := kube.Apply(t.Context(), wanted, client.FieldOwner("kustomize"), client.DryRunAll); err != nil {
				t.Error(err)
			}
		}
	}
	if seen != 3 {
		t.Errorf("there are %d Microservices, want 3", seen)
	}
}

// built are the objects by kind and name.
func built(t *testing.T, text string) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for document := range strings.SplitSeq(text, "\n---\n") {
		object := map[string]any{}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			t.Fatal(err)
		}
		u := unstructured.Unstructured{Object: object}
		all[u.GetKind()+" "+u.GetName()] = object
	}
	return all
}

// at follows the words of the path, after kind and name.
func at(t *testing.T, objects map[string]map[string]any, path string) any {
	t.Helper()
	words := strings.Fields(path)
	object, there := objects[words[0]+" "+words[1]]
	if !there {
		t.Fatalf("there is no %s %s", words[0], words[1])
	}
	var node any = object
	for _, word := range words[2:] {
		switch inner := node.(type) {
		case map[string]any:
			node = inner[word]
		case []any:
			node = inner[word[0]-'0']
		}
	}
	return node
}
