package argocd_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
	"github.com/microservice-dev/microservice-operator/test/argocd"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

// healthTests is health_test.yaml, as Argo CD's own test reads it.
type healthTests struct {
	Tests []healthTest `json:"tests"`
}

type healthTest struct {
	InputPath    string       `json:"inputPath"`
	HealthStatus healthStatus `json:"healthStatus"`
}

type healthStatus struct {
	Status  string `json:"status"`
	Message string `json:"message,omitempty"`
}

// The files are what the operator writes, for otherwise a test of the script would prove nothing.
func TestGoldenHealth(t *testing.T) {
	var expected healthTests
	wanted := map[string]bool{}
	all := situations()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		s := all[name]
		path := filepath.Join("testdata", name+".yaml")
		wanted[path] = true
		goldenYAML(t, path, live(t, name, s))
		expected.Tests = append(expected.Tests, healthTest{path, healthStatus{s.want, message(name, s)}})
	}
	goldenYAML(t, "health_test.yaml", expected)

	files, _ := filepath.Glob(filepath.Join(argocd.Folder(), "testdata", "*")) // only a bad pattern fails
	for _, f := range files {
		if path := filepath.Join("testdata", filepath.Base(f)); !wanted[path] {
			t.Errorf("%s is of no situation: remove it", path)
		}
	}
}

// The input and output of an action: the spec changes, and the status is not read.
func TestGoldenActions(t *testing.T) {
	changes := map[string][]func(*v1alpha1.Microservice){
		"running":             {},
		"running_paused":      {paused},
		"running_restarted":   {restarted},
		"annotated":           {annotated},
		"annotated_restarted": {annotated, restarted},
	}
	for name, change := range changes {
		ms := before(microservice(), written(deployment()))
		for _, c := range change {
			c(ms)
		}
		goldenYAML(t, filepath.Join("actions", "testdata", name+".yaml"), asMap(t, ms))
	}
}

// live is the object as kubectl shows it.
func live(t *testing.T, name string, s situation) map[string]any {
	t.Helper()
	ms := s.ms.DeepCopy()
	switch name {
	case "not_yet_seen":
	case "edited":
		ms.Generation++
		ms.Spec.Image = "ghcr.io/acme/web:1.5.0"
	default:
		ms.Status = status.Compute(ms, s.seen, now)
	}
	object := asMap(t, ms)
	if name == "not_yet_seen" {
		object["status"] = map[string]any{"observedGeneration": -1} // the CRD's default
	}
	return object
}

// message is what a person reads in Argo CD: the words of Ready, but for three situations.
func message(name string, s situation) string {
	switch name {
	case "not_yet_seen", "edited":
		return "Waiting for the operator to look at this spec"
	case "being_deleted":
		return "Pending deletion"
	}
	ready := meta.FindStatusCondition(status.Compute(s.ms, s.seen, now).Conditions, v1alpha1.ConditionReady)
	if s.want == "Suspended" && ready.Reason != v1alpha1.ReasonPaused {
		return "Paused. " + ready.Message
	}
	return ready.Message
}

// goldenYAML compares with a file below the folder, or rewrites it.
func goldenYAML(t *testing.T, path string, want any) {
	t.Helper()
	content, err := yaml.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	golden.Compare(t, filepath.Join(argocd.Folder(), path), string(content))
}

func read(t *testing.T, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func bytes(t *testing.T, value any) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func asMap(t *testing.T, value any) map[string]any {
	t.Helper()
	object := map[string]any{}
	if err := json.Unmarshal(bytes(t, value), &object); err != nil {
		t.Fatal(err)
	}
	return object
}
