package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// rollouts are real ones, by Kubernetes' own controllers, with pods on a node played by KWOK. Deletion is here too,
// because only here is somebody who collects what is left.
func (b *bench) rollouts(ctx context.Context) error {
	return b.within(ctx, b.system, worldOptions{controllers: true}, func(w *world) error {
		n := b.plan.rollouts
		for _, step := range []struct {
			name string
			n    int
			do   func() error
		}{
			{"rollout-create", n, func() error { return w.create(ctx, 0, n) }},
			{"rollout-image", n, func() error { return w.changeRange(ctx, 1, 0, n) }},
			{"delete", n / 2, func() error { return w.remove(ctx, 0, n/2) }},
			{"delete-namespace", n / 2 / namespaceCount, func() error { return w.deleteNamespace(ctx, w.namespaces[0]) }},
		} {
			err := b.record(ctx, w, step.name, step.n, n, func() error {
				if err := step.do(); err != nil {
					return err
				}
				return w.tracker.await(ctx, 10*time.Minute)
			})
			if err != nil {
				return err
			}
		}
		return w.leftovers(ctx, 0, n/2)
	})
}

// deleteNamespace returns when it is gone.
func (w *world) deleteNamespace(ctx context.Context, name string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
	if err := w.kube.Delete(ctx, ns); err != nil {
		return err
	}
	for begun := time.Now(); time.Since(begun) < 2*time.Minute; time.Sleep(50 * time.Millisecond) {
		if err := w.kube.Get(ctx, types.NamespacedName{Name: name}, ns); err != nil {
			return client.IgnoreNotFound(err)
		}
	}
	return fmt.Errorf("namespace %s is not gone after 2 minutes", name)
}

// leftovers fails when children of deleted custom resources are still there after a minute.
func (w *world) leftovers(ctx context.Context, from, to int) error {
	owners, err := w.system.objects(w.namespaces, from, to)
	if err != nil {
		return err
	}
	gone := namesOf(owners)
	return cluster.Eventually(ctx, time.Minute, func() error {
		children, err := w.owned(ctx, w.system.Children)
		if err != nil {
			return err
		}
		for _, child := range children {
			if gone.Has(child.of()) {
				return fmt.Errorf("%s %s/%s is left over", child.resource, child.namespace, child.name)
			}
		}
		return nil
	})
}
