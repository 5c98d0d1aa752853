package controller

import (
	"context"
	"reflect"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// observingHandler records each event of a kind in the store before it handles it, and enqueues a Microservice that waited for
// the event.
type observingHandler struct {
	handler.EventHandler
	store *consistency.Store
	kind  string
}

func observing(store *consistency.Store, kind string, next handler.EventHandler) handler.EventHandler {
	return observingHandler{EventHandler: next, store: store, kind: kind}
}

// Create observes the object.
func (h observingHandler) Create(ctx context.Context, e event.CreateEvent, q topology.Queue) {
	h.observe(q, e.Object, false)
	h.EventHandler.Create(ctx, e, q)
}

// Update observes the new object.
func (h observingHandler) Update(ctx context.Context, e event.UpdateEvent, q topology.Queue) {
	h.observe(q, e.ObjectNew, false)
	h.EventHandler.Update(ctx, e, q)
}

// Delete observes that the object is gone.
func (h observingHandler) Delete(ctx context.Context, e event.DeleteEvent, q topology.Queue) {
	h.observe(q, e.Object, true)
	h.EventHandler.Delete(ctx, e, q)
}

func (h observingHandler) observe(q topology.Queue, object client.Object, deleted bool) {
	if h.store.Observe(h.kind, object, deleted) {
		q.Add(reconcile.Request{NamespacedName: client.ObjectKeyFromObject(object)})
	}
}

// freshReader reads the kinds whose caches are behind from the API server and records what it found. It reads all others from
// the caches.
type freshReader struct {
	client.Reader
	apiReader client.Reader
	store     *consistency.Store
}

// Get reads the Microservice or a child, which share a name.
func (r freshReader) Get(ctx context.Context, key client.ObjectKey, object client.Object, options ...client.GetOption) error {
	kind := reflect.TypeOf(object).Elem().Name()
	if !r.store.BehindIn(key, kind) {
		return r.Reader.Get(ctx, key, object, options...)
	}
	err := r.apiReader.Get(ctx, key, object, options...)
	if err == nil {
		r.store.Read(key, kind, object.GetResourceVersion())
	}
	return err
}
