// Package docs_test holds the documentation to its word: examples are accepted by a real API server, links lead somewhere,
// commands exist, and every reason of the status is explained.
package docs_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// page is one file of the documentation.
type page struct {
	path, text string
}

// fence is a fenced block: its indentation, its language and its content.
var fence = regexp.MustCompile("(?ms)^( *)```([a-z]*)\n(.*?)^ *```$")

// examples are the YAML blocks, without the indentation of a list item around them.
func (p page) examples() []string {
	var found []string
	for _, m := range fence.FindAllStringSubmatch(p.text, -1) {
		if m[2] == "yaml" {
			found = append(found, regexp.MustCompile("(?m)^"+m[1]).ReplaceAllString(m[3], ""))
		}
	}
	return found
}

func pages(t *testing.T) []page {
	t.Helper()
	var all []page
	for _, folder := range []string{"README.md", "SCOPE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "charts", "docs", "test"} {
		before := len(all)
		err := filepath.WalkDir(filepath.Join(cluster.Root(), folder), func(path string, _ fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".md" {
				all = append(all, page{path: path, text: contents(t, path)})
			}
			return err
		})
		if err != nil || len(all) == before {
			t.Fatalf("%s has no page (%v)", folder, err)
		}
	}
	return all
}

// objects are the objects of a block; a block without a kind is a fragment and has none.
func objects(t *testing.T, block string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(block)))
	for {
		raw, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		var content any
		if err := yaml.UnmarshalStrict(raw, &content); err != nil {
			t.Errorf("not YAML: %v\n%s", err, raw)
		}
		object, ok := content.(map[string]any)
		if !ok || object["kind"] == nil {
			continue
		}
		all = append(all, &unstructured.Unstructured{Object: object})
	}
}

func TestExamples(t *testing.T) {
	kube := startCluster(t)
	seen := 0
	for _, p := range pages(t) {
		for _, block := range p.examples() {
			for _, object := range objects(t, block) {
				seen++
				t.Run(filepath.Base(p.path)+"/"+object.GetKind()+"/"+object.GetName(), func(t *testing.T) {
					apply(t, kube, object)
					applyChildren(t, kube, object)
				})
			}
		}
	}
	if seen == 0 {
		t.Error("no example was found")
	}
}

func startCluster(t *testing.T) client.Client {
	t.Helper()
	server := startWithForeignKinds(t)
	kube, err := cluster.NewStrictClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	return kube
}

// apply asks the server whether it would take the object. Its namespace is there, as it is for the reader.
func apply(t *testing.T, kube client.Client, object *unstructured.Unstructured) {
	t.Helper()
	ctx := context.Background()
	if object.GetNamespace() == "" && object.GetKind() != "Namespace" {
		object.SetNamespace("default")
	}
	if name := object.GetNamespace(); name != "" {
		namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
		namespace.SetName(name)
		if err := client.IgnoreAlreadyExists(kube.Create(ctx, namespace)); err != nil {
			t.Fatal(err)
		}
	}
	wanted := client.ApplyConfigurationFromUnstructured(object.DeepCopy())
	if err := kube.Apply(ctx, wanted, client.FieldOwner("docs"), client.ForceOwnership, client.DryRunAll); err != nil {
		t.Errorf("the server refuses %s %s: %v", object.GetKind(), object.GetName(), err)
	}
}

// applyChildren looks where the CRD cannot: a podTemplate has no schema.
func applyChildren(t *testing.T, kube client.Client, object *unstructured.Unstructured) {
	t.Helper()
	if object.GetKind() != "Microservice" {
		return
	}
	ms := &v1alpha1.Microservice{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, ms); err != nil {
		t.Fatal(err)
	}
	ms.UID = "7f0c1c5e-1b7a-4b39-9d5c-3d6d4d9c7a10"
	set, err := resources.For(resources.Input{
		Microservice: ms, Settings: resources.DefaultSettings(),
		Dependencies: dependency.Resolve(dependency.Input{Microservice: ms}),
	})
	if err != nil {
		t.Fatal(err)
	}
	body, _ := yaml.Marshal(set) // what it cannot write, the next line cannot read
	children := map[string]map[string]any{}
	if err := yaml.Unmarshal(body, &children); err != nil {
		t.Fatal(err)
	}
	for _, child := range children {
		if child != nil {
			apply(t, kube, &unstructured.Unstructured{Object: child})
		}
	}
}

func TestSmallestExample(t *testing.T) {
	examples := pages(t)[0].examples()
	if len(examples) == 0 || !strings.Contains(examples[0], "kind: Microservice") {
		t.Fatal("the README does not begin with a Microservice")
	}
	if lines := strings.Count(examples[0], "\n"); lines >= 12 {
		t.Errorf("the smallest example has %d lines, want under 12", lines)
	}
}

func TestMakeTargets(t *testing.T) {
	makefiles, _ := filepath.Glob(filepath.Join(cluster.Root(), "make", "*.mk")) // only a bad pattern fails
	rule, targets := regexp.MustCompile(`(?m)^([a-z][a-z0-9-]*):`), map[string]bool{}
	for _, path := range append(makefiles, filepath.Join(cluster.Root(), "Makefile")) {
		for _, m := range rule.FindAllStringSubmatch(contents(t, path), -1) {
			targets[m[1]] = true
		}
	}
	command, seen := regexp.MustCompile("(?m)(?:`|^\\$ |^)make((?: [a-z][a-z0-9-]*\\b)+)"), 0
	for _, p := range pages(t) {
		for _, m := range command.FindAllStringSubmatch(p.text, -1) {
			for _, name := range strings.Fields(m[1]) {
				if seen++; !targets[name] {
					t.Errorf("%s names `make %s`, which does not exist", p.path, name)
				}
			}
		}
	}
	if seen == 0 {
		t.Error("no make target was found")
	}
}

func TestEveryReasonIsExplained(t *testing.T) {
	explained := contents(t, filepath.Join(cluster.Root(), "docs/concepts/status.md"))
	source := contents(t, filepath.Join(cluster.Root(), "api/v1alpha1/microservice_conditions.go"))
	constants := regexp.MustCompile(`(?m)^\s+(?:Reason|Condition)\w+ = "(\w+)"`).FindAllStringSubmatch(source, -1)
	if len(constants) == 0 {
		t.Error("no reason was found")
	}
	for _, m := range constants {
		if !strings.Contains(explained, "| `"+m[1]+"` |") {
			t.Errorf("docs/concepts/status.md has no row for %s", m[1])
		}
	}
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
