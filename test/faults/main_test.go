package faults

import (
	"context"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// env is the cluster of all tests that do not break the cluster itself.
var env *Env

func TestMain(m *testing.M) {
	cluster.Run(m, func(c *cluster.Cluster) (err error) {
		ctx := context.Background()
		if err := c.StartControllers(ctx); err != nil {
			return err
		}
		program, err := cluster.BuildManager(c.Dir())
		if err != nil {
			return err
		}
		env, err = NewEnv(ctx, c, program)
		return err
	})
}
