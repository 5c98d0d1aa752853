package gitops_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

const merged = "test/gitops/testdata/kustomize/merge"

// TestKustomizeMerges: with config/kustomize/merge, a patch changes the entry of a list that has its name, and leaves the others.
// Deployments are merged as before.
func TestKustomizeMerges(t *testing.T) {
	got, err := tool(t, "kustomize", "build", merged+"/overlay")
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join(cluster.Root(), merged, "golden.yaml"), got)
	inside, err := exec.Command(cluster.Program("kubectl"), "kustomize", filepath.Join(cluster.Root(), merged, "overlay")).Output()
	if err != nil || string(inside) != got {
		t.Errorf("kubectl kustomize builds something else (%v):\n%s", err, inside)
	}
	dir := filepath.Join(t.TempDir(), "merge")
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(cluster.Root(), merged))); err != nil {
		t.Fatal(err)
	}
	rewrite(t, filepath.Join(dir, "overlay", "kustomization.yaml"), "components:\n- ../../../../../../config/kustomize/merge\n", "")
	without, err := tool(t, "kustomize", "build", filepath.Join(dir, "overlay"))
	if err != nil {
		t.Fatal(err)
	}
	with, replaced := strings.Split(got, "\n---\n"), strings.Split(without, "\n---\n")
	for i, same := range []bool{true, true, false} { // ClusterRole, Deployment, Microservice
		if (with[i] == replaced[i]) != same {
			t.Errorf("without the component this is the same: %t, want %t:\n%s", !same, same, replaced[i])
		}
	}
}
