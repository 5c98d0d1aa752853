package cluster

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// StartFor starts a cluster for one test, as Start does, and stops it when the test is over.
func StartFor(t testing.TB, configure ...func(*envtest.Environment)) *Cluster {
	t.Helper()
	c, err := Start(configure...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error("stopping the API server:", err)
		}
	})
	return c
}

// StartProcessFor starts a program for one test, as StartProcess does, and stops it when the test is over. What the program said is told
// if the test failed.
func StartProcessFor(t testing.TB, env []string, program string, args ...string) *Process {
	t.Helper()
	p, err := StartProcess(env, program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if said, err := os.ReadFile(p.Log); t.Failed() {
			t.Logf("the words of %s: %s %v", filepath.Base(program), said, err)
		}
		if err := p.Stop(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// Await waits for a state as Eventually does, longer than any busy machine needs, and ends the test if it does not come.
func Await(t testing.TB, check func() error) {
	t.Helper()
	if err := Eventually(t.Context(), 5*time.Minute, check); err != nil {
		t.Fatal(err)
	}
}

// KubeconfigAt writes a kubeconfig with an administrator's rights for one test, which names the API server's address, or
// another, and returns its path.
func (c *Cluster) KubeconfigAt(t testing.TB, address string) string {
	t.Helper()
	config := rest.CopyConfig(c.Config)
	config.Host = address
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := WriteKubeconfig(path, config); err != nil {
		t.Fatal(err)
	}
	return path
}

// Run starts a cluster for all tests of a package, and is what its TestMain ends with. use is given the cluster before
// the first test.
func Run(m *testing.M, use func(*Cluster) error) {
	os.Exit(run(m, use))
}

func run(m *testing.M, use func(*Cluster) error) (code int) {
	// Clients that are not told what to do with their words complain, and those that are cut off say so.
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	c, err := Start()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := c.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping the API server:", err)
			code = 1
		}
	}()
	if err := use(c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}
