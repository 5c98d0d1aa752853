// Package servicetracker watches the Services that dependencies name.
package servicetracker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/sets"
	toolscache "k8s.io/client-go/tools/cache"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// ErrNotSynced is returned while a Service is being read for the first time. Its users are told when it has been.
var ErrNotSynced = errors.New("a Service is not read yet")

// Tracker watches the Services that dependencies name, each by itself, with its EndpointSlices: a cluster has many
// more than are named, and their endpoints change all the time.
type Tracker struct {
	// open makes a cache of one Service and its slices.
	open func(dependency.Key, toolscache.WatchErrorHandlerWithContext) (cache.Cache, error)

	mu      sync.Mutex
	ctx     context.Context
	changed func(...dependency.Key)
	watched map[dependency.Key]*watchedService
	// named is what each Microservice names.
	named map[dependency.Key][]dependency.Key
}

// watchedService is guarded by the mutex of Tracker.
type watchedService struct {
	users sets.Set[dependency.Key]
	stop  context.CancelFunc
	// read says that target is what the server has; nil is not there.
	read   bool
	target *dependency.ServiceTarget
	// err is why it could not be read yet.
	err error
}

// New returns a tracker that reads with the manager's credentials.
func New(mgr ctrl.Manager) *Tracker {
	return &Tracker{
		ctx:     context.Background(),
		changed: func(...dependency.Key) {},
		watched: map[dependency.Key]*watchedService{},
		named:   map[dependency.Key][]dependency.Key{},
		open: func(key dependency.Key, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
			one := func(selector cache.Config) cache.ByObject {
				return cache.ByObject{Namespaces: map[string]cache.Config{key.Namespace: selector}}
			}
			return cache.New(mgr.GetConfig(), cache.Options{
				Scheme:     mgr.GetScheme(),
				Mapper:     mgr.GetRESTMapper(),
				HTTPClient: mgr.GetHTTPClient(),
				ByObject: map[client.Object]cache.ByObject{
					&corev1.Service{}: one(cache.Config{
						FieldSelector: fields.OneTermEqualSelector("metadata.name", key.Name)}),
					&discoveryv1.EndpointSlice{}: one(cache.Config{
						LabelSelector: labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: key.Name})}),
				},
				DefaultTransform:         cache.TransformStripManagedFields(),
				DefaultWatchErrorHandler: failed,
			})
		},
	}
}

// Start says where changes go. It is called before anything is looked at.
func (s *Tracker) Start(ctx context.Context, changed func(...dependency.Key)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ctx, s.changed = ctx, changed
}

// Targets returns the Services that ms names, as they are now. What it does not name any more is not watched for it any
// longer. The error is ErrNotSynced where a Service is being read for the first time; ms is looked at again after
// that.
func (s *Tracker) Targets(ms dependency.Key, keys []dependency.Key) (map[dependency.Key]*dependency.ServiceTarget, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name(ms, keys)
	found := map[dependency.Key]*dependency.ServiceTarget{}
	for _, key := range keys {
		switch w := s.watched[key]; {
		case w.err != nil:
			return nil, fmt.Errorf("reading Service %s and its endpoints: %w", key, w.err)
		case !w.read:
			return nil, ErrNotSynced
		case w.target != nil:
			found[key] = w.target
		}
	}
	return found, nil
}

// Forget stops what only a Microservice that is gone has named.
func (s *Tracker) Forget(ms dependency.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.name(ms, nil)
}

func (s *Tracker) name(ms dependency.Key, keys []dependency.Key) {
	for _, key := range s.named[ms] {
		if w := s.watched[key]; !slices.Contains(keys, key) {
			if w.users.Delete(ms); w.users.Len() == 0 {
				w.stop()
				delete(s.watched, key)
			}
		}
	}
	for _, key := range keys {
		if s.watched[key] == nil {
			s.watched[key] = s.watch(key)
		}
		s.watched[key].users.Insert(ms)
	}
	if len(keys) == 0 {
		delete(s.named, ms)
	} else {
		s.named[ms] = keys
	}
}

func (s *Tracker) watch(key dependency.Key) *watchedService {
	ctx, stop := context.WithCancel(s.ctx)
	w := &watchedService{users: sets.New[dependency.Key](), stop: stop}
	go func() {
		if err := s.follow(ctx, key, w); err != nil && ctx.Err() == nil {
			s.fail(w, err)
		}
	}()
	return w
}

// follow reads the Service and its slices whenever one of them changes, until it is stopped.
func (s *Tracker) follow(ctx context.Context, key dependency.Key, w *watchedService) error {
	one, err := s.open(key, func(ctx context.Context, reflector *toolscache.Reflector, err error) {
		toolscache.DefaultWatchErrorHandler(ctx, reflector, err)
		s.fail(w, err)
	})
	if err != nil {
		return err
	}
	var synced atomic.Bool
	look := func(any) {
		if synced.Load() {
			s.read(ctx, key, w, one)
		}
	}
	for _, object := range []client.Object{&corev1.Service{}, &discoveryv1.EndpointSlice{}} {
		informer, err := one.GetInformer(ctx, object, cache.BlockUntilSynced(false))
		if err != nil {
			return err
		}
		if _, err := informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
			AddFunc: look, UpdateFunc: func(_, now any) { look(now) }, DeleteFunc: look,
		}); err != nil {
			return err
		}
	}
	go func() {
		if one.WaitForCacheSync(ctx) {
			synced.Store(true)
			look(nil)
		}
	}()
	return one.Start(ctx)
}

// read tells the users of a Service when it is another than before, in what matters to them.
func (s *Tracker) read(ctx context.Context, key dependency.Key, w *watchedService, one client.Reader) {
	s.mu.Lock()
	target, err := readService(ctx, one, key)
	if err != nil {
		s.mu.Unlock()
		s.fail(w, err)
		return
	}
	same := w.read && equality.Semantic.DeepEqual(w.target, target)
	w.read, w.target, w.err = true, target, nil
	users := w.users.UnsortedList()
	s.mu.Unlock()
	if !same {
		s.changed(users...)
	}
}

func readService(ctx context.Context, one client.Reader, key dependency.Key) (*dependency.ServiceTarget, error) {
	svc, slices := &corev1.Service{}, &discoveryv1.EndpointSliceList{}
	if err := one.Get(ctx, key, svc); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if err := one.List(ctx, slices, client.InNamespace(key.Namespace)); err != nil {
		return nil, err
	}
	return dependency.NewServiceTarget(svc, slices.Items), nil
}

// fail tells the users of a Service that it cannot be read. Once it has been, what was read last stays: a lost watch
// must not close what is open.
func (s *Tracker) fail(w *watchedService, err error) {
	s.mu.Lock()
	if w.read || w.err != nil {
		s.mu.Unlock()
		return
	}
	w.err = err
	users := w.users.UnsortedList()
	s.mu.Unlock()
	s.changed(users...)
}
