package optional

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/source"
)

// watch is the life of one kind. The fields below gvk are guarded by the Kinds' mutex.
type watch struct {
	kinds *Kinds
	kind  Kind
	gvk   schema.GroupVersionKind

	// asked is set once the kind was asked for.
	asked bool
	state State
	// cache is not nil while the kind is served.
	cache cache.Cache
	// end ends the cache with an ended; nil while there is none.
	end context.CancelCauseFunc
}

// ended is why a cache ended.
type ended struct{ State }

// Error is the detail of the state.
func (e ended) Error() string { return e.Detail }

// run discovers the kind and reads it, again and again, until the context ends.
func (w *watch) run(ctx context.Context) {
	for {
		state := w.discover(ctx)
		if state.Status == Served {
			state = w.read(ctx)
		}
		if ctx.Err() != nil {
			return
		}
		w.set(state, nil)
		select {
		case <-ctx.Done():
			return
		case <-time.After(recheckAfter):
		}
	}
}

// read keeps a cache of the kind. It returns why the cache ended.
func (w *watch) read(ctx context.Context) State {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	w.setEnd(end)
	defer w.setEnd(nil)
	c, err := w.open()
	if err == nil {
		_, err = c.GetInformer(ctx, w.kind.Object, cache.BlockUntilSynced(false))
	}
	if err != nil {
		return State{Status: Unreadable, Detail: err.Error()}
	}
	var synced sync.WaitGroup
	synced.Go(func() {
		if c.WaitForCacheSync(ctx) && source.Kind(c, w.kind.Object, w.kind.Handler).Start(ctx, w.kinds.queue) == nil {
			w.set(State{Status: Served}, c)
		}
	})
	err = c.Start(ctx)
	end(err)
	synced.Wait()
	var why ended
	if errors.As(context.Cause(ctx), &why) {
		return why.State
	}
	return State{Status: Unreadable, Detail: fmt.Sprint(context.Cause(ctx))}
}

// open creates a cache of the kind.
func (w *watch) open() (cache.Cache, error) {
	mgr := w.kinds.mgr
	return cache.New(mgr.GetConfig(), cache.Options{
		Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient(), DefaultWatchErrorHandler: w.failed,
		DefaultNamespaces: w.kinds.namespaces, DefaultLabelSelector: w.kind.Cache.Label, DefaultTransform: w.kind.Cache.Transform,
	})
}

// setEnd sets the function that ends the cache.
func (w *watch) setEnd(end context.CancelCauseFunc) {
	w.kinds.mu.Lock()
	defer w.kinds.mu.Unlock()
	w.end = end
}

// stop ends the cache, if there is one.
func (w *watch) stop(why State) {
	w.kinds.mu.Lock()
	end := w.end
	w.kinds.mu.Unlock()
	if end != nil {
		end(ended{why})
	}
}

// failed ends the cache if the kind is gone or may not be read. Other errors pass, and the watch is tried again.
func (w *watch) failed(ctx context.Context, reflector *toolscache.Reflector, err error) {
	switch {
	case apierrors.IsForbidden(err):
		w.stop(State{Status: Forbidden, Detail: err.Error()})
	case apierrors.IsNotFound(err), apierrors.IsMethodNotSupported(err):
		w.stop(State{Status: NotInstalled})
	default:
		toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
		w.unreadable(err)
	}
}

// unreadable reports an error if the objects were never read. Afterwards the last ones stay.
func (w *watch) unreadable(err error) {
	w.kinds.mu.Lock()
	reading := w.state.Status != Served
	w.kinds.mu.Unlock()
	if reading {
		w.set(State{Status: Unreadable, Detail: err.Error()}, nil)
	}
}

// set reports a new status. c is the cache of a kind that is served.
func (w *watch) set(state State, c cache.Cache) {
	w.kinds.mu.Lock()
	changed := w.state.Status != state.Status
	w.state, w.cache = state, c
	w.kinds.mu.Unlock()
	if changed {
		w.kinds.changed(w.kind.Name)
	}
}
