// Package servicetracker watches the Services that dependencies name, with their EndpointSlices.
package servicetracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// ErrNotSynced is returned while Services are listed for the first time. The Microservices that wait for them are enqueued
// afterwards.
var ErrNotSynced = errors.New("the Services are not read yet")

// Tracker watches Services and EndpointSlices with two watches in all, or two per namespace if the operator is limited to some.
// They start with the first Service that a dependency names, and never stop: a cluster that had such a dependency is likely to
// have another. It is safe for concurrent use.
type Tracker struct {
	// open creates a cache of one namespace, or of all.
	open func(namespace string, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error)
	// limited is set if each namespace has a cache of its own.
	limited bool

	mu      sync.Mutex
	ctx     context.Context
	changed func(...dependency.Key)
	// watchers are by namespace; the key is empty for a watcher of all.
	watchers map[string]*watcher
	services map[dependency.Key]*service
	// named are the Services that each Microservice names.
	named map[dependency.Key][]dependency.Key
}

// service is a Service that a dependency names. It is guarded by the Tracker's mutex.
type service struct {
	users sets.Set[dependency.Key]
	// target is the last known state, nil if the Service does not exist.
	target *dependency.ServiceTarget
}

// New returns a tracker that uses the manager's configuration. namespaces are the watched ones; empty means all.
func New(mgr ctrl.Manager, namespaces []string) *Tracker {
	return newTracker(len(namespaces) > 0, func(namespace string, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
		options := cacheOptions(namespace)
		options.Scheme, options.Mapper, options.HTTPClient = mgr.GetScheme(), mgr.GetRESTMapper(), mgr.GetHTTPClient()
		options.DefaultWatchErrorHandler = failed
		return cache.New(mgr.GetConfig(), options)
	})
}

func newTracker(limited bool, open func(string, toolscache.WatchErrorHandlerWithContext) (cache.Cache, error)) *Tracker {
	return &Tracker{
		open:     open,
		limited:  limited,
		ctx:      context.Background(),
		changed:  func(...dependency.Key) {},
		watchers: map[string]*watcher{},
		services: map[dependency.Key]*service{},
		named:    map[dependency.Key][]dependency.Key{},
	}
}

// Start sets the context of the watches, and the function that is called with the Microservices whose Services changed. It must
// be called before Targets.
func (t *Tracker) Start(ctx context.Context, changed func(...dependency.Key)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ctx, t.changed = ctx, changed
}

// Targets returns the current Services that ms names; missing ones are absent. From now on changes of these, and of no others,
// are reported for ms. The error is ErrNotSynced while they are listed for the first time, or explains why they cannot be read;
// ms is reported when that is over.
func (t *Tracker) Targets(ms dependency.Key, keys []dependency.Key) (map[dependency.Key]*dependency.ServiceTarget, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name(ms, keys)
	found := map[dependency.Key]*dependency.ServiceTarget{}
	for _, key := range keys {
		w, s := t.watcherOf(key), t.services[key]
		if w.ended {
			delete(t.watchers, t.scope(key)) // the next attempt starts another
		}
		if w.err != nil {
			return nil, fmt.Errorf("reading Service %s and its endpoints: %w", key, w.err)
		}
		if !w.synced {
			return nil, ErrNotSynced
		}
		if s.target != nil {
			found[key] = s.target
		}
	}
	return found, nil
}

// Forget drops the Services that a deleted Microservice named.
func (t *Tracker) Forget(ms dependency.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name(ms, nil)
}

// name replaces the Services that ms names, and drops those that nobody names any more.
func (t *Tracker) name(ms dependency.Key, keys []dependency.Key) {
	for _, key := range t.named[ms] {
		if s := t.services[key]; !slices.Contains(keys, key) {
			if s.users.Delete(ms); s.users.Len() == 0 {
				delete(t.services, key)
			}
		}
	}
	for _, key := range keys {
		if t.services[key] == nil {
			t.services[key] = &service{users: sets.New[dependency.Key]()}
			t.read(t.watcherOf(key), key)
		}
		t.services[key].users.Insert(ms)
	}
	if len(keys) == 0 {
		delete(t.named, ms)
	} else {
		t.named[ms] = slices.Clone(keys)
	}
}

// watcherOf returns the watcher of a Service, and starts it if necessary.
func (t *Tracker) watcherOf(key dependency.Key) *watcher {
	namespace := t.scope(key)
	if t.watchers[namespace] == nil {
		t.watchers[namespace] = t.startWatcher(namespace)
	}
	return t.watchers[namespace]
}

// scope returns the namespace of a Service's watcher, empty for a watcher of all.
func (t *Tracker) scope(key dependency.Key) string {
	if t.limited {
		return key.Namespace
	}
	return ""
}

// read updates a named Service from the watcher's cache. It reports whether it changed.
func (t *Tracker) read(w *watcher, key dependency.Key) bool {
	s := t.services[key]
	if s == nil || !w.synced {
		return false
	}
	target, err := w.target(t.ctx, key)
	if err != nil || equality.Semantic.DeepEqual(s.target, target) {
		return false // an error is that the context has ended: a cache that is synced answers
	}
	s.target = target
	return true
}

// users returns the Microservices that name a Service of the watcher.
func (t *Tracker) users(w *watcher) []dependency.Key {
	users := sets.New[dependency.Key]()
	for key, s := range t.services {
		if t.watchers[t.scope(key)] == w {
			users.Insert(s.users.UnsortedList()...)
		}
	}
	return users.UnsortedList()
}
