package docs_test

import (
	"context"
	"path/filepath"
	"testing"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// startDemo starts what `make demo` starts, without the shop: controllers, three nodes, and the operator with its flags.
func startDemo(t *testing.T) (kubeconfig string, kube client.Client) {
	t.Helper()
	ctx := context.Background()
	server := cluster.StartFor(t)
	kube, err := cluster.NewStrictClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.StartControllers(ctx); err != nil {
		t.Fatal(err)
	}
	addNodes(t, kube, "node-1", "node-2")
	program, err := cluster.BuildManager(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	operator, err := server.AddOperator(ctx, kube, "operator")
	if err != nil {
		t.Fatal(err)
	}
	operatorsKubeconfig := filepath.Join(t.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(operatorsKubeconfig, operator); err != nil {
		t.Fatal(err)
	}
	process, err := cluster.StartProcess([]string{"KUBECONFIG=" + operatorsKubeconfig}, program,
		"--health-probe-bind-address=0", "--default-min-ready-seconds=0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = process.Stop() }) // it ends with an error where the cluster is gone first
	return server.KubeconfigAt(t, server.Config.Host), kube
}

// addNodes adds nodes that are like the one of the cluster.
func addNodes(t *testing.T, kube client.Client, names ...string) {
	t.Helper()
	first := &corev1.Node{}
	if err := kube.Get(t.Context(), client.ObjectKey{Name: "node"}, first); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		node := &corev1.Node{
			ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{corev1.LabelHostname: name}},
			Status:     corev1.NodeStatus{Capacity: first.Status.Capacity, Allocatable: first.Status.Allocatable},
		}
		if err := kube.Create(t.Context(), node); err != nil {
			t.Fatal(err)
		}
		open := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"taints":null}}`)) // a new node is tainted as not ready
		if err := kube.Patch(t.Context(), node, open); err != nil {
			t.Fatal(err)
		}
	}
}
