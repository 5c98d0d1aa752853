package argocd_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/jsonmergepatch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/argocd"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// What Argo CD sends is accepted by a real API server, as are the fixtures.
func TestServer(t *testing.T) {
	server := cluster.StartFor(t)
	kube, err := cluster.NewStrictClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"shop", "actions", "fixtures"} {
		namespace := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace"}}
		namespace.SetName(name)
		if err := kube.Create(context.Background(), namespace); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("fixtures", func(t *testing.T) { testFixtures(t, kube) })
	t.Run("the shop", func(t *testing.T) {
		for _, o := range shop(t) {
			o.SetNamespace("shop")
			sync(t, kube, o)
		}
	})
	t.Run("a new object", func(t *testing.T) { testNewObject(t, kube) })
	t.Run("actions", func(t *testing.T) { testActions(t, kube) })
}

// testFixtures has the server judge spec and status.
func testFixtures(t *testing.T, kube client.Client) {
	for name := range situations() {
		fixture := &unstructured.Unstructured{Object: inputs(t, filepath.Join("testdata", name+".yaml"))["integers"]}
		status := fixture.DeepCopy().Object["status"]
		o := &unstructured.Unstructured{Object: map[string]any{"spec": fixture.Object["spec"]}}
		o.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
		o.SetNamespace("fixtures")
		o.SetGenerateName("web-")
		if err := kube.Create(context.Background(), o); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		o.Object["status"] = status
		if err := kube.Status().Update(context.Background(), o); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if diff := cmp.Diff(status, o.Object["status"]); diff != "" {
			t.Errorf("%s: the server changed the status (-file +server):\n%s", name, diff)
		}
	}
}

// testNewObject asks for the moment before the operator looks.
func testNewObject(t *testing.T, kube client.Client) {
	for _, o := range shop(t) {
		if o.GetKind() != "Microservice" {
			continue
		}
		o.SetNamespace("shop")
		if err := kube.Get(context.Background(), client.ObjectKeyFromObject(o), o); err != nil {
			t.Fatal(err)
		}
		if status, _, err := argocd.Health(o.Object, false); status != "Progressing" || err != nil {
			t.Errorf("%s is %s (%v), want Progressing", o.GetName(), status, err)
		}
		agree(t, o.Object)
	}
}

// testActions sends what Argo CD sends for an action, and then asks what a sync of the same Git would change: nothing, or
// selfHeal would undo it.
func testActions(t *testing.T, kube client.Client) {
	for name, inGit := range map[string]string{"without a podTemplate": "running", "with a podTemplate": "annotated"} {
		t.Run(name, func(t *testing.T) {
			fixture := inputs(t, filepath.Join("actions", "testdata", inGit+".yaml"))["integers"]
			git := &unstructured.Unstructured{Object: map[string]any{"spec": fixture["spec"]}}
			git.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
			git.SetNamespace("actions")
			git.SetName(inGit)
			sync(t, kube, git)
			for _, action := range []string{"restart", "pause", "resume"} {
				live := current(t, kube, git)
				send(t, kube, action, live)
				after := current(t, kube, git)
				if after.GetGeneration() == live.GetGeneration() {
					t.Errorf("%s changed nothing", action)
				}
				if diff := cmp.Diff(after.Object["spec"], sync(t, kube, git, client.DryRunAll).Object["spec"]); diff != "" {
					t.Errorf("a sync after %s would change (-live +synced):\n%s", action, diff)
				}
				if patch := threeWay(t, git, after); patch != "{}" {
					t.Errorf("a client-side sync after %s would change %s", action, patch)
				}
			}
			after := current(t, kube, git)
			if _, there, _ := unstructured.NestedFieldNoCopy(after.Object, "spec", "paused"); there {
				t.Errorf("resume left spec.paused: %v", after.Object["spec"])
			}
		})
	}
}

// sync is a server-side apply as Argo CD does it.
func sync(t *testing.T, kube client.Client, git *unstructured.Unstructured, options ...client.ApplyOption) *unstructured.Unstructured {
	t.Helper()
	wanted := git.DeepCopy()
	options = append(options, client.FieldOwner("argocd-controller"), client.ForceOwnership)
	if err := kube.Apply(context.Background(), client.ApplyConfigurationFromUnstructured(wanted), options...); err != nil {
		t.Fatal(err)
	}
	return wanted
}

func current(t *testing.T, kube client.Client, git *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	live := git.DeepCopy()
	if err := kube.Get(context.Background(), client.ObjectKeyFromObject(git), live); err != nil {
		t.Fatal(err)
	}
	return live
}

// send runs an action and sends the difference as a merge patch.
func send(t *testing.T, kube client.Client, action string, live *unstructured.Unstructured) {
	t.Helper()
	after, err := argocd.Act(action, live.Object, false)
	if err != nil {
		t.Fatal(err)
	}
	patch := client.MergeFrom(live)
	if err := kube.Patch(context.Background(), &unstructured.Unstructured{Object: after}, patch, client.FieldOwner("argocd-server")); err != nil {
		t.Fatal(err)
	}
}

// threeWay is what a sync without server-side apply would change.
func threeWay(t *testing.T, git, live *unstructured.Unstructured) string {
	t.Helper()
	patch, err := jsonmergepatch.CreateThreeWayJSONMergePatch(bytes(t, git.Object), bytes(t, git.Object), bytes(t, live.Object))
	if err != nil {
		t.Fatal(err)
	}
	return string(patch)
}
