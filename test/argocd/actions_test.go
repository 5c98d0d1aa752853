package argocd_test

import (
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/argocd"
)

// actionTests is action_test.yaml, as Argo CD's own test reads it.
type actionTests struct {
	DiscoveryTests []discoveryTest `json:"discoveryTests"`
	ActionTests    []actionTest    `json:"actionTests"`
}

type discoveryTest struct {
	InputPath string `json:"inputPath"`
	Result    []struct {
		Name        string `json:"name"`
		Disabled    bool   `json:"disabled"`
		IconClass   string `json:"iconClass"`
		DisplayName string `json:"displayName"`
	} `json:"result"`
}

type actionTest struct {
	Action             string `json:"action"`
	InputPath          string `json:"inputPath"`
	ExpectedOutputPath string `json:"expectedOutputPath"`
}

func actionCases(t *testing.T) actionTests {
	t.Helper()
	var cases actionTests
	content := read(t, filepath.Join(argocd.Folder(), "actions", "action_test.yaml"))
	if err := yaml.UnmarshalStrict([]byte(content), &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases.DiscoveryTests) == 0 || len(cases.ActionTests) == 0 {
		t.Fatal("action_test.yaml misses one of its lists")
	}
	return cases
}

func TestActions(t *testing.T) {
	for _, tc := range actionCases(t).DiscoveryTests {
		want := map[string]argocd.Action{}
		for _, r := range tc.Result {
			want[r.Name] = argocd.Action{Name: r.Name, Disabled: r.Disabled, IconClass: r.IconClass, DisplayName: r.DisplayName}
		}
		for name, object := range inputs(t, filepath.Join("actions", tc.InputPath)) {
			t.Run(filepath.Base(tc.InputPath)+"/"+name, func(t *testing.T) {
				for _, openLibs := range []bool{false, true} {
					got, err := argocd.Actions(object, openLibs)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("Actions() (-want +got):\n%s", diff)
					}
				}
			})
		}
	}
}

func TestAct(t *testing.T) {
	tested := map[string]bool{}
	for _, tc := range actionCases(t).ActionTests {
		tested[tc.Action] = true
		want := inputs(t, filepath.Join("actions", tc.ExpectedOutputPath))["floats"]
		for name, object := range inputs(t, filepath.Join("actions", tc.InputPath)) {
			t.Run(tc.Action+"/"+filepath.Base(tc.InputPath)+"/"+name, func(t *testing.T) {
				for _, openLibs := range []bool{false, true} {
					got, err := argocd.Act(tc.Action, object, openLibs)
					if err != nil {
						t.Fatal(err)
					}
					if tc.Action == "restart" {
						forgetTime(t, got)
					}
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("Act() (-want +got):\n%s", diff)
					}
				}
			})
		}
	}
	if got := slices.Sorted(maps.Keys(tested)); !slices.Equal(got, []string{"pause", "restart", "resume"}) {
		t.Errorf("tested are only %v", got)
	}
}

// forgetTime replaces the time of a restart, which has to be about now.
func forgetTime(t *testing.T, object map[string]any) {
	t.Helper()
	path := []string{"spec", "podTemplate", "annotations", restartedAt}
	said, _, _ := unstructured.NestedString(object, path...) // what is missing is no time, which the next line says
	at, err := time.Parse(time.RFC3339, said)
	if err != nil || time.Since(at).Abs() > time.Minute {
		t.Errorf("restarted at %q (%v), want now", said, err)
	}
	if err := unstructured.SetNestedField(object, someTime, path...); err != nil {
		t.Fatal(err)
	}
}
