package gitops_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const automation = "config/samples/image-automation"

// TestSetters: what marks a field for Flux is a comment behind it, and names an ImagePolicy. A comment on another line, or one that
// a formatter has broken, is ignored without a word: https://fluxcd.io/flux/guides/image-update/
func TestSetters(t *testing.T) {
	policies := contents(t, filepath.Join(cluster.Root(), automation, "flux.yaml"))
	want := map[string][]string{
		"orders.yaml":        {"spec", "image"},
		"kustomization.yaml": {"images", "0", "newTag"},
	}
	for file, path := range want {
		comment := strings.TrimPrefix(commentAt(t, filepath.Join(cluster.Root(), automation, file), path...), "# ")
		var setter map[string]string
		if err := json.Unmarshal([]byte(comment), &setter); err != nil {
			t.Fatalf("%s: %q behind %v is no setter: %v", file, comment, path, err)
		}
		part := strings.Split(setter["$imagepolicy"], ":")
		if len(part) < 2 || !strings.Contains(policies, "kind: ImagePolicy\nmetadata:\n  name: "+part[1]+"\n  namespace: "+part[0]+"\n") {
			t.Errorf("%s: flux.yaml has no policy %v", file, part)
		}
	}
}

// commentAt returns the comment behind the value at a path in a file.
func commentAt(t *testing.T, file string, path ...string) string {
	t.Helper()
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(contents(t, file)), &document); err != nil {
		t.Fatal(err)
	}
	node := document.Content[0]
	for _, key := range path {
		if node = child(node, key); node == nil {
			t.Fatalf("%s has nothing at %v", file, path)
		}
	}
	return node.LineComment
}

// child returns the value of a key, or the first item of a list, nil if there is none.
func child(node *yaml.Node, key string) *yaml.Node {
	if node.Kind == yaml.SequenceNode {
		return node.Content[0]
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		if node.Content[i].Value == key {
			return node.Content[i+1]
		}
	}
	return nil
}

// TestSetImage: what writes the images of a kustomization, as Argo CD Image Updater does, changes spec.image.
func TestSetImage(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(filepath.Join(cluster.Root(), "config"))); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(dir, "samples", "image-automation")
	program, err := tool(t, "-n", "kustomize")
	if err != nil {
		t.Fatal(err)
	}
	edit := exec.Command(strings.TrimSpace(program), "edit", "set", "image", "ghcr.io/acme/orders=ghcr.io/acme/orders:1.5.0")
	edit.Dir = folder
	if said, err := edit.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	built, err := tool(t, "kustomize", "build", folder)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(built, "\n  image: ghcr.io/acme/orders:1.5.0\n") {
		t.Errorf("spec.image has not changed:\n%s", built)
	}
}
