// Package optional watches kinds that a cluster may lack. The watch of a kind starts when somebody asks for it, ends when the
// kind goes, and starts again when it comes back.
package optional

import (
	"context"
	"fmt"
	"sync"
	"time"

	"k8s.io/client-go/discovery"
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
	mgr        ctrl.Manager
	discovery  discovery.DiscoveryInterface
	namespaces map[string]cache.Config

	mu      sync.Mutex
	ctx     context.Context
	queue   workqueue.TypedRateLimitingInterface[reconcile.Request]
	changed func(kind string)
	watches map[string]*watch
}

// New returns the kinds, with the manager's configuration. namespaces are the watched ones; empty means all. The error says
// which kind the manager's scheme does not know.
func New(mgr ctrl.Manager, namespaces map[string]cache.Config, kinds ...Kind) (*Kinds, error) {
	d, err := discovery.NewDiscoveryClientForConfigAndClient(mgr.GetConfig(), mgr.GetHTTPClient())
	if err != nil {
		return nil, fmt.Errorf("discovering optional kinds: %w", err)
	}
	k := &Kinds{mgr: mgr, discovery: d, namespaces: namespaces, watches: map[string]*watch{}}
	for _, kind := range kinds {
		gvk, err := apiutil.GVKForObject(kind.Object, mgr.GetScheme())
		if err != nil {
			return nil, fmt.Errorf("setting up %s: %w", kind.Name, err)
		}
		k.watches[kind.Name] = &watch{kinds: k, kind: kind, gvk: gvk}
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
		for name, w := range k.watches {
			if w.discover(ctx).Status == Served && w.exists(ctx) {
				k.Ask(name)
			}
		}
	}()
}

// Ask returns what is known of a kind, and starts its watch if this is the first time. It must not be called before Start.
func (k *Kinds) Ask(kind string) State {
	k.mu.Lock()
	defer k.mu.Unlock()
	w := k.watches[kind]
	if !w.asked {
		w.asked = true
		go w.run(k.ctx)
	}
	return w.state
}

// Reader reads the objects of a kind from its cache, nil unless the kind is served and was asked for.
func (k *Kinds) Reader(kind string) client.Reader {
	k.mu.Lock()
	defer k.mu.Unlock()
	if w := k.watches[kind]; w.state.Status == Served {
		return w.cache
	}
	return nil
}

// Gone tells that the API server answered a write as if the kind did not exist.
func (k *Kinds) Gone(kind string) {
	k.watches[kind].stop(State{Status: NotInstalled})
}
