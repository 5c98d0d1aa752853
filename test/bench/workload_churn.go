package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Of each fortyth of a second's changes, so many are creations and deletions; the others change a field. After
// timebertt's "basic" scenario, in which creations and deletions are rare.
const (
	churnCycle   = 40
	churnCreates = 6
	churnDeletes = 1
	churnBase    = 500
)

// churn sends changes at a steady rate, whether or not the operator keeps up.
func (b *bench) churn(ctx context.Context) error {
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		if err := w.fill(ctx, 0, churnBase); err != nil {
			return err
		}
		return b.record(ctx, w, "churn", b.plan.churn, churnBase, func() error {
			err := b.profiled(ctx, w, "churn", func() error { return w.churn(ctx, b.plan) })
			if err != nil {
				return err
			}
			return w.tracker.await(ctx, time.Minute)
		})
	})
}

func (w *world) churn(ctx context.Context, p plan) error {
	return every(ctx, p.churnEvery, p.churn, func(ctx context.Context, i int) error {
		cycle := i / churnCycle
		switch turn := i % churnCycle; {
		case turn < churnCreates:
			at := 10_000 + cycle*churnCreates + turn
			return w.create(ctx, at, at+1)
		case turn < churnCreates+churnDeletes:
			at := 10_000 + (cycle-1)*churnCreates // one that was created in the cycle before
			if cycle == 0 {
				return nil
			}
			return w.remove(ctx, at, at+1)
		default:
			return w.change(ctx, i, i%churnBase)
		}
	})
}

const (
	fairEvery   = 100 * time.Millisecond
	fairChanges = 150
)

// fairness has one tenant flood the operator, with many creations and one object that changes all the time, while others
// change theirs now and then. The times are those of the others.
func (b *bench) fairness(ctx context.Context) error {
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		if err := w.fill(ctx, 0, 10*namespaceCount); err != nil {
			return err
		}
		flooder := w.namespaces[0]
		others := func() error {
			return every(ctx, fairEvery, fairChanges, func(ctx context.Context, i int) error {
				return w.change(ctx, i, (i*7)%(10*namespaceCount)/namespaceCount*namespaceCount+1+i%(namespaceCount-1))
			})
		}
		alone, err := w.measure(ctx, "fairness-alone", fairChanges, 10*namespaceCount, others)
		if err != nil {
			return err
		}
		flooded, err := w.measure(ctx, "fairness-flooded", fairChanges, 10*namespaceCount+b.plan.flood, func() error {
			var group sync.WaitGroup
			var flooding, flickering error
			ended := make(chan struct{})
			group.Go(func() { flooding = w.flood(ctx, flooder, b.plan.flood) })
			group.Go(func() { flickering = w.flicker(ctx, ended) })
			err := others()
			close(ended)
			group.Wait()
			return errors.Join(err, flooding, flickering, w.tracker.await(ctx, 5*time.Minute))
		})
		if err != nil {
			return err
		}
		flooded.leaveOut(flooder)
		b.keep(alone)
		b.keep(flooded)
		return nil
	})
}

func (w *world) flood(ctx context.Context, namespace string, n int) error {
	objects, err := w.system.objects([]string{namespace}, 20_000, 20_000+n)
	if err != nil {
		return err
	}
	return w.createAll(ctx, objects)
}

// flicker changes the flooder's first object again and again, at most a hundred times a second.
func (w *world) flicker(ctx context.Context, ended <-chan struct{}) error {
	clock := time.NewTicker(10 * time.Millisecond)
	defer clock.Stop()
	for version := 0; ; version++ {
		select {
		case <-ended:
			return nil
		case <-clock.C:
			if err := w.change(ctx, version, 0); err != nil {
				return err
			}
		}
	}
}

// leaveOut forgets the times of a namespace.
func (r *Result) leaveOut(namespace string) {
	r.Times = nil
	for _, s := range r.samples {
		if s.Namespace != namespace {
			r.Times = append(r.Times, s.After.Seconds())
		}
	}
}

// shards puts two operators side by side, each with half of the namespaces, beside one that has all. With as many
// workers as usual the API server of this machine is the limit; with one worker the operator is.
func (b *bench) shards(ctx context.Context) error {
	for _, n := range []int{1, 2, 2, 1} {
		if err := b.shard(ctx, fmt.Sprintf("operators-%d", n), worldOptions{shards: n}); err != nil {
			return err
		}
	}
	if len(b.system.OneWorker) == 0 {
		return nil
	}
	for _, n := range []int{1, 2, 2, 1} {
		if err := b.shard(ctx, fmt.Sprintf("operators-%d-one-worker", n), worldOptions{shards: n, oneWorker: true}); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) shard(ctx context.Context, name string, o worldOptions) error {
	return b.within(ctx, b.system, o, func(w *world) error {
		return b.record(ctx, w, name, b.plan.shards, b.plan.shards, func() error {
			if err := w.create(ctx, 0, b.plan.shards); err != nil {
				return err
			}
			return w.tracker.await(ctx, 10*time.Minute)
		})
	})
}
