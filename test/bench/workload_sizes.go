package main

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// sizes fills one cluster step by step and weighs the operator at each; with many in place it is left alone, looks at
// everything again for nothing, changes one, and is started again.
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
			for _, look := range []func(*bench, context.Context, *world) error{(*bench).steady, (*bench).createOne, (*bench).noop, (*bench).oneField, (*bench).restart} {
				if err := look(b, ctx, w); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// amongOthers weighs the operator beside objects that are none of its business.
func (b *bench) amongOthers(ctx context.Context) error {
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		if err := w.addUnrelated(ctx, b.plan.unrelated); err != nil {
			return err
		}
		if err := b.weigh(ctx, w, "memory-among-others", 0); err != nil {
			return err
		}
		size := b.plan.sizes[0]
		if err := w.fill(ctx, 0, size); err != nil {
			return err
		}
		return b.weigh(ctx, w, "memory-among-others", size)
	})
}

// fill makes custom resources and waits until all are ready and silent.
func (w *world) fill(ctx context.Context, from, to int) error {
	if err := w.create(ctx, from, to); err != nil {
		return err
	}
	if err := w.tracker.await(ctx, 20*time.Minute); err != nil {
		return fmt.Errorf("%w\n%s", err, w.lastWords())
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
	objects, err := w.system.objects(w.namespaces, 0, b.plan.many)
	if err != nil {
		return err
	}
	touch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"labels":{"example.com/bench":"touched"}}}`))
	return b.record(ctx, w, "no-op", b.plan.many, b.plan.many, func() error {
		return b.profiled(ctx, w, "no-op", func() error {
			return each(ctx, inFlight, objects, func(ctx context.Context, o *unstructured.Unstructured) error {
				d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: o.GetName()}}
				return w.kube.Patch(ctx, d, touch)
			})
		})
	})
}

// oneByOne is how many are created or changed, each when the one before is ready.
const oneByOne = 20

func (b *bench) createOne(ctx context.Context, w *world) error {
	return b.inTurn(ctx, w, "create-one", func(i int) error { return w.create(ctx, 70_000+i, 70_001+i) })
}

func (b *bench) oneField(ctx context.Context, w *world) error {
	return b.inTurn(ctx, w, "one-field", func(i int) error { return w.change(ctx, 1000+i, i) })
}

func (b *bench) inTurn(ctx context.Context, w *world, name string, do func(i int) error) error {
	return b.record(ctx, w, name, oneByOne, b.plan.many, func() error {
		for i := range oneByOne {
			if err := do(i); err != nil {
				return err
			}
			if err := w.tracker.await(ctx, time.Minute); err != nil {
				return err
			}
		}
		return nil
	})
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

// addUnrelated makes Deployments, Secrets and ConfigMaps that no operator owns, so many of each.
func (w *world) addUnrelated(ctx context.Context, n int) error {
	if err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: unrelated}}); err != nil {
		return err
	}
	var all []client.Object
	labels := map[string]string{"app": "unrelated"}
	for i := range n {
		meta := metav1.ObjectMeta{Namespace: unrelated, Name: fmt.Sprintf("u%05d", i)}
		all = append(all,
			&corev1.Secret{ObjectMeta: meta, Data: map[string][]byte{"key": make([]byte, 1024)}},
			&corev1.ConfigMap{ObjectMeta: meta, BinaryData: map[string][]byte{"key": make([]byte, 1024)}},
			&appsv1.Deployment{ObjectMeta: meta, Spec: appsv1.DeploymentSpec{
				Selector: &metav1.LabelSelector{MatchLabels: labels},
				Template: corev1.PodTemplateSpec{
					ObjectMeta: metav1.ObjectMeta{Labels: labels},
					Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "example.com/unrelated:1"}}},
				},
			}})
	}
	return each(ctx, inFlight, all, func(ctx context.Context, o client.Object) error { return w.kube.Create(ctx, o) })
}
