package controller

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// patienceOfLate is how long a read waits that has just waited in vain.
const patienceOfLate = 100 * time.Millisecond

// inTime reads from the cache, which waits until it has seen what was written. A watch that stands still, or has lost an
// event, would hold that forever: when a third of the time is over, the API server is read, and soon the next time. late
// has those for which this is so.
func (r *MicroserviceReconciler) inTime(ctx context.Context, late *stopwatch[struct{}], key types.NamespacedName, read func(ctx context.Context, from client.Reader) error) error {
	limited := ctx
	if end, found := ctx.Deadline(); found {
		patience := time.Until(end) / 3
		if _, again := late.running(key); again {
			patience = patienceOfLate
		}
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	err := read(limited, r.Client)
	if err == nil {
		late.forget(key)
		return nil
	}
	if limited.Err() == nil || ctx.Err() != nil {
		return err
	}
	late.of(key, struct{}{})
	log.FromContext(ctx).Info("Looking past the cache, which does not hear of what was written", "reason", err.Error())
	return read(ctx, r.Live)
}
