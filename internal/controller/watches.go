package controller

import (
	"fmt"
	"time"

	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// A failure that can heal without an edit is retried after 100 ms, then after twice as long each time up to 20 s: no
// watch tells when a foreign object goes, because the caches hold only children.
const (
	firstRetry = 100 * time.Millisecond
	lastRetry  = 20 * time.Second
)

// SetupWithManager starts the watches: a Microservice when its spec changes, a child whenever it does.
func (r *MicroserviceReconciler) SetupWithManager(mgr ctrl.Manager) error {
	b := ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.Microservice{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).
		WithOptions(controller.Options{
			RateLimiter: workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](firstRetry, lastRetry),
		})
	for _, child := range childKinds() {
		b = b.Owns(child)
	}
	if err := b.Complete(r); err != nil {
		return fmt.Errorf("setting up the Microservice controller: %w", err)
	}
	return nil
}
