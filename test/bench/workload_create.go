package main

import (
	"context"
	"errors"
	"path/filepath"
	"time"
)

// createBursts creates many at once, in rounds with the baselines: the order alternates, and each has a new cluster.
func (b *bench) createBursts(ctx context.Context) error {
	for round := range b.plan.pairs {
		for _, s := range b.turn(round) {
			if err := b.createBurst(ctx, s, b.plan.burst); err != nil {
				return err
			}
		}
	}
	if b.plan.bigBurst > 0 {
		return b.createBurst(ctx, b.system, b.plan.bigBurst)
	}
	return nil
}

func (b *bench) createBurst(ctx context.Context, s *System, n int) error {
	if s.AtMost > 0 {
		n = min(n, s.AtMost)
	}
	return b.within(ctx, s, worldOptions{}, func(w *world) error {
		return b.record(ctx, w, "create", n, n, func() error {
			if s.Batch {
				return b.profiled(ctx, w, "create", func() error { return w.runBatch(ctx, n) })
			}
			if err := b.profiled(ctx, w, "create", func() error { return w.create(ctx, 0, n) }); err != nil {
				return err
			}
			return w.tracker.await(ctx, 10*time.Minute)
		})
	})
}

// runBatch has a program make all children, and waits for its end.
func (w *world) runBatch(ctx context.Context, n int) error {
	owners, err := w.system.objects(w.namespaces, 0, n)
	if err != nil {
		return err
	}
	path := filepath.Join(w.dir, "children.yaml")
	if err := writeChildren(path, owners); err != nil {
		return err
	}
	created := make(chan error, 1)
	go func() {
		if !w.system.Beside {
			owners = nil
		}
		created <- w.createAll(ctx, owners)
	}()
	return errors.Join(w.operators[0].runToEnd(ctx, w.system, path), <-created)
}
