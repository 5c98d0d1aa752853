// Package lifecycle_test installs, upgrades and uninstalls the operator's chart with both versions of Helm, in a cluster with
// controllers. KWOK plays the nodes: the manager's pods become ready, but no manager runs.
package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// world is a cluster that has never heard of Microservices, until a release brings the CRD.
type world struct {
	helm
	kube client.Client
}

// forEachHelm runs a test in a cluster of its own for each version of Helm.
func forEachHelm(t *testing.T, test func(t *testing.T, w *world)) {
	for version, of := range helms {
		t.Run(version, func(t *testing.T) {
			c := cluster.StartFor(t, func(e *envtest.Environment) { e.CRDDirectoryPaths = nil })
			if err := c.StartControllers(t.Context()); err != nil {
				t.Fatal(err)
			}
			test(t, newWorld(t, c, of))
		})
	}
}

func newWorld(t *testing.T, c *cluster.Cluster, of func(*testing.T, string) helm) *world {
	t.Helper()
	kubeconfig, err := c.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	kube, err := cluster.NewClient(c.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := apiextensionsv1.AddToScheme(kube.Scheme()); err != nil {
		t.Fatal(err)
	}
	return &world{helm: of(t, kubeconfig), kube: kube}
}

// TestLifecycle is the life of an installation: each step is one that docs/how-to/install.md describes.
func TestLifecycle(t *testing.T) {
	forEachHelm(t, func(t *testing.T, w *world) {
		must(t, w.install(namespace, olderChart(t), nil))
		w.awaitManagers(t, 2)
		before := w.crd(t)
		if len(before.Spec.Names.ShortNames) != 0 {
			t.Fatalf("the older CRD has the short names %v", before.Spec.Names.ShortNames)
		}
		ms := w.createMicroservice(t)

		must(t, w.upgrade(chart(), production(t)))
		w.awaitManagers(t, 3)
		if !slices.Contains(w.manager(t).Spec.Template.Spec.Containers[0].Args, "--max-concurrent-reconciles=16") {
			t.Error("the upgrade did not change the arguments")
		}
		if names := w.crd(t).Spec.Names.ShortNames; !slices.Equal(names, []string{"msvc"}) {
			t.Errorf("the upgrade left the CRD with the short names %v", names)
		}
		w.isStill(t, before, ms)

		must(t, w.uninstall())
		w.hasNoManager(t)
		w.isStill(t, before, ms)

		must(t, w.install(namespace, chart(), nil))
		w.awaitManagers(t, 2)
		w.isStill(t, before, ms)

		must(t, w.upgrade(chart(), map[string]any{"crds": map[string]any{"keep": false}}))
		must(t, w.uninstall())
		w.awaitGone(t, before)
	})
}

// TestAnotherNamespace: a CRD that was kept belongs to the release that was. Another one has to be told to take it.
func TestAnotherNamespace(t *testing.T) {
	forEachHelm(t, func(t *testing.T, w *world) {
		must(t, w.install(namespace, chart(), nil))
		before, ms := w.crd(t), w.createMicroservice(t)
		must(t, w.uninstall())
		if err := w.install("platform", chart(), nil); err == nil || !strings.Contains(err.Error(), "invalid ownership metadata") {
			t.Fatalf("the error is %v", err)
		}
		must(t, w.takeOver("platform", chart(), nil))
		w.isStill(t, before, ms)
	})
}

// TestTakesOverKustomize: the selector of the Deployment is another, so the Deployment has to go before.
func TestTakesOverKustomize(t *testing.T) {
	forEachHelm(t, func(t *testing.T, w *world) {
		w.applyKustomize(t)
		before, ms := w.crd(t), w.createMicroservice(t)
		must(t, w.kube.Delete(t.Context(), w.manager(t), client.PropagationPolicy("Foreground")))
		w.eventually(t, func() error { return w.noManager(t.Context()) })
		must(t, w.takeOver(namespace, chart(), nil))
		w.awaitManagers(t, 2)
		w.isStill(t, before, ms)
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func chart() string { return filepath.Join(cluster.Root(), "charts", "microservice-operator") }

// olderChart returns the chart with a CRD that has no short name, as an older release could have it.
func olderChart(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "microservice-operator")
	must(t, os.CopyFS(dir, os.DirFS(chart())))
	path := filepath.Join(dir, "files", "crd.yaml")
	text, err := os.ReadFile(path)
	must(t, err)
	older := strings.Replace(string(text), "    shortNames:\n    - msvc\n", "", 1)
	if older == string(text) {
		t.Fatal("the CRD has no short name")
	}
	must(t, os.WriteFile(path, []byte(older), 0o600))
	return dir
}

// production returns the values of that name in the folder ci, for a node without labels of its system.
func production(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart(), "ci", "production-values.yaml"))
	must(t, err)
	v := map[string]any{}
	must(t, yaml.UnmarshalStrict(text, &v))
	delete(v, "nodeSelector")
	return v
}

// applyKustomize installs config/default, as kubectl does.
func (w *world) applyKustomize(t *testing.T) {
	t.Helper()
	build := exec.CommandContext(t.Context(), "go", "tool", "-modfile=go.tools.mod", "kustomize", "build", "config/default")
	build.Dir = cluster.Root()
	text, err := build.Output()
	must(t, err)
	for document := range strings.SplitSeq(string(text), "\n---\n") {
		o := &unstructured.Unstructured{}
		must(t, yaml.Unmarshal([]byte(document), &o.Object))
		must(t, w.kube.Apply(t.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("kubectl")))
	}
	w.awaitManagers(t, 2)
}

// createMicroservice creates one, as soon as the API server serves it.
func (w *world) createMicroservice(t *testing.T) *v1alpha1.Microservice {
	t.Helper()
	ms := &v1alpha1.Microservice{}
	ms.Name, ms.Namespace, ms.Spec.Image = "web", "default", "example.com/web:1"
	w.eventually(t, func() error { return w.kube.Create(t.Context(), ms) })
	return ms
}

func (w *world) crd(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd := &apiextensionsv1.CustomResourceDefinition{}
	must(t, w.kube.Get(t.Context(), client.ObjectKey{Name: "microservices.apps.microservice.dev"}, crd))
	return crd
}

func (w *world) manager(t *testing.T) *appsv1.Deployment {
	t.Helper()
	d := &appsv1.Deployment{}
	must(t, w.kube.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: name + "-controller-manager"}, d))
	return d
}

