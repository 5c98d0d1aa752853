package security_test

import (
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// startOperator runs the manager with the rights of its ServiceAccount until the test is over.
func startOperator(t *testing.T, args ...string) *cluster.Process {
	t.Helper()
	program, err := cluster.BuildManager(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := kube.KubeconfigFor(operator, "system:serviceaccounts", "system:serviceaccounts:"+systemN)
	if err != nil {
		t.Fatal(err)
	}
	return cluster.StartProcessFor(t, []string{"KUBECONFIG=" + kubeconfig}, program, append([]string{"--health-probe-bind-address=0"}, args...)...)
}
