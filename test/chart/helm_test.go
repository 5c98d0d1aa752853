// Package chart_test renders the operator's chart with both versions of Helm that are in use, and compares it with what
// kustomize builds from config.
package chart_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	action3 "helm.sh/helm/v3/pkg/action"
	loader3 "helm.sh/helm/v3/pkg/chart/loader"
	chartutil3 "helm.sh/helm/v3/pkg/chartutil"
	action4 "helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart/common"
	loader4 "helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/release"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// oldest is the Kubernetes for which the chart is rendered: the oldest that it admits.
const oldest = "v1.34.0"

// install is what a user asks Helm for.
type install struct {
	release, namespace string
	values             map[string]any
}

// standard returns the install that has the names of config/default.
func standard(values map[string]any) install {
	return install{release: "microservice-operator", namespace: "microservice-operator-system", values: values}
}

// rendered is what Helm would apply, and say.
type rendered struct {
	manifest, notes string
}

// helms are the versions of Helm, each with its way to render and to lint.
var helms = map[string]struct {
	render func(install) (rendered, error)
	lint   func(install) error
}{
	"Helm 3": {render3, lint3},
	"Helm 4": {render4, lint4},
}

func render3(i install) (rendered, error) {
	chart, err := loader3.LoadDir(chartPath())
	if err != nil {
		return rendered{}, err
	}
	version, err := chartutil3.ParseKubeVersion(oldest)
	if err != nil {
		return rendered{}, err
	}
	a := action3.NewInstall(&action3.Configuration{Log: func(string, ...any) {}})
	a.ReleaseName, a.Namespace, a.KubeVersion = i.release, i.namespace, version
	a.DryRun, a.ClientOnly = true, true
	r, err := a.Run(chart, i.values)
	if err != nil {
		return rendered{}, err
	}
	return rendered{manifest: r.Manifest, notes: r.Info.Notes}, nil
}

func render4(i install) (rendered, error) {
	chart, err := loader4.LoadDir(chartPath())
	if err != nil {
		return rendered{}, err
	}
	version, err := common.ParseKubeVersion(oldest)
	if err != nil {
		return rendered{}, err
	}
	a := action4.NewInstall(action4.NewConfiguration())
	a.ReleaseName, a.Namespace, a.KubeVersion = i.release, i.namespace, version
	a.DryRunStrategy = action4.DryRunClient
	r, err := a.Run(chart, i.values)
	if err != nil {
		return rendered{}, err
	}
	accessor, err := release.NewAccessor(r)
	if err != nil {
		return rendered{}, err
	}
	return rendered{manifest: accessor.Manifest(), notes: accessor.Notes()}, nil
}

func lint3(i install) error {
	version, err := chartutil3.ParseKubeVersion(oldest)
	if err != nil {
		return err
	}
	l := action3.NewLint()
	l.Strict, l.Namespace, l.KubeVersion = true, i.namespace, version
	return errors.Join(l.Run([]string{chartPath()}, i.values).Errors...)
}

func lint4(i install) error {
	version, err := common.ParseKubeVersion(oldest)
	if err != nil {
		return err
	}
	l := action4.NewLint()
	l.Strict, l.Namespace, l.KubeVersion = true, i.namespace, version
	return errors.Join(l.Run([]string{chartPath()}, i.values).Errors...)
}

// objects are the rendered objects by kind, namespace and name.
type objects map[string]*unstructured.Unstructured

// render renders the chart with Helm 4, as objects.
func render(t *testing.T, i install) objects {
	t.Helper()
	r, err := render4(i)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, r.manifest)
}

func parse(t *testing.T, manifests string) objects {
	t.Helper()
	all := objects{}
	for document := range strings.SplitSeq("\n"+manifests, "\n---\n") {
		o := &unstructured.Unstructured{}
		if err := yaml.UnmarshalStrict([]byte(document), &o.Object); err != nil {
			t.Fatalf("%v in\n%s", err, document)
		}
		if len(o.Object) == 0 {
			continue
		}
		if _, found := all[key(o)]; found {
			t.Fatalf("%s is there twice", key(o))
		}
		all[key(o)] = o
	}
	if len(all) == 0 {
		t.Fatal("there is no object")
	}
	return all
}

func key(o *unstructured.Unstructured) string {
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), o.GetName())
}

// deployment returns the manager's Deployment.
func (all objects) deployment(t *testing.T) *unstructured.Unstructured {
	t.Helper()
	for _, o := range all {
		if o.GetKind() == "Deployment" {
			return o
		}
	}
	t.Fatal("there is no Deployment")
	return nil
}

// arguments returns the flags that the manager gets.
func (all objects) arguments(t *testing.T) []string {
	t.Helper()
	containers, _, err := unstructured.NestedSlice(all.deployment(t).Object, "spec", "template", "spec", "containers")
	if err != nil || len(containers) != 1 {
		t.Fatalf("the Deployment has %d containers, %v", len(containers), err)
	}
	args, _, err := unstructured.NestedStringSlice(containers[0].(map[string]any), "args")
	if err != nil {
		t.Fatal(err)
	}
	return args
}

func chartPath() string { return filepath.Join(cluster.Root(), "charts", "microservice-operator") }

// chartFile reads a file of the chart.
func chartFile(t *testing.T, name string) string { return read(t, filepath.Join(chartPath(), name)) }

// rootFile reads a file of the repository.
func rootFile(t *testing.T, name string) string { return read(t, filepath.Join(cluster.Root(), name)) }

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// values decodes values as a user writes them.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	v := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(text), &v); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return v
}

// matrix returns the sets of values in the folder ci of the chart, by their name.
func matrix(t *testing.T) map[string]map[string]any {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(chartPath(), "ci", "*-values.yaml")) // only a bad pattern fails
	if len(paths) == 0 {
		t.Fatal("the folder ci has no values")
	}
	all := map[string]map[string]any{}
	for _, path := range paths {
		all[strings.TrimSuffix(filepath.Base(path), "-values.yaml")] = values(t, read(t, path))
	}
	return all
}
