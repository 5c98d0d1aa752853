package controller

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

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
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// A failure that can heal without an edit is retried after 100 ms, then after twice as long each time up to 20 s: no
// watch tells when a foreign object goes, because the caches hold only children.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 20 * time.Second
)

// SetupWithManager starts the watches: a Microservice when its spec changes, a child whenever it does, and neighbours in
// the graph when something changes that they can see.
func (r *MicroserviceReconciler) SetupWithManager(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.Microservice{}, builder.WithPredicates(predicate.Or(predicate.GenerationChangedPredicate{}, copiedLabelsChanged()))).
		WithOptions(controller.Options{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
			NewQueue:    newFairQueue,
		})
	for _, child := range childKinds() {
		b = b.Watches(child, handler.EnqueueRequestsFromMapFunc(ownerOf))
	}
	if err := r.watchNeighbours(mgr, b); err != nil {
		return fmt.Errorf("setting up the Microservice controller: %w", err)
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("setting up the Microservice controller: %w", err)
	}
	return nil
}

// ownerOf does what builder.Owns would, which asks at each event what a Microservice is called in the API.
func ownerOf(_ context.Context, child client.Object) []reconcile.Request {
	owner := metav1.GetControllerOfNoCopy(child)
	if owner == nil || owner.Kind != "Microservice" || !strings.HasPrefix(owner.APIVersion, v1alpha1.SchemeGroupVersion.Group+"/") {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: child.GetNamespace(), Name: owner.Name}}}
}

// copiedLabelsChanged is for the labels of a Microservice that its children get, too. Other labels and annotations are of
// no concern.
func copiedLabelsChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, after := e.ObjectOld.(*v1alpha1.Microservice), e.ObjectNew.(*v1alpha1.Microservice)
		return !maps.Equal(resources.CopiedLabels(before), resources.CopiedLabels(after))
	}}
}

func (r *MicroserviceReconciler) watchNeighbours(mgr ctrl.Manager, b *ctrl.Builder) error {
	for name, index := range map[string]client.IndexerFunc{indexTargets: indexByTarget, indexSelectors: indexBySelector} {
		if err := mgr.GetFieldIndexer().IndexField(context.Background(), &v1alpha1.Microservice{}, name, index); err != nil {
			return err
		}
	}
	b.Watches(&v1alpha1.Microservice{}, r.neighbourHandler())
	if r.Namespaces.Len() == 0 {
		b.WatchesMetadata(&corev1.Namespace{}, r.namespaceHandler())
	}
	b.WatchesRawSource(source.Func(func(ctx context.Context, q queue) error {
		r.queue, _ = q.(*fairQueue)
		changed := func(keys ...dependency.Key) { enqueue(q, keys...) }
		r.services.start(ctx, changed)
		go r.cycles.run(ctx, changed)
		return nil
	}))
	return nil
}
