package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"k8s.io/client-go/kubernetes"
)

// profileSeconds is how long a profile is taken for.
const profileSeconds = 10

// profiled takes profiles while something goes on, where they are asked for.
func (b *bench) profiled(ctx context.Context, w *world, name string, do func() error) error {
	if b.profiles == "" || w.system != b.system {
		return do()
	}
	wait := w.profile(ctx, b.profiles, name)
	return errors.Join(do(), wait())
}

// profile takes CPU profiles of the operator and the API server while something goes on. What it returns waits for them.
func (w *world) profile(ctx context.Context, dir, name string) (wait func() error) {
	done := make(chan error, 2)
	go func() {
		raw, err := fetch(ctx, fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/profile?seconds=%d", w.operators[0].pprofPort, profileSeconds))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+"-operator.pprof"), raw, 0o644)
		}
		done <- err
	}()
	go func() {
		clients, err := kubernetes.NewForConfig(w.cluster.Config)
		if err != nil {
			done <- err
			return
		}
		raw, err := clients.Discovery().RESTClient().Get().AbsPath("/debug/pprof/profile").
			Param("seconds", fmt.Sprint(profileSeconds)).DoRaw(ctx)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name+"-apiserver.pprof"), raw, 0o644)
		}
		done <- err
	}()
	return func() error {
		for range 2 {
			if err := <-done; err != nil {
				return fmt.Errorf("taking a profile: %w", err)
			}
		}
		return nil
	}
}
