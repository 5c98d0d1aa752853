package e2e

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// shell runs commands as a user types them, in a folder, with kubectl, the plugin, and a kubeconfig whose namespace is set.
type shell struct{ folder string }

func newShell(ctx context.Context, namespace string) *shell {
	GinkgoHelper()
	s := &shell{GinkgoT().TempDir()}
	raw, err := os.ReadFile(os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(filepath.Join(s.folder, "kubeconfig"), raw, 0o600)).To(Succeed())
	Expect(os.Symlink(pluginProgram, filepath.Join(s.folder, "kubectl-msvc"))).To(Succeed())
	s.run(ctx, "kubectl config set-context --current --namespace="+namespace)
	return s
}

// run expects that a command succeeds, and returns what it prints.
func (s *shell) run(ctx context.Context, command string) string {
	GinkgoHelper()
	said, err := s.try(ctx, command)
	Expect(err).NotTo(HaveOccurred(), "%s\n%s", command, said)
	return said
}

func (s *shell) try(ctx context.Context, command string) (string, error) {
	c := exec.CommandContext(ctx, "sh", "-euc", command)
	c.Dir = s.folder
	c.Env = append(os.Environ(), "KUBECONFIG="+filepath.Join(s.folder, "kubeconfig"),
		"PATH="+s.folder+":"+filepath.Dir(cluster.Program("kubectl"))+":"+os.Getenv("PATH"))
	said, err := c.CombinedOutput()
	return string(said), err
}
