package resources_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

var update = flag.Bool("update", false, "write testdata/*/children.yaml instead of comparing with it")

// The children of testdata/CASE/microservice.yaml are those of testdata/CASE/children.yaml. The inputs are as the API
// server stores them, but for the defaults of the CRD: a case writes those that it is about.
func TestGolden(t *testing.T) {
	for name, ms := range goldenInputs(t) {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", name, "children.yaml")
			got := encode(t, build(t, ms))
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v; write it with: go test ./internal/resources -run TestGolden -update", err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("children differ from %s (-want +got):\n%s", path, diff)
			}
		})
	}
}

// These say the same to the builders, so an upgrade of the CRD's defaults restarts nothing. Dependencies, consent and
// pause are the business of others.
func TestGoldenCasesThatEqualMinimal(t *testing.T) {
	inputs := goldenInputs(t)
	want := encode(t, build(t, inputs["minimal"]))
	for _, name := range []string{
		"options-empty", "options-with-crd-defaults", "allowed-dependents", "dependencies", "paused",
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(want, encode(t, build(t, inputs[name]))); diff != "" {
				t.Errorf("children differ from those of minimal (-minimal +%s):\n%s", name, diff)
			}
		})
	}
}

// goldenInputs are fresh copies of all inputs, by case. A field that the API does not know fails.
func goldenInputs(t testing.TB) map[string]*v1alpha1.Microservice {
	t.Helper()
	paths, err := filepath.Glob("testdata/*/microservice.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no testdata/*/microservice.yaml: %v", err)
	}
	inputs := make(map[string]*v1alpha1.Microservice, len(paths))
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		ms := &v1alpha1.Microservice{}
		if err := yaml.UnmarshalStrict(content, ms); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		inputs[filepath.Base(filepath.Dir(path))] = ms
	}
	return inputs
}

func build(t testing.TB, ms *v1alpha1.Microservice) *resources.Set {
	t.Helper()
	return buildWith(t, ms, resources.Links{})
}

func buildWith(t testing.TB, ms *v1alpha1.Microservice, links resources.Links) *resources.Set {
	t.Helper()
	set, err := resources.For(resources.Input{Microservice: ms, Settings: resources.DefaultSettings(), Links: links})
	if err != nil {
		t.Fatalf("building the children: %v", err)
	}
	return set
}

// children are those that are wanted, in a fixed order.
func children(set *resources.Set) []any {
	var all []any
	if set.ServiceAccount != nil {
		all = append(all, set.ServiceAccount)
	}
	if set.NetworkPolicy != nil {
		all = append(all, set.NetworkPolicy)
	}
	if set.Service != nil {
		all = append(all, set.Service)
	}
	if set.DisruptionBudget != nil {
		all = append(all, set.DisruptionBudget)
	}
	if set.Deployment != nil {
		all = append(all, set.Deployment)
	}
	if set.Autoscaler != nil {
		all = append(all, set.Autoscaler)
	}
	return all
}

func encode(t testing.TB, set *resources.Set) string {
	t.Helper()
	var documents []string
	for _, child := range children(set) {
		content, err := yaml.Marshal(child)
		if err != nil {
			t.Fatal(err)
		}
		documents = append(documents, string(content))
	}
	return strings.Join(documents, "---\n")
}
