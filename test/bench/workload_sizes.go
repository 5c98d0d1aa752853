package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sizes fills one cluster step by step and weighs the operator at each; with many in place it is left alone, changes one, is
// started again, and at last reconciles everything without a change: who puts back what that takes pays for it nowhere else.
func (b *bench) sizes(ctx context.Context) error {
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		if err := b.weigh(ctx, w, "memory", 0); err != nil {
			return err
		}
		present := 0
		for _, size := range b.plan.sizes {
			if err := w.fill(ctx, present, size); err != nil {
				return err
			}
			present = size
			if err := b.weigh(ctx, w, "memory", size); err != nil {
				return err
			}
			if size != b.plan.many {
				continue
			}
			for _, look := range []func(*bench, context.Context, *world) error{(*bench).steady, (*bench).createOne, (*bench).oneField, (*bench).restart, (*bench).noop} {
				if err := look(b, ctx, w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// fill makes custom resources and waits until all are ready and silent.
func (w *world) fill(ctx context.Context, from, to int) error {
	if err := w.create(ctx, from, to); err != nil {
		return err
	}
	if err := w.tracker.await(ctx, 20*time.Minute); err != nil {
		return fmt.Errorf("%w\n%s", err, w.endOfLogs())
	}
	return w.silence(ctx)
}

func (b *bench) weigh(ctx context.Context, w *world, name string, present int) error {
	return b.recordWeighed(ctx, w, name, 0, present, func() error { return nil })
}

// steady leaves it alone.
func (b *bench) steady(ctx context.Context, w *world) error {
	return b.recordWeighed(ctx, w, "steady", 0, b.plan.many, func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(b.plan.steady):
			return nil
		}
	})
}

// noop has it look at everything: somebody else labels each Deployment, which changes nothing that it wants.
func (b *bench) noop(ctx context.Context, w *world) error {
	owners, err := w.system.objects(w.namespaces, 0, b.plan.many)
	if err != nil {
		return err
	}
	found, err := w.owned(ctx, []string{"deployments"})
	if err != nil {
		return err
	}
	names := namesOf(owners)
	found = slices.DeleteFunc(found, func(d owned) bool { return !names.Has(d.of()) })
	if len(found) == 0 {
		fmt.Printf("no-op is left out: no Deployment names a custom resource of %s as its owner\n", w.system.Name)
		return nil
	}
	touch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"example.com/bench":"touched"}}}`))
	return b.record(ctx, w, "no-op", len(found), b.plan.many, func() error {
		return b.profiled(ctx, w, "no-op", func() error {
			return each(ctx, inFlight, found, func(ctx context.Context, o owned) error {
				d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: o.namespace, Name: o.name}}
				return w.kube.Patch(ctx, d, touch)
			})
		})
	})
}

// oneByOne is how many are created or changed, each when the one before is ready.
const oneByOne = 20

func (b *bench) createOne(ctx context.Context, w *world) error {
	return b.inTurn(ctx, w, "create-one", 70_000, oneByOne, func(i int) error { return w.create(ctx, i, i+1) })
}

func (b *bench) oneField(ctx context.Context, w *world) error {
	return b.inTurn(ctx, w, "one-field", 0, min(oneByOne, b.plan.many), func(i int) error { return w.change(ctx, 1000+i, i) })
}

// inTurn works on n custom resources, the first of which is from.
func (b *bench) inTurn(ctx context.Context, w *world, name string, from, n int, do func(i int) error) error {
	r, err := w.measure(ctx, name, n, b.plan.many, func() error {
		for i := range n {
			if err := do(from + i); err != nil {
				return err
			}
			if err := w.tracker.await(ctx, time.Minute); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if err := w.setApart(ctx, r, from, from+n); err != nil {
		return err
	}
	b.keep(r)
	return nil
}

// restart also creates one the moment the new process starts: people do not wait for operators.
func (b *bench) restart(ctx context.Context, w *world) error {
	err := b.recordWeighed(ctx, w, "restart", 0, b.plan.many, func() error {
		if err := w.restartOperator(w.operators[0]); err != nil {
			return err
		}
		return w.silence(ctx)
	})
	if err != nil {
		return err
	}
	return b.record(ctx, w, "restart-and-create", 1, b.plan.many, func() error {
		if err := w.restartOperator(w.operators[0]); err != nil {
			return err
		}
		return w.fill(ctx, 80_000, 80_001)
	})
}
