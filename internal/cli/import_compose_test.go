package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

const shop = `services:
  web:
    image: example.com/web:${TAG}
    environment: {API: "http://api:8080", MISSING: "${NOBODY_SETS_THIS}"}
    volumes: ["./folder.d:/folder", "./new.conf:/new.conf", "./there:/there"]
  api: {image: "example.com/api:1", profiles: [extra], ulimits: {nofile: 5}}
`

// runIn runs the plugin in a folder with these files.
func runIn(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	var out, errOut bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &errOut}
	code = Run(t.Context(), streams, append([]string{"kubectl-msvc", "import", "compose"}, args...))
	return code, out.String(), errOut.String()
}

func TestImportCompose(t *testing.T) {
	files := map[string]string{"compose.yaml": shop, ".env": "TAG=7\n", "other.env": "TAG=8\n", "there": "a file", "over.yaml": "services: {api: {image: \"example.com/api:2\"}}"}
	for name, tc := range map[string]struct {
		args   []string
		code   int
		stdout []string
		stderr []string
		absent []string
	}{
		"the files of this folder": {nil, ExitOK,
			[]string{"image: example.com/web:7", "name: api", "port: 8080", "name: web-files", "subPath: new.conf", "subPath: there"},
			[]string{"project.file: The \"NOBODY_SETS_THIS\" variable is not set", "/folder instead of ./folder.d", "Converted 2 of 2 services."}, nil},
		"a profile":         {[]string{"--profile=none"}, ExitOK, []string{"name: web"}, []string{"Converted 1 of 1 services."}, []string{"name: api"}},
		"another .env":      {[]string{"--env-file=other.env"}, ExitOK, []string{"example.com/web:8"}, nil, nil},
		"several files":     {[]string{"-f", "compose.yaml", "-f", "over.yaml"}, ExitOK, []string{"example.com/api:2"}, nil, []string{"example.com/api:1"}},
		"strict":            {[]string{"--strict"}, ExitNo, []string{"name: web"}, []string{"api.ulimits: no counterpart"}, nil},
		"an unknown format": {[]string{"-o", "xml"}, ExitUsage, nil, []string{`--output="xml": must be one of yaml, json`}, nil},
		"no such file":      {[]string{"-f", "nowhere.yaml"}, ExitUsage, nil, []string{"nowhere.yaml"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runIn(t, files, tc.args...)
			if code != tc.code {
				t.Errorf("exit code %d, want %d: %s", code, tc.code, stderr)
			}
			for _, want := range tc.stdout {
				if !strings.Contains(stdout, want) {
					t.Errorf("stdout does not say %q:\n%s", want, stdout)
				}
			}
			for _, want := range tc.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("stderr does not say %q:\n%s", want, stderr)
				}
			}
			for _, not := range tc.absent {
				if strings.Contains(stdout, not) {
					t.Errorf("stdout says %q:\n%s", not, stdout)
				}
			}
		})
	}
}

// The words are those of the loader, and nothing is printed.
func TestImportComposeRefusesBadFiles(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"an unknown key":     {"services: {web: {imagee: a}}", "imagee"},
		"no YAML":            {"a: b: c", "mapping values"},
		"an unknown service": {"services: {web: {image: a, depends_on: [nobody]}}", `depends on undefined service "nobody"`},
		"a missing env_file": {"services: {web: {image: a, env_file: nowhere.env}}", "nowhere.env"},
		"names that collide": {"services: {a_b: {image: a}, a-b: {image: a}}", "rename one of them in the Compose file"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := runIn(t, map[string]string{"compose.yaml": tc.file})
			if code != ExitUsage || !strings.Contains(stderr, tc.want) || stdout != "" {
				t.Errorf("exit code %d, stdout %q, stderr %q", code, stdout, stderr)
			}
		})
	}
}

// JSON has the Microservices and the report, and nothing is beside it.
func TestImportComposeAsJSON(t *testing.T) {
	code, stdout, stderr := runIn(t, map[string]string{"compose.yaml": shop}, "-o", "json", "-n", "shop")
	if code != ExitOK || stderr != "" {
		t.Fatalf("exit code %d, stderr %q", code, stderr)
	}
	var answer struct {
		Microservices []map[string]any `json:"microservices"`
		Report        []struct{ Service, Key, Kind, Message string }
	}
	if err := json.Unmarshal([]byte(stdout), &answer); err != nil {
		t.Fatal(err)
	}
	if len(answer.Microservices) != 2 || len(answer.Report) == 0 || answer.Report[0].Service != "api" || answer.Report[0].Kind == "" {
		t.Errorf("%s", stdout)
	}
	file := filepath.Join(t.TempDir(), "shop.json")
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "List", "items": answer.Microservices})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	all, err := (&manifest.Reader{}).Read(file)
	if err != nil || len(all) != 2 || all[0].Namespace != "shop" {
		t.Errorf("%d Microservices, %v", len(all), err)
	}
}

// What the API server would refuse is left out, and named with the field.
func TestImportComposeLeavesOutWhatIsRefused(t *testing.T) {
	file := "services:\n  small: {image: a}\n  big:\n    image: a\n    environment:\n"
	for i := range 257 {
		file += fmt.Sprintf("      A%d: b\n", i)
	}
	code, stdout, stderr := runIn(t, map[string]string{"compose.yaml": file})
	if code != ExitNo || strings.Contains(stdout, "name: big") || !strings.Contains(stdout, "name: small") {
		t.Errorf("exit code %d", code)
	}
	if !strings.Contains(stderr, "big.service: the Microservice was left out, because it would be refused: spec.env: Too many") {
		t.Error(stderr)
	}
}
