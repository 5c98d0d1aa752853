package main

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// The systems that are shipped can be read, and their objects and baselines be made.
func TestSystems(t *testing.T) {
	paths, err := filepath.Glob("systems/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range paths {
		if filepath.Base(path) == "microservice.yaml" {
			continue // a template
		}
		system, err := readSystem("test/bench/" + path)
		if err != nil {
			t.Error(err)
			continue
		}
		if _, _, err := system.command(commandValues{}); err != nil {
			t.Error(err)
		}
		objects, err := system.objects([]string{"a", "b"}, 3, 5)
		if err != nil || len(objects) != 2 || objects[0].GetNamespace() != "b" || objects[1].GetName() != "m00004" {
			t.Errorf("%s: %v, %v", path, objects, err)
			continue
		}
		if children, err := childrenOf(objects[0]); err != nil || len(children) != len(system.Children) {
			t.Errorf("%s: %d children, %v", path, len(children), err)
		}
	}
}

// complete is a system file with what is required and more.
const complete = `
name: other
command: ['{{.Self}}', '--namespaces={{.Namespaces}}']
clusterRoles: [other, other-events]
template: test/bench/systems/microservice.yaml
children: [deployments]
`

func readText(t *testing.T, text string) (*System, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return readSystem(path)
}

// What is wrong in a system file is named, with its value and the cure.
func TestSystemIsValidated(t *testing.T) {
	for name, c := range map[string]struct {
		more, want string
	}{
		"complete":              {"", ""},
		"a field nobody knows":  {"clusterRole: other", `unknown field "clusterRole"`},
		"ready without a value": {"ready: {path: status.phase}", "ready.value is empty"},
		"a patience":            {"patience: 90s", ""},
		"patience in words":     {"patience: a while", `patience is "a while": write a time above 0 such as 90s`},
		"no patience":           {"patience: 0s", `patience is "0s"`},
	} {
		s, err := readText(t, complete+c.more)
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if want := map[string]time.Duration{"complete": time.Minute, "a patience": 90 * time.Second}[name]; err == nil && s.patience != want {
			t.Errorf("%s: patience %s, want %s", name, s.patience, want)
		}
	}
	if _, err := readText(t, strings.Replace(complete, "clusterRoles: [other, other-events]", "", 1)); err == nil {
		t.Error("a system without rights is accepted")
	}
}

// Variables are templates as the command's words are, and either may give the port for pprof.
func TestVariablesAreTemplates(t *testing.T) {
	s, err := readText(t, complete+"env: ['PPROF=127.0.0.1:{{.PprofPort}}', PLAIN=x]")
	if err != nil {
		t.Fatal(err)
	}
	command, env, err := s.command(commandValues{PprofPort: 6060, Namespaces: "a,b"}, "--more")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"PPROF=127.0.0.1:6060", "PLAIN=x"}; !slices.Equal(env, want) {
		t.Errorf("env is %q, want %q", env, want)
	}
	if got := fmt.Sprint(command[1:]); got != "[--namespaces=a,b --more]" {
		t.Errorf("arguments are %s", got)
	}
	if !s.pprof() {
		t.Error("a port for pprof in a variable is not seen")
	}
	if s.Env = nil; s.pprof() {
		t.Error("a system without a port for pprof has one")
	}
}

// The example in the documentation can be read, and has every field.
func TestExampleOfASystem(t *testing.T) {
	raw, err := os.ReadFile("../../docs/contributing/performance/README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(raw), "```yaml\nname: other\n")
	example, _, _ = strings.Cut("name: other\n"+example, "```")
	s, err := readText(t, strings.Replace(example, "/opt/other/app.yaml", "test/bench/systems/microservice.yaml", 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.command(commandValues{}); err != nil {
		t.Error(err)
	}
	fields := map[string]any{}
	if err := yaml.Unmarshal([]byte(example), &fields); err != nil {
		t.Fatal(err)
	}
	for _, of := range []struct {
		kind   reflect.Type
		fields any
	}{{reflect.TypeFor[System](), fields}, {reflect.TypeFor[Ready](), fields["ready"]}} {
		for i := range of.kind.NumField() {
			name, _, _ := strings.Cut(of.kind.Field(i).Tag.Get("json"), ",")
			if _, found := of.fields.(map[string]any)[name]; name != "" && !found {
				t.Errorf("the example has no %s", name)
			}
			if name != "" && !strings.Contains(string(raw), "`"+name+"`") && !strings.Contains(string(raw), "`ready."+name+"`") {
				t.Errorf("the table has no %s", name)
			}
		}
	}
}
