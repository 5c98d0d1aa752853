package controller

import (
	"context"
	"time"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// handoverAfter is how long after the end of an autoscaler the number of replicas is sent. Its controller works from a
// cache of its own, and for a moment may still answer a new number with the autoscaler's.
const handoverAfter = time.Second

// removeAutoscaler says how long the number of replicas has to wait: the autoscaler goes now, or went a moment ago.
func (r *MicroserviceReconciler) removeAutoscaler(ctx context.Context, b *apply.Batch, ms *v1alpha1.Microservice, live *autoscalingv2.HorizontalPodAutoscaler) time.Duration {
	key, before := client.ObjectKeyFromObject(ms), len(b.Changes())
	apply.Remove(ctx, b, live)
	if len(b.Changes()) > before && !b.Failed(kindAutoscaler) && !ms.Spec.Paused {
		r.handovers.forget(key)
		r.handovers.of(key, struct{}{})
	}
	gone, found := r.handovers.running(key)
	if !found || gone >= handoverAfter {
		r.handovers.forget(key)
		return 0
	}
	return handoverAfter - gone
}
