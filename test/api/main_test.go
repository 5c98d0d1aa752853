// Package api_test holds the API to its word on a real API server: what it accepts, refuses, defaults and prints.
package api_test

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// kube refuses unknown fields, as kubectl does.
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
