package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestOutages have the API server or etcd go in the middle of each step (F11, F12). The operator looks after all
// namespaces and holds a lease, as it is installed. It may end when it cannot renew the lease: it is started again.
func TestOutages(t *testing.T) {
	for _, outage := range []struct {
		name string
		// strike begins it and ends it.
		strike func(c *cluster.Cluster) error
	}{
		{"API server killed, back at once", killed(cluster.APIServer, 0)},
		{"API server killed, back after 5 s", killed(cluster.APIServer, 5*time.Second)},
		{"API server killed, back after 20 s", killed(cluster.APIServer, 20*time.Second)},
		{"etcd killed, back at once", killed(cluster.Etcd, 0)},
		{"etcd killed, back after 5 s", killed(cluster.Etcd, 5*time.Second)},
		{"etcd paused for 20 s", paused(cluster.Etcd, 20*time.Second)},
		{"API server paused for 20 s", paused(cluster.APIServer, 20*time.Second)},
	} {
		t.Run(outage.name, func(t *testing.T) {
			broken := labOfItsOwn(t)
			s := openIn(t, broken, broken.Program)
			out, err := s.TravelWith(t.Context(), journey, func(int) error {
				if err := outage.strike(broken.Cluster); err != nil {
					return err
				}
				return broken.Cluster.AwaitAPIServer(t.Context())
			})
			if err != nil {
				t.Fatal(err)
			}
			if problems := learnt(t).Judge(out, 6*len(journey)); len(problems) > 0 {
				t.Errorf("%s\n%s", strings.Join(problems, "\n"), s.Operator.Transcript())
			}
		})
	}
}

func killed(part string, away time.Duration) func(*cluster.Cluster) error {
	return func(c *cluster.Cluster) error {
		restart, err := c.Kill(part)
		if err != nil {
			return err
		}
		time.Sleep(away)
		return restart()
	}
}

func paused(part string, away time.Duration) func(*cluster.Cluster) error {
	return func(c *cluster.Cluster) error {
		resume, err := c.Pause(part)
		if err != nil {
			return err
		}
		time.Sleep(away)
		return resume()
	}
}

// labOfItsOwn is a cluster that a test may break.
func labOfItsOwn(t *testing.T) *Lab {
	t.Helper()
	c := cluster.StartFor(t)
	ctx := context.WithoutCancel(t.Context())
	if err := c.StartControllers(ctx); err != nil {
		t.Fatal(err)
	}
	own, err := NewLab(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	return own
}
