package gitops_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// kubeconform validates files or folders against the schemas, and counts the results.
func kubeconform(t *testing.T, paths ...string) (map[string]int, string) {
	t.Helper()
	text, err := tool(t, "kubeconform", append([]string{
		"-strict", "-ignore-missing-schemas", "-verbose", "-output=json", "-schema-location",
		"docs/schemas/{{.Group}}/{{.ResourceKind}}_{{.ResourceAPIVersion}}.json",
	}, paths...)...)
	var result struct{ Resources []struct{ Status string } }
	if decoding := json.Unmarshal([]byte(text), &result); decoding != nil {
		t.Fatalf("%v (%v)", decoding, err)
	}
	counts := map[string]int{}
	for _, resource := range result.Resources {
		counts[resource.Status]++
	}
	if (err == nil) != (counts["statusInvalid"]+counts["statusError"] == 0) {
		t.Errorf("the exit code (%v) is not what the results say: %v", err, counts)
	}
	return counts, text
}

func TestSamplesMatchTheSchema(t *testing.T) {
	counts, said := kubeconform(t, "config/samples", "test/gitops/testdata/kustomize/golden.yaml", examples(t))
	if counts["statusInvalid"]+counts["statusError"] > 0 || counts["statusValid"] < 25 {
		t.Errorf("%v\n%s", counts, said)
	}
}

// examples are the YAML blocks of the documentation that are whole objects, in a folder.
func examples(t *testing.T) string {
	t.Helper()
	dir, seen := t.TempDir(), 0
	fence := regexp.MustCompile("(?ms)^```yaml\n(.*?)^```$")
	for _, pattern := range []string{"README.md", "docs/*/*.md"} {
		pages, _ := filepath.Glob(filepath.Join(cluster.Root(), pattern)) // only a bad pattern fails
		for _, page := range pages {
			for _, block := range fence.FindAllStringSubmatch(contents(t, page), -1) {
				if !strings.Contains(block[1], "\nkind: Microservice\n") {
					continue
				}
				seen++
				name := filepath.Join(dir, strings.TrimSuffix(filepath.Base(page), ".md")+string(rune('a'+seen))+".yaml")
				if err := os.WriteFile(name, []byte(block[1]), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if seen < 5 {
		t.Errorf("only %d examples were found", seen)
	}
	return dir
}

func TestTheSchemaRefuses(t *testing.T) {
	const head = "apiVersion: apps.microservice.dev/v1alpha1\nkind: Microservice\n"
	for name, tc := range map[string]struct{ body, want string }{
		"a misspelt field":             {"metadata: {name: web}\nspec: {image: a, replica: 2}\n", "replica"},
		"a misspelt field of a list":   {"metadata: {name: web}\nspec: {image: a, ports: [{name: http, prot: 80}]}\n", "prot"},
		"a key that is there twice":    {"metadata: {name: web}\nspec: {image: a, image: b}\n", "image"},
		"a number for a text":          {"metadata: {name: web}\nspec: {image: 1}\n", "string"},
		"a missing field":              {"metadata: {name: web}\nspec: {}\n", "image"},
		"a port out of range":          {"metadata: {name: web}\nspec: {image: a, ports: [{name: http, port: 70000}]}\n", "65,535"},
		"a word that is not of a list": {"metadata: {name: web}\nspec: {image: a, rollout: {strategy: Canary}}\n", "Recreate"},
		"a list for a number or text":  {"metadata: {name: web}\nspec: {image: a, rollout: {maxSurge: [1]}}\n", "maxSurge"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "wrong.yaml")
			if err := os.WriteFile(path, []byte(head+tc.body), 0o600); err != nil {
				t.Fatal(err)
			}
			counts, said := kubeconform(t, path)
			if counts["statusInvalid"]+counts["statusError"] != 1 || !strings.Contains(said, tc.want) {
				t.Errorf("want a refusal that says %q, got\n%s", tc.want, said)
			}
		})
	}
}

func TestTheSchemaTakesNumbersAndTexts(t *testing.T) {
	path := filepath.Join(t.TempDir(), "right.yaml")
	object := `apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: web, labels: {a: b}}
spec:
  image: a
  rollout: {maxSurge: 25%, maxUnavailable: 1}
  resources: {requests: {cpu: 1, memory: 64Mi}}
  podTemplate: {spec: {whatever: {it: is}}}
`
	if err := os.WriteFile(path, []byte(object), 0o600); err != nil {
		t.Fatal(err)
	}
	if counts, said := kubeconform(t, path); counts["statusValid"] != 1 {
		t.Error(said)
	}
}
