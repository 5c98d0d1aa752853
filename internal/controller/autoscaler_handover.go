package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// handoverAfter is how long after the end of an autoscaler the number of replicas is sent. Its controller works from a
// cache of its own, and for a moment may still answer a new number with the autoscaler's.
const handoverAfter = time.Second

// heardWithin is how long it may take until the autoscaler's controller has heard of its end, such as after an outage of the API
// server: a watch is tried again within a minute.
const heardWithin = 2 * time.Minute

// deleteAutoscaler deletes the autoscaler, if there is one, and returns how long the number of replicas has to wait because
// it was deleted now, or a moment ago.
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

// sizeOptions are about who says the number of replicas.
func (r *MicroserviceReconciler) sizeOptions(ms *v1alpha1.Microservice) []apply.Option {
	if ms.Spec.Autoscaled() {
		return []apply.Option{apply.AutoscaledFrom(ms.Spec.GuaranteedReplicas())}
	}
	if _, found := r.autoscalerDeleted.For(client.ObjectKeyFromObject(ms)); found {
		return []apply.Option{apply.HandedOver()}
	}
	return nil
}
