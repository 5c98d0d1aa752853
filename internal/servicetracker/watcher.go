package servicetracker

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// watcher is the cache of one namespace, or of all. Its fields are guarded by the Tracker's mutex.
type watcher struct {
	cache  cache.Cache
	synced bool
	// err is why the cache is not synced yet.
	err error
	// ended is set once the cache has stopped.
	ended bool
}

func (t *Tracker) startWatcher(namespace string) *watcher {
	w, ctx := &watcher{}, t.ctx
	c, err := t.open(namespace, func(ctx context.Context, reflector *toolscache.Reflector, err error) {
		toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
		t.fail(w, err)
	})
	if err != nil {
		w.err, w.ended = err, true
		return w
	}
	w.cache = c
	go func() {
		if err := t.run(ctx, w); err != nil && ctx.Err() == nil {
			t.mu.Lock()
			w.ended = true
			t.mu.Unlock()
			t.fail(w, err)
		}
	}()
	return w
}

// run fills the cache and keeps it up to date until the context ends.
func (t *Tracker) run(ctx context.Context, w *watcher) error {
	if err := w.cache.IndexField(ctx, &discoveryv1.EndpointSlice{}, indexService, serviceOf); err != nil {
		return err
	}
	for _, object := range []client.Object{&corev1.Service{}, &discoveryv1.EndpointSlice{}} {
		informer, err := w.cache.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		refresh := func(o any) { t.refresh(w, o) }
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: refresh, DeleteFunc: refresh,
			UpdateFunc: func(before, now any) {
				refresh(before) // a slice may have been another Service's
				refresh(now)
			},
		}); err != nil {
			return err
		}
	}
	go func() {
		if w.cache.WaitForCacheSync(ctx) {
			t.sync(w)
		}
	}()
	return w.cache.Start(ctx)
}

// refresh updates the Service of an event, and reports its users if it changed.
func (t *Tracker) refresh(w *watcher, event any) {
	if unknown, ok := event.(toolscache.DeletedFinalStateUnknown); ok {
		event = unknown.Obj
	}
	var key dependency.Key
	switch object := event.(type) {
	case *corev1.Service:
		key = client.ObjectKeyFromObject(object)
	case *discoveryv1.EndpointSlice:
		key = dependency.Key{Namespace: object.Namespace, Name: object.Labels[discoveryv1.LabelServiceName]}
	}
	t.mu.Lock()
	var users []dependency.Key
	if t.read(w, key) {
		users = t.services[key].users.UnsortedList()
	}
	t.mu.Unlock()
	t.changed(users...)
}

// sync reads all named Services once the cache is filled, and reports everybody who waits for that.
func (t *Tracker) sync(w *watcher) {
	t.mu.Lock()
	w.synced, w.err = true, nil
	for key := range t.services {
		if t.watchers[t.scope(key)] == w {
			t.read(w, key)
		}
	}
	users := t.users(w)
	t.mu.Unlock()
	t.changed(users...)
}

// fail reports the users of Services that cannot be read. After a first successful read the last state stays: a lost watch must
// not remove network rules.
func (t *Tracker) fail(w *watcher, err error) {
	t.mu.Lock()
	if w.synced || w.err != nil {
		t.mu.Unlock()
		return
	}
	w.err = err
	users := t.users(w)
	t.mu.Unlock()
	t.changed(users...)
}

// target returns the state of a Service in the cache, nil if it does not exist.
func (w *watcher) target(ctx context.Context, key dependency.Key) (*dependency.ServiceTarget, error) {
	svc, slices := &corev1.Service{}, &discoveryv1.EndpointSliceList{}
	if err := w.cache.Get(ctx, key, svc, client.UnsafeDisableDeepCopy); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if err := w.cache.List(ctx, slices, client.InNamespace(key.Namespace), client.MatchingFields{indexService: key.Name},
		client.UnsafeDisableDeepCopy); err != nil {
		return nil, err
	}
	return dependency.NewServiceTarget(svc, slices.Items), nil
}
