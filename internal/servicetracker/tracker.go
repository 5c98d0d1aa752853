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

// ErrNotSynced is returned while the Services are being read for the first time. Their users are told when they have been.
var ErrNotSynced = errors.New("the Services are not read yet")

// Tracker watches Services and EndpointSlices with two watches in all, or two in each namespace where the operator is
// limited to some. They start with the first Service that is named, and stay: a cluster that had one dependency on a
// Service will have another. It is safe for concurrent use.
type Tracker struct {
	// open makes a cache of one namespace, or of all.
	open func(namespace string, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error)
	// limited is true where each namespace has a cache of its own.
	limited bool

	mu      sync.Mutex
	ctx     context.Context
	changed func(...dependency.Key)
	// watchers are by namespace, or there is one without.
	watchers map[string]*watcher
	services map[dependency.Key]*service
	// named is what each Microservice names.
	named map[dependency.Key][]dependency.Key
}

// service is one that is named. It is guarded by the mutex of the Tracker.
type service struct {
	users sets.Set[dependency.Key]
	// target is what was last read, nil where it does not exist.
	target *dependency.ServiceTarget
}

// New returns a tracker that reads as the manager does. namespaces are those that the operator is limited to; none means
// all.
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

// Start sets the context in which the watches run, and the function that is told whose Services have changed. It is called
// before Targets.
func (t *Tracker) Start(ctx context.Context, changed func(...dependency.Key)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ctx, t.changed = ctx, changed
}

// Targets returns the Services that ms names, as they are now; those that do not exist are absent. From now on ms is told
// of changes of these, and of no others. The error is ErrNotSynced while they are being read for the first time, or says
// why they cannot be read; ms is told when that is over.
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

// Forget drops what a Microservice that is gone has named.
func (t *Tracker) Forget(ms dependency.Key) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.name(ms, nil)
}

// name replaces what ms names. What nobody names any more is not read any more.
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

// watcherOf returns the watcher of a Service, and starts it where there is none yet.
func (t *Tracker) watcherOf(key dependency.Key) *watcher {
	namespace := t.scope(key)
	if t.watchers[namespace] == nil {
		t.watchers[namespace] = t.startWatcher(namespace)
	}
	return t.watchers[namespace]
}

// scope returns the namespace of the watcher of a Service, empty where there is one for all.
func (t *Tracker) scope(key dependency.Key) string {
	if t.limited {
		return key.Namespace
	}
	return ""
}

// read takes over what the watcher's cache has of a named Service. It reports whether that is another than before.
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

// users returns those who name a Service of the watcher.
func (t *Tracker) users(w *watcher) []dependency.Key {
	users := sets.New[dependency.Key]()
	for key, s := range t.services {
		if t.watchers[t.scope(key)] == w {
			users.Insert(s.users.UnsortedList()...)
		}
	}
	return users.UnsortedList()
}
