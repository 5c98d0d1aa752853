// Package api_test holds the API to its word on a real API server: what it accepts, refuses, defaults and prints.
package api_test

import (
	"fmt"
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
	cluster.Run(m, func(c *cluster.Cluster) error {
		server = c
		plain, err := client.New(c.Config, client.Options{})
		if err != nil {
			return fmt.Errorf("creating a client: %w", err)
		}
		kube = client.WithFieldValidation(plain, "Strict")
		return nil
	})
}
