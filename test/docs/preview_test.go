package docs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestPreview follows config/samples/preview: a preview calls staging as long as its namespace has the label that staging
// consents to.
func TestPreview(t *testing.T) {
	kubeconfig, kube := startDemo(t)
	kubectl := func(args ...string) {
		t.Helper()
		cmd := exec.Command(cluster.Program("kubectl"), args...)
		cmd.Dir = cluster.Root()
		cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(kubeconfig), "KUBECONFIG="+kubeconfig)
		if said, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, said)
		}
	}
	kubectl("apply", "-k", "config/samples/preview/staging")
	kubectl("apply", "-k", "config/samples/preview/pull-request")
	for _, step := range []struct{ label, reason string }{
		{"env=preview", v1alpha1.ReasonDependenciesAvailable},
		{"env-", v1alpha1.ReasonDependencyNotPermitted},
		{"env=preview", v1alpha1.ReasonDependenciesAvailable},
	} {
		kubectl("label", "namespace", "preview-42", "--overwrite", step.label)
		cluster.Await(t, func() error {
			ms := &v1alpha1.Microservice{}
			if err := kube.Get(t.Context(), client.ObjectKey{Namespace: "preview-42", Name: "orders"}, ms); err != nil {
				return err
			}
			found := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionDependenciesReady)
			if found == nil || found.Reason != step.reason {
				return fmt.Errorf("with %s DependenciesReady is %+v, want %s", step.label, found, step.reason)
			}
			return nil
		})
	}
}
