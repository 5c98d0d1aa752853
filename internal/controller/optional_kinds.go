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

// optionalKinds are the child kinds that a cluster may lack. They are applied after the others and pruned, and what happens to
// them never makes a Microservice unready. Their rights are roles of their own: config/components.
var optionalKinds = []childKind{
	newChildKind(desired(func(s *resources.Set) any { return s.HTTPRoute }), childOptions{},
		func(r *gatewayv1.HTTPRoute) { r.Spec = gatewayv1.HTTPRouteSpec{} }),
	newChildKind(desired(func(s *resources.Set) any { return s.GRPCRoute }), childOptions{},
		func(r *gatewayv1.GRPCRoute) { r.Spec = gatewayv1.GRPCRouteSpec{} }),
	newChildKind(desired(func(s *resources.Set) any { return s.PodMonitor }), childOptions{},
		func(m *monitoringv1.PodMonitor) {
			m.Spec, m.Status = monitoringv1.PodMonitorSpec{}, monitoringv1.ConfigResourceStatus{}
		}),
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
	return optional.New(mgr, inNamespaces(namespaces), kinds...)
}

// startOptionalKinds enqueues the Microservices that ask for a kind when its status changes.
func (r *MicroserviceReconciler) startOptionalKinds(ctx context.Context, q topology.Queue) {
	r.Optional.Start(ctx, q, func(name string) {
		all := &v1alpha1.MicroserviceList{}
		if err := r.List(ctx, all, client.UnsafeDisableDeepCopy); err != nil {
			return // the cache has ended
		}
		for i := range all.Items {
			if ms := &all.Items[i]; ms.Spec.AsksFor(name) {
				topology.Enqueue(q, dependency.KeyOf(ms))
			}
		}
	})
}
