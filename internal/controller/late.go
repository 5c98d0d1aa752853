package controller

import (
	"context"
	"errors"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// patienceOfLate is how long a read waits that has just waited in vain.
const patienceOfLate = 100 * time.Millisecond

// errLostEvent is what is wrong with a cache that goes on without what was written.
var errLostEvent = errors.New("the cache has less than was written")

// inTime reads from the cache, which waits until it has seen what was written. A watch that stands still, or has lost an
// event, would hold that forever: when a third of the time is over, the API server is read, and soon the next time. It is
// read at once where the cache has lost an event. late has those for which this is so.
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
	if (limited.Err() == nil && !errors.Is(err, errLostEvent)) || ctx.Err() != nil {
		return err
	}
	late.of(key, struct{}{})
	log.FromContext(ctx).Info("Looking past the cache, which does not hear of what was written", "reason", err.Error())
	return read(ctx, r.Live)
}

// latest is the Microservice as the cache has it. Where the cache does not hear of its last status it is the API server's,
// and neighbours are told once what no event tells them.
func (r *MicroserviceReconciler) latest(ctx context.Context, key types.NamespacedName) (*v1alpha1.Microservice, error) {
	var ms *v1alpha1.Microservice
	err := r.inTime(ctx, &r.late, key, func(ctx context.Context, from client.Reader) error {
		ms = &v1alpha1.Microservice{}
		if err := from.Get(ctx, key, ms, client.UnsafeDisableDeepCopy); err != nil {
			return err
		}
		if from == r.Live {
			r.Door.Saw(ms)
		} else if r.Door.Outdated(ms) {
			return errLostEvent
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if _, late := r.late.running(key); !late || r.queue == nil || r.told.of(key, ms.ResourceVersion) > 0 {
		return ms, nil
	}
	before, err := r.cached(ctx, key)
	if err == nil {
		r.spread(ctx, r.queue, before, ms)
	}
	return ms, err
}

// known is another Microservice as the cache has it, nil where it is not there. Where it is known to be late it is the API
// server's.
func (r *MicroserviceReconciler) known(ctx context.Context, key types.NamespacedName) (*v1alpha1.Microservice, error) {
	ms, err := r.cached(ctx, key)
	if _, late := r.late.running(key); err != nil || ms == nil || !late || !r.Door.Outdated(ms) {
		return ms, err
	}
	ms = &v1alpha1.Microservice{}
	if err := r.Live.Get(ctx, key, ms); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return ms, nil
}

// cached is what the cache has, which is its own, whether it has seen what was written or not; nil is not there.
func (r *MicroserviceReconciler) cached(ctx context.Context, key types.NamespacedName) (*v1alpha1.Microservice, error) {
	ms := &v1alpha1.Microservice{}
	if err := r.Cache.Get(ctx, key, ms, client.UnsafeDisableDeepCopy); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	return ms, nil
}
