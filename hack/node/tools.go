//go:build tools

// Package node pins the programs of a real node beside Kubernetes' own, so that `go mod tidy` keeps them.
package node

import (
	_ "github.com/containerd/containerd/v2/cmd/containerd"
	_ "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2"
	_ "github.com/containerd/containerd/v2/cmd/ctr"
	_ "sigs.k8s.io/metrics-server/cmd/metrics-server"
)
