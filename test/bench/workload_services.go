package main

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// serviceTargets weighs the operator with nothing, with custom resources, and with as many more that each depend on a
// Service of its own which is not the system's. It needs a system that has dependencies.
func (b *bench) serviceTargets(ctx context.Context) error {
	n := b.plan.services
	return b.within(ctx, b.system, worldOptions{}, func(w *world) error {
		if err := b.weigh(ctx, w, "services", 0); err != nil {
			return err
		}
		if err := w.fill(ctx, 0, n); err != nil {
			return err
		}
		if err := b.weigh(ctx, w, "services", n); err != nil {
			return err
		}
		objects, err := w.system.objects(w.namespaces, n, 2*n)
		if err != nil {
			return err
		}
		return b.recordWeighed(ctx, w, "services-named", n, 2*n, func() error {
			for _, o := range objects {
				if err := w.giveService(ctx, o); err != nil {
					return err
				}
			}
			if err := w.createAll(ctx, objects); err != nil {
				return err
			}
			return w.tracker.await(ctx, 20*time.Minute)
		})
	})
}

// giveService creates a Service with one ready endpoint, and has the custom resource depend on it.
func (w *world) giveService(ctx context.Context, o *unstructured.Unstructured) error {
	meta := metav1.ObjectMeta{Namespace: o.GetNamespace(), Name: "db-" + o.GetName()}
	svc := &corev1.Service{ObjectMeta: meta, Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app": meta.Name}, Ports: []corev1.ServicePort{{Name: "tcp", Port: 5432}},
	}}
	slice := &discoveryv1.EndpointSlice{
		ObjectMeta: meta, AddressType: discoveryv1.AddressTypeIPv4,
		Endpoints: []discoveryv1.Endpoint{{Addresses: []string{"10.0.0.1"}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}}},
		Ports:     []discoveryv1.EndpointPort{{Name: new("tcp"), Port: new(int32(5432))}},
	}
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: meta.Name}
	for _, object := range []client.Object{svc, slice} {
		if err := w.kube.Create(ctx, object); err != nil {
			return fmt.Errorf("creating %T %s: %w", object, meta.Name, err)
		}
	}
	return unstructured.SetNestedSlice(o.Object, []any{
		map[string]any{"name": "db", "service": map[string]any{"name": meta.Name}},
	}, "spec", "dependencies")
}
