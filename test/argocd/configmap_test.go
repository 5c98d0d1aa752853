package argocd_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/argocd"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

const header = `# Generated from resource_customizations by: go test ./test/argocd -run TestGolden -update
# Without kustomize: kubectl patch configmap argocd-cm -n argocd --patch-file argocd-cm.yaml
`

// resourceActions is the value of resource.customizations.actions, as Argo CD reads it.
type resourceActions struct {
	Discovery   string             `json:"discovery.lua"`
	Definitions []actionDefinition `json:"definitions"`
}

type actionDefinition struct {
	Name   string `json:"name"`
	Action string `json:"action.lua"`
}

// customizations are what Argo CD's ConfigMap needs: the very scripts of the folder.
func customizations(t *testing.T) map[string]string {
	t.Helper()
	script := func(path ...string) string {
		return read(t, filepath.Join(append([]string{argocd.Folder()}, path...)...))
	}
	actions := resourceActions{Discovery: script("actions", "discovery.lua")}
	for _, name := range []string{"pause", "restart", "resume"} {
		actions.Definitions = append(actions.Definitions, actionDefinition{name, script("actions", name, "action.lua")})
	}
	// These change often and no sync or health follows from them. Argo CD 3 ignores all of status by default.
	ignored := map[string]any{"jsonPointers": []string{
		"/status/replicas", "/status/readyReplicas", "/status/updatedReplicas", "/status/availableReplicas",
		"/status/dependents", "/status/dependentCount",
	}}
	return map[string]string{
		"resource.customizations.health.apps.microservice.dev_Microservice":                script("health.lua"),
		"resource.customizations.actions.apps.microservice.dev_Microservice":               text(t, actions),
		"resource.customizations.ignoreResourceUpdates.apps.microservice.dev_Microservice": text(t, ignored),
	}
}

func text(t *testing.T, value any) string {
	t.Helper()
	content, err := yaml.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestGoldenConfigMap(t *testing.T) {
	golden.Compare(t, filepath.Join(cluster.Root(), "config", "argocd", "argocd-cm.yaml"), header+text(t, map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": "argocd-cm"},
		"data":     customizations(t),
	}))
}

func TestComponent(t *testing.T) {
	for _, overlay := range []string{"install", "namespaced"} {
		t.Run(overlay, func(t *testing.T) {
			folder := filepath.Join("test", "argocd", "testdata", overlay)
			build := exec.Command("go", "tool", "-modfile=go.tools.mod", "kustomize", "build", folder)
			build.Dir, build.Stderr = cluster.Root(), os.Stderr
			content, err := build.Output()
			if err != nil {
				t.Fatal(err)
			}
			var got corev1.ConfigMap
			if err := yaml.UnmarshalStrict(content, &got); err != nil {
				t.Fatal(err)
			}
			want := customizations(t)
			want["url"] = "https://argocd.example.com"
			if diff := cmp.Diff(want, got.Data); diff != "" || got.Namespace != "argocd" {
				t.Errorf("in namespace %q (-want +got):\n%s", got.Namespace, diff)
			}
		})
	}
}
