// Package gitops_test runs the tools that teams deploy with: kustomize, the script for pipelines, and kubeconform.
package gitops_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

var (
	kube   client.Client
	server *cluster.Cluster
)

func TestMain(m *testing.M) {
	cluster.Run(m, func(c *cluster.Cluster) (err error) {
		server = c
		kube, err = cluster.NewStrictClient(c.Config)
		return err
	})
}

// tool runs a tool of go.tools.mod in the root of the repository.
func tool(t *testing.T, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command("go", append([]string{"tool", "-modfile=go.tools.mod", name}, args...)...)
	cmd.Dir = cluster.Root()
	var said strings.Builder
	cmd.Stderr = &said
	output, err := cmd.Output()
	if err != nil {
		return string(output), fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err, said.String(), output)
	}
	return string(output), nil
}

func contents(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
