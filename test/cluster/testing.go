package cluster

import (
	"fmt"
	"os"
	"testing"
)

// StartFor starts a cluster for one test, and stops it when the test is over.
func StartFor(t testing.TB) *Cluster {
	t.Helper()
	c, err := Start()
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

// Run starts a cluster for all tests of a package, and is what its TestMain ends with. use is given the cluster before
// the first test.
func Run(m *testing.M, use func(*Cluster) error) {
	os.Exit(run(m, use))
}

func run(m *testing.M, use func(*Cluster) error) (code int) {
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
