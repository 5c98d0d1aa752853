package controller

import (
	"context"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/optional"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// optionalKinds are the child kinds that a cluster may lack. They are applied after the others, and what happens to them never
// makes a Microservice unready. Their rights are roles of their own: config/components.
var optionalKinds = []optionalKind{
	{
		childKind: newChildKind(desired(func(s *resources.Set) any { return s.HTTPRoute }), childOptions{prune: true},
			func(r *gatewayv1.HTTPRoute) { r.Spec = gatewayv1.HTTPRouteSpec{} }),
		asks: func(ms *v1alpha1.Microservice) bool { return ms.Spec.RouteKind() == v1alpha1.RouteHTTP },
	},
	{
		childKind: newChildKind(desired(func(s *resources.Set) any { return s.GRPCRoute }), childOptions{prune: true},
			func(r *gatewayv1.GRPCRoute) { r.Spec = gatewayv1.GRPCRouteSpec{} }),
		asks: func(ms *v1alpha1.Microservice) bool { return ms.Spec.RouteKind() == v1alpha1.RouteGRPC },
	},
	{
		childKind: newChildKind(desired(func(s *resources.Set) any { return s.PodMonitor }), childOptions{prune: true},
			func(m *monitoringv1.PodMonitor) {
				m.Spec, m.Status = monitoringv1.PodMonitorSpec{}, monitoringv1.ConfigResourceStatus{}
			}),
		asks: func(ms *v1alpha1.Microservice) bool { return ms.Spec.PodMonitored() },
	},
}

type optionalKind struct {
	childKind
	// asks reports whether a Microservice asks for the kind.
	asks func(*v1alpha1.Microservice) bool
}

// newOptionalKinds returns the watches of the optional kinds.
func newOptionalKinds(mgr ctrl.Manager, namespaces []string, store *consistency.Store) (*optional.Kinds, error) {
	kinds := make([]optional.Kind, 0, len(optionalKinds))
	for _, kind := range optionalKinds {
		kinds = append(kinds, optional.Kind{
			Name:    kind.name,
			Object:  kind.newObject(),
			Cache:   cache.ByObject{Label: childSelector, Transform: kind.transform},
			Handler: observing(store, kind.name, handler.EnqueueRequestsFromMapFunc(ownerOf)),
		})
	}
	return optional.New(mgr, namespaces, kinds...)
}

// startOptionalKinds enqueues the Microservices that ask for a kind when its status changes.
func (r *MicroserviceReconciler) startOptionalKinds(ctx context.Context, q topology.Queue) {
	r.Optional.Start(ctx, q, func(name string) {
		all := &v1alpha1.MicroserviceList{}
		if err := r.List(ctx, all, client.UnsafeDisableDeepCopy); err != nil {
			return // the cache has ended
		}
		for _, kind := range optionalKinds {
			for i := range all.Items {
				if ms := &all.Items[i]; kind.name == name && kind.asks(ms) {
					topology.Enqueue(q, dependency.KeyOf(ms))
				}
			}
		}
	})
}
