package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"k8s.io/client-go/kubernetes"
)

// profileSeconds is how long a profile is taken for.
const profileSeconds = 10

// profiled takes profiles while something goes on, where they are asked for.
func (b *bench) profiled(ctx context.Context, w *world, name string, do func() error) error {
	if b.profiles == "" {
		return do()
	}
	wait := w.profile(ctx, filepath.Join(b.profiles, name+"-"+w.system.Name))
	return errors.Join(do(), wait())
}

// profile takes CPU profiles of the API server and, where it has pprof, of the operator while something goes on. What it
// returns waits for them.
func (w *world) profile(ctx context.Context, path string) (wait func() error) {
	var group sync.WaitGroup
	var server, system error
	group.Go(func() { server = w.profileServer(ctx, path+"-apiserver.pprof") })
	if port := w.operators[0].pprofPort; w.system.pprof() {
		group.Go(func() { system = profileSystem(ctx, port, path+"-operator.pprof") })
	}
	return func() error {
		group.Wait()
		return errors.Join(server, system)
	}
}

func profileSystem(ctx context.Context, port int, path string) error {
	raw, err := fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/profile?seconds=%d", port, profileSeconds))
	if err != nil {
		return fmt.Errorf("taking a profile of the operator: %w", err)
	}
	return os.WriteFile(path, raw, 0o644)
}

func (w *world) profileServer(ctx context.Context, path string) error {
	clients, err := kubernetes.NewForConfig(w.cluster.Config)
	if err != nil {
		return err
	}
	raw, err := clients.Discovery().RESTClient().Get().AbsPath("/debug/pprof/profile").
		Param("seconds", fmt.Sprint(profileSeconds)).DoRaw(ctx)
	if err != nil {
		return fmt.Errorf("taking a profile of the API server: %w", err)
	}
	return os.WriteFile(path, raw, 0o644)
}