// awaitManagers waits until as many pods of the newest template are available, and no other pods are left.
func (w *world) awaitManagers(t *testing.T, want int32) {
	t.Helper()
	w.eventually(t, func() error {
		d := w.manager(t)
		s := d.Status
		if *d.Spec.Replicas != want || s.ObservedGeneration < d.Generation || s.UpdatedReplicas != want || s.AvailableReplicas != want || s.Replicas != want {
			return fmt.Errorf("the Deployment has %d replicas and the status %+v, want %d", *d.Spec.Replicas, s, want)
		}
		return nil
	})
}

// hasNoManager checks that nothing of the release is left that could do anything.
func (w *world) hasNoManager(t *testing.T) {
	t.Helper()
	w.eventually(t, func() error { return w.noManager(t.Context()) })
	roles := &rbacv1.ClusterRoleList{}
	must(t, w.kube.List(t.Context(), roles, client.MatchingLabels{"app.kubernetes.io/instance": name}))
	for _, role := range roles.Items {
		t.Errorf("the ClusterRole %s is left", role.Name)
	}
}

func (w *world) noManager(ctx context.Context) error {
	all := &appsv1.DeploymentList{}
	if err := w.kube.List(ctx, all, client.InNamespace(namespace)); err != nil {
		return err
	}
	if len(all.Items) > 0 {
		return errors.New("the Deployment is left")
	}
	return nil
}

// isStill checks that the CRD and the Microservice are the same objects as before.
func (w *world) isStill(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition, ms *v1alpha1.Microservice) {
	t.Helper()
	now := &v1alpha1.Microservice{}
	must(t, w.kube.Get(t.Context(), client.ObjectKeyFromObject(ms), now))
	type identity struct{ crd, microservice types.UID }
	if got, want := (identity{w.crd(t).UID, now.UID}), (identity{crd.UID, ms.UID}); got != want {
		t.Fatalf("the CRD or the Microservice is another: %v, want %v", got, want)
	}
	if now.DeletionTimestamp != nil || now.Generation != ms.Generation {
		t.Fatalf("the Microservice was changed: %+v", now.ObjectMeta)
	}
}

func (w *world) awaitGone(t *testing.T, crd *apiextensionsv1.CustomResourceDefinition) {
	t.Helper()
	w.eventually(t, func() error {
		err := w.kube.Get(t.Context(), client.ObjectKeyFromObject(crd), &apiextensionsv1.CustomResourceDefinition{})
		if apierrors.IsNotFound(err) {
			return nil
		}
		return errors.Join(err, errors.New("the CRD is left"))
	})
}

func (w *world) eventually(t *testing.T, check func() error) {
	t.Helper()
	must(t, cluster.Eventually(t.Context(), patience, check))
}
