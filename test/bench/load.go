package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// inFlight is how many requests the load has under way at most.
const inFlight = 32

// create makes the custom resources from..to-1 as fast as the API server takes them.
func (w *world) create(ctx context.Context, from, to int) error {
	objects, err := w.system.objects(w.namespaces, from, to)
	if err != nil {
		return err
	}
	return w.createAll(ctx, objects)
}

func (w *world) createAll(ctx context.Context, objects []*unstructured.Unstructured) error {
	return each(ctx, inFlight, objects, func(ctx context.Context, o *unstructured.Unstructured) error {
		w.tracker.expect(o)
		if err := w.kube.Create(ctx, o); err != nil {
			return fmt.Errorf("creating %s/%s: %w", o.GetNamespace(), o.GetName(), err)
		}
		w.tracker.changed(o)
		return nil
	})
}

// change sends the system's one changed field to a custom resource. Each version gives another value.
func (w *world) change(ctx context.Context, version, i int) error {
	return w.changeRange(ctx, version, i, i+1)
}

// changeRange is the same for custom resources from..to-1.
func (w *world) changeRange(ctx context.Context, version, from, to int) error {
	objects, err := w.system.objects(w.namespaces, from, to)
	if err != nil {
		return err
	}
	return each(ctx, inFlight, objects, func(ctx context.Context, o *unstructured.Unstructured) error {
		return w.changeOne(ctx, o, version)
	})
}

func (w *world) changeOne(ctx context.Context, o *unstructured.Unstructured, version int) error {
	patch, err := fill(w.system.Change, changeValues{Version: version})
	if err != nil {
		return err
	}
	w.tracker.expect(o)
	if err := w.kube.Patch(ctx, o, client.RawPatch(types.MergePatchType, []byte(patch))); err != nil {
		return fmt.Errorf("changing %s/%s: %w", o.GetNamespace(), o.GetName(), err)
	}
	w.tracker.changed(o)
	return nil
}

// remove deletes custom resources. No garbage collector runs beside the stand-in, so their children stay.
func (w *world) remove(ctx context.Context, from, to int) error {
	objects, err := w.system.objects(w.namespaces, from, to)
	if err != nil {
		return err
	}
	return each(ctx, inFlight, objects, func(ctx context.Context, o *unstructured.Unstructured) error {
		w.tracker.forget(o)
		if err := w.kube.Delete(ctx, o); err != nil {
			return fmt.Errorf("deleting %s/%s: %w", o.GetNamespace(), o.GetName(), err)
		}
		return nil
	})
}

// each works on so many items at once, and stops at the first error.
func each[T any](ctx context.Context, atOnce int, items []T, do func(context.Context, T) error) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var group sync.WaitGroup
	turns := make(chan struct{}, atOnce)
	for _, item := range items {
		turns <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		group.Go(func() {
			defer func() { <-turns }()
			if err := do(ctx, item); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	return context.Cause(ctx)
}

// every calls do n times, with the same time between two calls whether or not the last has ended: an open loop. It
// returns when all have ended.
func every(ctx context.Context, between time.Duration, n int, do func(ctx context.Context, i int) error) error {
	var group sync.WaitGroup
	var mu sync.Mutex
	var all []error
	clock := time.NewTicker(between)
	defer clock.Stop()
	for i := range n {
		select {
		case <-ctx.Done():
			group.Wait()
			return ctx.Err()
		case <-clock.C:
		}
		group.Go(func() {
			if err := do(ctx, i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				all = append(all, err)
			}
		})
	}
	group.Wait()
	return errors.Join(all...)
}
