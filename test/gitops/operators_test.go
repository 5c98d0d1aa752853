package gitops_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// kinds of objects that a namespaced install may have: whoever may write in its namespaces may install it.
var namespacedKinds = []string{"Deployment", "PodDisruptionBudget", "Role", "RoleBinding", "ServiceAccount"}

func TestNamespacedInstalls(t *testing.T) {
	own := t.TempDir()
	relative, err := filepath.Rel(own, filepath.Join(cluster.Root(), "config", "namespaced"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(own, "kustomization.yaml"), []byte("namespace: shop\nresources:\n- "+relative+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	samples := filepath.Join(cluster.Root(), "config", "samples", "several-operators")
	seen := map[string]string{}
	for folder, want := range map[string]struct{ account, namespaces string }{
		own:                                {"shop/microservice-operator-controller-manager", "shop"},
		filepath.Join(samples, "shop"):     {"microservice-operator-system/microservice-operator-controller-manager-shop", "microservice-operator-system shop shop-test"},
		filepath.Join(samples, "accounts"): {"microservice-operator-system/microservice-operator-controller-manager-accounts", "accounts microservice-operator-system"},
	} {
		var namespaces []string
		for _, object := range objectsOf(t, folder) {
			if !slices.Contains(namespacedKinds, object.GetKind()) {
				t.Errorf("%s has a %s", folder, object.GetKind())
			}
			namespaces = append(namespaces, object.GetNamespace())
			name := object.GetKind() + " " + object.GetNamespace() + "/" + object.GetName()
			if other, found := seen[name]; found {
				t.Errorf("%s and %s both have %s", folder, other, name)
			}
			seen[name] = folder
			if account := accountOf(object); account != "" && account != want.account {
				t.Errorf("%s is for %s, want %s", name, account, want.account)
			}
			dryRun(t, object)
		}
		slices.Sort(namespaces)
		if got := strings.Join(slices.Compact(namespaces), " "); got != want.namespaces {
			t.Errorf("%s is in the namespaces %s, want %s", folder, got, want.namespaces)
		}
	}
}

// The lease that the manager asks for is the one that its Role names, and no pod is selected by two Deployments.
func TestOperatorsSideBySide(t *testing.T) {
	selectors := map[string]string{}
	for _, name := range []string{"shop", "accounts"} {
		lease := name + ".apps.microservice.dev"
		for _, object := range objectsOf(t, filepath.Join(cluster.Root(), "config", "samples", "several-operators", name)) {
			text, _ := yaml.Marshal(object.Object) // what it cannot write has no words
			switch {
			case object.GetKind() == "Deployment":
				selector, _, _ := unstructured.NestedStringMap(object.Object, "spec", "selector", "matchLabels")
				selectors[selector["app.kubernetes.io/instance"]] = name
				if !strings.Contains(string(text), "--leader-election-id="+lease+"\n") {
					t.Errorf("%s does not ask for the lease %s", object.GetName(), lease)
				}
			case strings.Contains(object.GetName(), "leader-election-role-"):
				if !strings.Contains(string(text), "resourceNames:\n  - "+lease+"\n") {
					t.Errorf("%s does not allow the lease %s", object.GetName(), lease)
				}
			}
		}
	}
	if diff := cmp.Diff(map[string]string{"shop": "shop", "accounts": "accounts"}, selectors); diff != "" {
		t.Errorf("selectors (-want +got):\n%s", diff)
	}
}

// What is installed once has the roles of users, and binds nothing to anybody.
func TestWhatBelongsToTheCluster(t *testing.T) {
	var got []string
	for _, object := range objectsOf(t, filepath.Join(cluster.Root(), "config", "namespaced", "cluster")) {
		got = append(got, object.GetKind()+" "+object.GetName())
		dryRun(t, object)
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{
		"ClusterRole microservice-operator-metrics-auth-role",
		"ClusterRole microservice-operator-metrics-reader",
		"ClusterRole microservice-operator-microservice-admin-role",
		"ClusterRole microservice-operator-microservice-editor-role",
		"ClusterRole microservice-operator-microservice-viewer-role",
		"CustomResourceDefinition microservices.apps.microservice.dev",
	}, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

// objectsOf builds a folder with kustomize, and expects that kubectl builds the same.
func objectsOf(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	text, err := tool(t, "kustomize", "build", folder)
	if err != nil {
		t.Fatal(err)
	}
	inside, err := exec.Command(cluster.Program("kubectl"), "kustomize", folder).Output()
	if err != nil {
		t.Fatal("kubectl kustomize:", err)
	}
	if diff := cmp.Diff(text, string(inside)); diff != "" {
		t.Errorf("kubectl kustomize builds something else (-kustomize +kubectl):\n%s", diff)
	}
	var all []*unstructured.Unstructured
	for document := range strings.SplitSeq(text, "\n---\n") {
		object := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(document), &object.Object); err != nil {
			t.Fatal(err)
		}
		all = append(all, object)
	}
	return all
}

// accountOf is the ServiceAccount that an object is, or is for.
func accountOf(o *unstructured.Unstructured) string {
	switch o.GetKind() {
	case "ServiceAccount":
		return o.GetNamespace() + "/" + o.GetName()
	case "Deployment":
		name, _, _ := unstructured.NestedString(o.Object, "spec", "template", "spec", "serviceAccountName")
		return o.GetNamespace() + "/" + name
	case "RoleBinding":
		subjects, _, _ := unstructured.NestedSlice(o.Object, "subjects")
		subject := subjects[0].(map[string]any)
		return subject["namespace"].(string) + "/" + subject["name"].(string)
	}
	return ""
}

// dryRun asks the server whether it would take the object. Its namespace is there.
func dryRun(t *testing.T, object *unstructured.Unstructured) {
	t.Helper()
	if name := object.GetNamespace(); name != "" {
		namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
		namespace.SetName(name)
		if err := client.IgnoreAlreadyExists(kube.Create(t.Context(), namespace)); err != nil {
			t.Fatal(err)
		}
	}
	wanted := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
	if err := kube.Apply(t.Context(), wanted, client.FieldOwner("kustomize"), client.ForceOwnership, client.DryRunAll); err != nil {
		t.Errorf("the server refuses %s %s: %v", object.GetKind(), object.GetName(), err)
	}
}
