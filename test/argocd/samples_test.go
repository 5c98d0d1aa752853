package argocd_test

import (
	"bufio"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// application is as much of Argo CD's Application as the samples use.
type application struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Metadata   applicationMetadata `json:"metadata"`
	Spec       applicationSpec     `json:"spec"`
}

type applicationMetadata struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	Annotations map[string]string `json:"annotations"`
}

type applicationSpec struct {
	Project string `json:"project"`
	Source  struct {
		RepoURL        string `json:"repoURL"`
		TargetRevision string `json:"targetRevision"`
		Path           string `json:"path"`
	} `json:"source"`
	Destination struct {
		Server    string `json:"server"`
		Namespace string `json:"namespace"`
	} `json:"destination"`
	SyncPolicy struct {
		Automated struct {
			Prune    bool `json:"prune"`
			SelfHeal bool `json:"selfHeal"`
		} `json:"automated"`
		SyncOptions []string `json:"syncOptions"`
		Retry       struct {
			Limit   int `json:"limit"`
			Backoff struct {
				Duration    string `json:"duration"`
				Factor      int    `json:"factor"`
				MaxDuration string `json:"maxDuration"`
			} `json:"backoff"`
		} `json:"retry"`
	} `json:"syncPolicy"`
}

func samples(elements ...string) string {
	return filepath.Join(append([]string{cluster.Root(), "config", "samples", "argocd"}, elements...)...)
}

func TestApplications(t *testing.T) {
	for _, path := range []string{"application.yaml", "app-of-apps.yaml", "apps/operator.yaml", "apps/shop.yaml"} {
		t.Run(path, func(t *testing.T) {
			var app application
			if err := yaml.UnmarshalStrict([]byte(read(t, samples(path))), &app); err != nil {
				t.Fatal(err)
			}
			if app.APIVersion != "argoproj.io/v1alpha1" || app.Kind != "Application" || app.Metadata.Namespace != "argocd" {
				t.Errorf("%s %s in namespace %q", app.APIVersion, app.Kind, app.Metadata.Namespace)
			}
			direct := app.Metadata.Annotations["argocd.argoproj.io/compare-options"] == "ServerSideDiff=true" &&
				slices.Contains(app.Spec.SyncPolicy.SyncOptions, "ServerSideApply=true")
			if !direct && path != "app-of-apps.yaml" {
				t.Error("it is not compared and synced by the server")
			}
			source, err := os.Stat(filepath.Join(cluster.Root(), app.Spec.Source.Path))
			if err != nil || !source.IsDir() {
				t.Errorf("its path %q is no folder of this repository: %v", app.Spec.Source.Path, err)
			}
		})
	}
}

// Whatever needs something is in a later wave than that.
func TestWaves(t *testing.T) {
	waves := map[string]int{}
	for _, path := range []string{samples("apps", "operator.yaml"), samples("apps", "shop.yaml")} {
		for _, o := range objects(t, path) {
			waves[o.GetName()] = wave(t, o)
		}
	}
	if waves["microservice-operator"] >= waves["shop"] {
		t.Errorf("the operator is not before the shop: %v", waves)
	}
	waves = map[string]int{}
	for _, o := range shop(t) {
		waves[o.GetName()] = wave(t, o)
	}
	for _, o := range shop(t) {
		dependencies, _, err := unstructured.NestedSlice(o.Object, "spec", "dependencies")
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range dependencies {
			name := d.(map[string]any)["name"].(string)
			if before, ok := waves[name]; !ok || before >= waves[o.GetName()] {
				t.Errorf("%s depends on %s and is not in a later wave: %v", o.GetName(), name, waves)
			}
		}
	}
	if len(waves) != 3 {
		t.Errorf("the shop has %v, want a database and two Microservices", waves)
	}
}

// shop are the objects of the sample.
func shop(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	files, err := filepath.Glob(samples("shop", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	for _, f := range files {
		all = append(all, objects(t, f)...)
	}
	return all
}

func objects(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	reader := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(read(t, path))))
	for {
		raw, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		object := map[string]any{}
		if err := yaml.UnmarshalStrict(raw, &object); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, &unstructured.Unstructured{Object: object})
	}
}

func wave(t *testing.T, o *unstructured.Unstructured) int {
	t.Helper()
	n, err := strconv.Atoi(o.GetAnnotations()["argocd.argoproj.io/sync-wave"])
	if err != nil {
		t.Errorf("%s %s has no wave: %v", o.GetKind(), o.GetName(), err)
	}
	return n
}
