package argocd_test

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/argocd"
)

// TestHealth reads health_test.yaml as Argo CD's own test does, and is stricter: scripts of argocd-cm have fewer
// libraries, and the numbers of live objects are integers.
func TestHealth(t *testing.T) {
	var cases healthTests
	content := read(t, filepath.Join(argocd.Folder(), "health_test.yaml"))
	if err := yaml.UnmarshalStrict([]byte(content), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.Tests) == 0 {
		t.Error("health_test.yaml is empty")
	}
	for _, tc := range cases.Tests {
		for name, object := range inputs(t, tc.InputPath) {
			t.Run(filepath.Base(tc.InputPath)+"/"+name, func(t *testing.T) {
				for _, openLibs := range []bool{false, true} {
					got := healthStatus{}
					var err error
					if got.Status, got.Message, err = argocd.Health(object, openLibs); err != nil {
						t.Fatal(err)
					}
					if got != tc.HealthStatus {
						t.Errorf("Health() = %+v, want %+v (open libraries: %t)", got, tc.HealthStatus, openLibs)
					}
				}
				if name == "integers" { // kstatus takes no others
					agree(t, object)
				}
			})
		}
	}
}

// Tools must not contradict each other, whatever the status is.
func TestHealthAgreesWithKstatus(t *testing.T) {
	for _, ready := range []string{"True", "False", "Unknown", ""} {
		for _, abnormal := range []string{"Reconciling", "Stalled", ""} {
			for _, paused := range []bool{true, false} {
				for _, generation := range []int64{4, 5} {
					if ready == "True" && abnormal != "" || ready == "" && abnormal == "" {
						continue // the first contradicts itself; of the second, kstatus knows nothing and says Current
					}
					name := fmt.Sprintf("Ready=%s %s paused=%t generation=%d", ready, abnormal, paused, generation)
					t.Run(name, func(t *testing.T) { agree(t, object(ready, abnormal, paused, generation)) })
				}
			}
		}
	}
}

func object(ready, abnormal string, paused bool, generation int64) map[string]any {
	conditions := []any{}
	if ready != "" {
		conditions = append(conditions, map[string]any{"type": "Ready", "status": ready, "reason": "R", "message": "m"})
	}
	if abnormal != "" {
		conditions = append(conditions, map[string]any{"type": abnormal, "status": "True", "reason": "R", "message": "m"})
	}
	return map[string]any{
		"apiVersion": "apps.microservice.dev/v1alpha1", "kind": "Microservice",
		"metadata": map[string]any{"namespace": "shop", "name": "web", "generation": generation},
		"spec":     map[string]any{"image": "web:1", "paused": paused},
		"status":   map[string]any{"observedGeneration": int64(4), "conditions": conditions},
	}
}

// agree says that Argo CD and kstatus mean the same.
func agree(t *testing.T, object map[string]any) {
	t.Helper()
	health, message, err := argocd.Health(object, false)
	if err != nil {
		t.Fatal(err)
	}
	if message == "" {
		t.Errorf("%s, and no word of why", health)
	}
	computed, err := status.Compute(&unstructured.Unstructured{Object: object})
	if err != nil {
		t.Fatal(err)
	}
	means := map[status.Status]string{
		status.CurrentStatus:     "Healthy",
		status.FailedStatus:      "Degraded",
		status.InProgressStatus:  "Progressing",
		status.TerminatingStatus: "Progressing",
	}
	want := means[computed.Status]
	paused, _, _ := unstructured.NestedBool(object, "spec", "paused") // what is missing is not paused
	if paused && health == "Suspended" && want != "Degraded" {
		return
	}
	if health != want {
		t.Errorf("Argo CD says %s and kstatus %s", health, computed.Status)
	}
}

func TestHealthWithoutStatus(t *testing.T) {
	for name, has := range map[string]any{
		"no status":     nil,
		"no conditions": map[string]any{"observedGeneration": int64(1)},
	} {
		t.Run(name, func(t *testing.T) {
			object := map[string]any{
				"metadata": map[string]any{"generation": int64(1)}, "spec": map[string]any{}, "status": has,
			}
			status, message, err := argocd.Health(object, false)
			if status != "Progressing" || message == "" || err != nil {
				t.Errorf("Health() = %s, %q, %v, want Progressing and why", status, message, err)
			}
		})
	}
}

// inputs are a file as Argo CD's test reads it, and as its controller would see the same object.
func inputs(t *testing.T, path string) map[string]map[string]any {
	t.Helper()
	content := []byte(read(t, filepath.Join(argocd.Folder(), path)))
	floats, integers := map[string]any{}, map[string]any{}
	raw, err := yaml.YAMLToJSONStrict(content)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(raw, &floats); err != nil {
		t.Fatal(err)
	}
	if err := utiljson.Unmarshal(raw, &integers); err != nil {
		t.Fatal(err)
	}
	return map[string]map[string]any{"floats": floats, "integers": integers}
}
