package compose_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/microservice-dev/microservice-operator/internal/compose"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

// Each testdata/CASE/compose.yaml becomes microservices.yaml and report.txt beside it. The Microservices are valid, and the operator
// builds their objects.
func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/compose.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no testdata/*/compose.yaml: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) {
			result := convert(t, load(t, file))
			var text, report strings.Builder
			for i := range result.Microservices {
				mustBeValid(t, &result.Microservices[i])
				document, err := result.Microservices[i].YAML()
				if err != nil {
					t.Fatal(err)
				}
				text.WriteString("---\n" + string(document))
			}
			for _, f := range result.Findings {
				report.WriteString(string(f.Kind) + " " + f.String() + "\n")
			}
			golden.Compare(t, filepath.Join(filepath.Dir(file), "microservices.yaml"), text.String())
			golden.Compare(t, filepath.Join(filepath.Dir(file), "report.txt"), report.String())
			if strings.Contains(text.String()+report.String(), "unseen") {
				t.Error("a secret value was printed")
			}
		})
	}
}

// load loads a project without the variables of this process.
func load(t *testing.T, file string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithEnvFiles(), cli.WithDotEnv, cli.WithProfiles([]string{"*"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

// loadText loads a project of one file. Beside it is a.env.
func loadText(t *testing.T, text string) *types.Project {
	t.Helper()
	folder := t.TempDir()
	file := filepath.Join(folder, "compose.yaml")
	if err := errors.Join(os.WriteFile(file, []byte(text), 0o644), os.WriteFile(filepath.Join(folder, "a.env"), []byte("A=b"), 0o644)); err != nil {
		t.Fatal(err)
	}
	return load(t, file)
}

func convert(t *testing.T, project *types.Project) *compose.Result {
	t.Helper()
	result, err := compose.Convert(project, compose.Options{IsFile: func(path string) bool { return filepath.Ext(path) != "" }})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

var schemaOnce = sync.OnceValues(manifest.NewSchema)

// mustBeValid fails if the API server or the operator would refuse the Microservice.
func mustBeValid(t *testing.T, m *compose.Microservice) {
	t.Helper()
	schema, err := schemaOnce()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	if err := schema.Check(object); err != nil {
		t.Errorf("%s: %v", m.Name, err)
	}
	if _, err := resources.For(resources.Input{Microservice: m.Microservice, Settings: resources.DefaultSettings()}); err != nil {
		t.Errorf("%s: %v", m.Name, err)
	}
}
