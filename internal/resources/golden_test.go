package resources_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

// The children of testdata/CASE/microservice.yaml are those of testdata/CASE/children.yaml. The inputs are as the API
// server stores them, but for the defaults of the CRD: a case writes those that it is about. A case may have neighbours in
// testdata/CASE/neighbours.yaml, and differ from the default settings in testdata/CASE/settings.yaml.
func TestGolden(t *testing.T) {
	for name, in := range goldenInputs(t) {
		t.Run(name, func(t *testing.T) {
			golden.Compare(t, filepath.Join("testdata", name, "children.yaml"), encode(t, build(t, in)))
		})
	}
}

// These say the same to the builders, so an upgrade of the CRD's defaults restarts nothing. Consent without anybody who
// asks for it changes nothing, and pause is the business of others.
func TestGoldenCasesThatEqualMinimal(t *testing.T) {
	inputs := goldenInputs(t)
	want := encode(t, build(t, inputs["minimal"]))
	for _, name := range []string{"options-empty", "options-with-crd-defaults", "allowed-dependents", "paused", "tracing-disabled", "tracing-without-a-collector"} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, encode(t, build(t, inputs[name]))); diff != "" {
				t.Errorf("children differ from those of minimal (-minimal +%s):\n%s", name, diff)
			}
		})
	}
}

// goldenInputs are fresh copies of all inputs, by case. A field that the API does not know fails.
func goldenInputs(t testing.TB) map[string]resources.Input {
	t.Helper()
	folders, err := filepath.Glob("testdata/*")
	if err != nil || len(folders) == 0 {
		t.Fatalf("no testdata/*: %v", err)
	}
	inputs := make(map[string]resources.Input, len(folders))
	for _, folder := range folders {
		ms, settings := &v1alpha1.Microservice{}, resources.DefaultSettings()
		if !readInto(t, filepath.Join(folder, "microservice.yaml"), ms) {
			t.Fatalf("%s has no microservice.yaml", folder)
		}
		readInto(t, filepath.Join(folder, "settings.yaml"), &settings)
		neighbours := readNeighbours(t, filepath.Join(folder, "neighbours.yaml"))
		inputs[filepath.Base(folder)] = neighbours.around(ms, settings)
	}
	return inputs
}

// minimal is a fresh copy of the Microservice of that case.
func minimal(t testing.TB) *v1alpha1.Microservice {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	readInto(t, "testdata/minimal/microservice.yaml", ms)
	return ms
}

// alone is a Microservice without neighbours, with the default settings.
func alone(ms *v1alpha1.Microservice) resources.Input {
	return neighbours{}.around(ms, resources.DefaultSettings())
}

// readInto reads a file of one document, and reports whether it is there.
func readInto(t testing.TB, path string, object any) bool {
	t.Helper()
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.UnmarshalStrict(content, object); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return true
}

func build(t testing.TB, in resources.Input) *resources.Set {
	t.Helper()
	set, err := resources.For(in)
	if err != nil {
		t.Fatalf("building the children: %v", err)
	}
	return set
}

func encode(t testing.TB, set *resources.Set) string {
	t.Helper()
	var documents []string
	for _, child := range set.All() {
		content, err := yaml.Marshal(child)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(content))
	}
	return strings.Join(documents, "---\n")
}
