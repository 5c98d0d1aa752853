// Package optional watches kinds that a cluster may lack. The watch of a kind starts when somebody asks for it, ends when the
// kind goes, and starts again when it comes back.
package optional

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	toolscache "k8s.io/client-go/tools/cache"
	"k8s.io/client-go/util/workqueue"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// recheckAfter is how long a kind that is asked for and cannot be read is left alone. A check costs one or two requests.
const recheckAfter = 5 * time.Second

// Kind is a kind that a cluster may lack.
type Kind struct {
	// Name is the kind, such as HTTPRoute.
	Name string
	// Object is an empty object of its type, which the manager's scheme knows.
	Object client.Object
	// Cache says which objects are watched, and what is kept of them.
	Cache cache.ByObject
	// Handler handles their events.
	Handler handler.EventHandler
}

// Status is whether a kind can be used.
type Status int

const (
	// Reading means that it is not known yet. The kind is reported as changed when it is.
	Reading Status = iota
	// Served means that the kind is there, and its objects are read.
	Served
	// NotInstalled means that the API server does not know the kind.
	NotInstalled
	// OtherVersion means that the API server knows the kind in other versions alone.
	OtherVersion
	// Forbidden means that the operator has no right to read the kind.
	Forbidden
	// Unreadable means that the API server gave another error.
	Unreadable
)

// State is what is known of a kind.
type State struct {
	Status Status
	// Detail is the versions that are served, or the API server's error.
	Detail string
}

// Kinds watches optional kinds. It is safe for concurrent use.
type Kinds struct {
	kinds     []Kind
	discovery discovery.DiscoveryInterface
	// open creates a cache of one kind.
	open func(Kind, toolscache.WatchErrorHandlerWithContext) (cache.Cache, error)
	// exists reports whether there is an object of the kind that a former operator may have made.
	exists  func(context.Context, Kind) bool
	recheck time.Duration
	gvks    map[string]schema.GroupVersionKind

	mu      sync.Mutex
	ctx     context.Context
	queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
	changed func(kind string)
	watches map[string]*watch
}

// New returns the kinds, with the manager's configuration. namespaces are the watched ones; empty means all. The error says
// which kind the manager's scheme does not know.
func New(mgr ctrl.Manager, namespaces []string, kinds ...Kind) (*Kinds, error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("discovering optional kinds: %w", err)
	}
	k := &Kinds{kinds: kinds, discovery: d, recheck: recheckAfter, gvks: map[string]schema.GroupVersionKind{}, watches: map[string]*watch{}}
	for _, kind := range kinds {
		if k.gvks[kind.Name], err = apiutil.GVKForObject(kind.Object, mgr.GetScheme()); err != nil {
			return nil, fmt.Errorf("setting up %s: %w", kind.Name, err)
		}
	}
	k.open = func(kind Kind, failed toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
		options := cache.Options{
			Scheme: mgr.GetScheme(), Mapper: mgr.GetRESTMapper(), HTTPClient: mgr.GetHTTPClient(), DefaultWatchErrorHandler: failed,
			DefaultLabelSelector: kind.Cache.Label, DefaultTransform: kind.Cache.Transform,
		}
		for _, namespace := range namespaces {
			if options.DefaultNamespaces == nil {
				options.DefaultNamespaces = map[string]cache.Config{}
			}
			options.DefaultNamespaces[namespace] = cache.Config{}
		}
		return cache.New(mgr.GetConfig(), options)
	}
	k.exists = func(ctx context.Context, kind Kind) bool {
		return exists(ctx, mgr.GetAPIReader(), k.gvks[kind.Name], kind.Cache.Label, namespaces)
	}
	return k, nil
}

// Start sets the context of the watches, the queue of their events, and the function that is called with the name of a kind
// when its status changes. A kind of which objects exist is watched from now on, so that they can be removed.
func (k *Kinds) Start(ctx context.Context, queue workqueue.TypedRateLimitingInterface[reconcile.Request], changed func(kind string)) {
	k.mu.Lock()
	k.ctx, k.queue, k.changed = ctx, queue, changed
	k.mu.Unlock()
	go func() {
		for _, kind := range k.kinds {
			if k.discover(ctx, k.gvks[kind.Name]).Status == Served && k.exists(ctx, kind) {
				k.Ask(kind.Name)
			}
		}
	}()
}

// Ask returns what is known of a kind, and starts its watch if this is the first time. It must not be called before Start.
func (k *Kinds) Ask(kind string) State {
	k.mu.Lock()
	defer k.mu.Unlock()
	w, found := k.watches[kind]
	if !found {
		w = &watch{kinds: k, kind: k.named(kind)}
		k.watches[kind] = w
		go w.run(k.ctx)
	}
	return w.state
}

// Reader reads the objects of a kind from its cache, nil unless the kind is served and was asked for.
func (k *Kinds) Reader(kind string) client.Reader {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w, found := k.watches[kind]; found && w.state.Status == Served {
		return w.cache
	}
	return nil
}

// Gone tells that the API server answered a write as if the kind did not exist.
func (k *Kinds) Gone(kind string) {
	k.mu.Lock()
	w, found := k.watches[kind]
	k.mu.Unlock()
	if found {
		w.stop(State{Status: NotInstalled})
	}
}

func (k *Kinds) named(name string) Kind {
	for _, kind := range k.kinds {
		if kind.Name == name {
			return kind
		}
	}
	panic("no optional kind " + name)
}
