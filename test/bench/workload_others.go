package main

import (
	"context"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

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
