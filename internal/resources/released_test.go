package resources_test

import (
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/golden"
)

// TestReleasedPodTemplates: an upgrade of the operator restarts nothing. The pod templates of the golden cases are, byte for byte, those
// of the last release, which `go test ./internal/resources -run Released -update` writes when there is a new one. A case that is younger
// has none.
func TestReleasedPodTemplates(t *testing.T) {
	compared := 0
	for name, in := range goldenInputs(t) {
		path := filepath.Join("released", name+".yaml")
		if _, err := os.Stat(path); err != nil && !golden.Updating() {
			continue
		}
		set := build(t, in)
		if set.Deployment == nil {
			continue
		}
		compared++
		t.Run(name, func(t *testing.T) {
			template, err := yaml.Marshal(set.Deployment.Spec.Template)
			if err != nil {
				t.Fatal(err)
			}
			golden.Compare(t, path, string(template))
		})
	}
	released, err := filepath.Glob("released/*.yaml")
	if err != nil || len(released) == 0 || len(released) != compared {
		t.Errorf("%d released pod templates, %d compared, %v: a case was removed or renamed", len(released), compared, err)
	}
}
