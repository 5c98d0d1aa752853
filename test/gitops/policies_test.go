package gitops_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// kustomizations are the examples of a guide that are a kustomization.yaml.
var kustomizations = regexp.MustCompile("(?ms)^```yaml\n# kustomization.yaml\n(.*?)^```$")

// TestPoliciesInAnOverlay builds the overlays of the guide from this repository, and has the API server take them.
func TestPoliciesInAnOverlay(t *testing.T) {
	const remote = "https://github.com/microservice-dev/microservice-operator//config/policies"
	examples := kustomizations.FindAllStringSubmatch(contents(t, filepath.Join(cluster.Root(), "docs/how-to/set-policies.md")), -1)
	for i, want := range [][]string{
		{"docker.io/acme/"},
		{"env: production", "- Warn"},
	} {
		if i >= len(examples) {
			t.Fatalf("the guide has %d overlays", len(examples))
		}
		dir := t.TempDir()
		if err := os.CopyFS(filepath.Join(dir, "policies"), os.DirFS(filepath.Join(cluster.Root(), "config", "policies"))); err != nil {
			t.Fatal(err)
		}
		text := strings.NewReplacer(remote, "policies", "?ref=main", "").Replace(examples[i][1])
		if err := os.WriteFile(filepath.Join(dir, "kustomization.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		built, err := tool(t, "kustomize", "build", dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, words := range want {
			if !strings.Contains(built, words) {
				t.Errorf("overlay %d lacks %q:\n%s", i, words, built)
			}
		}
		if said, err := server.Kubectl("apply", "--dry-run=server", "-k", dir); err != nil || strings.Contains(said, "Warning") {
			t.Errorf("overlay %d: %s, %v", i, said, err)
		}
	}
}
