package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// handoverAfter is how long after the deletion of an autoscaler the number of replicas is sent. The HPA controller works from a
// cache of its own, and may overwrite a number that is sent at once.
const handoverAfter = time.Second

// heardWithin is how long the HPA controller may take to notice the deletion, such as after an outage of the API server: a
// watch is retried within a minute.
const heardWithin = 2 * time.Minute

// deleteAutoscaler deletes the autoscaler if it exists. It returns how long to delay sending replicas if it was deleted just
// now.
func (r *MicroserviceReconciler) deleteAutoscaler(ctx context.Context, b *apply.Batch, ms *v1alpha1.Microservice, current children) time.Duration {
	key, before := client.ObjectKeyFromObject(ms), len(b.Changes())
	apply.Delete(ctx, b, current.autoscaler())
	if len(b.Changes()) > before && !b.Failed(kindAutoscaler) && !ms.Spec.Paused {
		r.autoscalerDeleted.Forget(key)
		r.autoscalerDeleted.Observe(key, struct{}{})
	}
	gone, found := r.autoscalerDeleted.For(key)
	switch {
	case !found:
		return 0
	case gone >= heardWithin:
		r.autoscalerDeleted.Forget(key)
	}
	return max(handoverAfter-gone, 0)
}

// sizeOptions returns the options that tell who decides the number of replicas.
func (r *MicroserviceReconciler) sizeOptions(ms *v1alpha1.Microservice) []apply.Option {
	if ms.Spec.ScaledExternally() {
		return []apply.Option{apply.ScaledByOthers(max(ms.Spec.GuaranteedReplicas(), 1))}
	}
	if ms.Spec.Autoscaled() {
		return []apply.Option{apply.AutoscaledFrom(ms.Spec.GuaranteedReplicas())}
	}
	if _, found := r.autoscalerDeleted.For(client.ObjectKeyFromObject(ms)); found {
		return []apply.Option{apply.HandedOver()}
	}
	return nil
}
