package controller

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/fairqueue"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// A failure that can heal without an edit is retried after 100 ms, then with a doubled delay each time up to 20 s. There may be
// no event to wait for: the caches hold only children, not the object that is in the way.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 20 * time.Second
)

// SetupWithManager sets up the watches: Microservices whose spec changes, all changes of children, and neighbours in the graph
// that are affected by a change.
func (r *MicroserviceReconciler) SetupWithManager(mgr ctrl.Manager) error {
	if err := topology.AddIndexes(context.Background(), mgr.GetFieldIndexer()); err != nil {
		return fmt.Errorf("setting up the Microservice controller: %w", err)
	}
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.Microservice{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, copiedLabelsChanged(&r.Planner.Settings)))).
		Watches(&v1alpha1.Microservice{}, observing(r.Consistency, kindMicroservice, r.Topology.MicroserviceHandler())).
		WithOptions(controller.Options{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
			NewQueue:    fairqueue.New,
		})
	for _, kind := range childKinds {
		b.Watches(kind.newObject(), observing(r.Consistency, kind.name, handler.EnqueueRequestsFromMapFunc(ownerOf)))
	}
	b.Watches(&appsv1.Deployment{}, r.Topology.DeploymentHandler())
	if r.Topology.SeesNamespaces() {
		b.WatchesMetadata(&corev1.Namespace{}, r.Topology.NamespaceHandler())
	}
	b.WatchesRawSource(source.Func(func(ctx context.Context, q topology.Queue) error {
		r.startOptionalKinds(ctx, q)
		r.Topology.Start(ctx, func(keys ...dependency.Key) { topology.Enqueue(q, keys...) })
		return nil
	}))
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("setting up the Microservice controller: %w", err)
	}
	return nil
}

// ownerOf does the work of builder.Owns, which asks the RESTMapper at each event.
func ownerOf(_ context.Context, child client.Object) []reconcile.Request {
	owner := metav1.GetControllerOfNoCopy(child)
	if owner == nil || owner.Kind != kindMicroservice || !strings.HasPrefix(owner.APIVersion, v1alpha1.SchemeGroupVersion.Group+"/") {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: child.GetNamespace(), Name: owner.Name}}}
}

// copiedLabelsChanged selects changes of the labels that are copied to the children.
func copiedLabelsChanged(s *resources.Settings) predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*v1alpha1.Microservice), e.ObjectNew.(*v1alpha1.Microservice)
		return !maps.Equal(s.CopiedLabels(before), s.CopiedLabels(after))
	}}
}
