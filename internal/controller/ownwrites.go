package controller

import (
	"context"
	"fmt"
	"reflect"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/resourceversion"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A client that has seen its own writes goes by the highest resource version that the cache has heard of a kind. With
// several namespaces there is one watch for each, and one may be ahead of another: the number then says that a write was
// seen which was not, and what was written is written again. So each namespace has a client of its own, which hears of
// that namespace alone.

// clientPerNamespace makes such a client for a manager.
func clientPerNamespace(namespaces []string) client.NewClientFunc {
	return func(config *rest.Config, options client.Options) (client.Client, error) {
		whole, ok := options.Cache.Reader.(cache.Cache)
		if !ok {
			return nil, fmt.Errorf("the client's cache is a %T, which cannot be divided by namespace", options.Cache.Reader)
		}
		plain := options
		plain.Cache = &client.CacheOptions{Reader: whole}
		rest, err := client.New(config, plain)
		if err != nil {
			return nil, err
		}
		c := &dividedClient{Client: rest, of: map[string]client.Client{}}
		kinds := &kinds{Cache: whole, heard: map[kind]*heard{}}
		for _, namespace := range namespaces {
			own := options
			own.Cache = &client.CacheOptions{
				Reader:                          &namespaceCache{kinds: kinds, namespace: namespace},
				EnableReadYourWritesConsistency: new(true),
			}
			if c.of[namespace], err = client.New(config, own); err != nil {
				return nil, err
			}
		}
		return c, nil
	}
}

// dividedClient sends each request through the client of its namespace. What it embeds has the rest, and does not wait
// for writes: what the operator uses is below.
type dividedClient struct {
	client.Client
	of map[string]client.Client
}

func (c *dividedClient) in(namespace string) client.Client {
	if own, found := c.of[namespace]; found {
		return own
	}
	return c.Client
}

// Get waits until the cache has seen what was written of the object.
func (c *dividedClient) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	return c.in(key.Namespace).Get(ctx, key, o, options...)
}

// Patch is one that Get waits for.
func (c *dividedClient) Patch(ctx context.Context, o client.Object, patch client.Patch, options ...client.PatchOption) error {
	return c.in(o.GetNamespace()).Patch(ctx, o, patch, options...)
}

// Delete is one that Get waits for.
func (c *dividedClient) Delete(ctx context.Context, o client.Object, options ...client.DeleteOption) error {
	return c.in(o.GetNamespace()).Delete(ctx, o, options...)
}

// Status writes what Get waits for.
func (c *dividedClient) Status() client.SubResourceWriter {
	return &dividedStatus{SubResourceWriter: c.Client.Status(), client: c}
}

type dividedStatus struct {
	client.SubResourceWriter
	client *dividedClient
}

// Patch is one that Get waits for.
func (s *dividedStatus) Patch(ctx context.Context, o client.Object, patch client.Patch, options ...client.SubResourcePatchOption) error {
	return s.client.in(o.GetNamespace()).Status().Patch(ctx, o, patch, options...)
}

// namespaceCache is the whole cache, but who listens to it hears of one namespace.
type namespaceCache struct {
	*kinds
	namespace string
}

// GetInformer is the whole cache's, but for its handlers.
func (c *namespaceCache) GetInformer(ctx context.Context, o client.Object, options ...cache.InformerGetOption) (cache.Informer, error) {
	informer, err := c.Cache.GetInformer(ctx, o, options...)
	if err != nil {
		return nil, err
	}
	return &namespaceInformer{Informer: informer, heard: c.of(o), namespace: c.namespace}, nil
}

type namespaceInformer struct {
	cache.Informer
	heard     *heard
	namespace string
}

// AddEventHandler has the handler hear of one namespace.
func (i *namespaceInformer) AddEventHandler(handler toolscache.ResourceEventHandler) (toolscache.ResourceEventHandlerRegistration, error) {
	return i.heard.tell(i.Informer, i.namespace, handler)
}

// kinds divides each kind of a cache once, for the handlers of all namespaces: to register each of them with the watch of
// every namespace would cost the square of their number.
type kinds struct {
	cache.Cache
	mu    sync.Mutex
	heard map[kind]*heard
}

// kind has a name only where its Go type is not its own, as with metadata alone.
type kind struct {
	goType reflect.Type
	name   schema.GroupVersionKind
}

func (k *kinds) of(o client.Object) *heard {
	k.mu.Lock()
	defer k.mu.Unlock()
	of := kind{goType: reflect.TypeOf(o), name: o.GetObjectKind().GroupVersionKind()}
	if k.heard[of] == nil {
		k.heard[of] = &heard{handlers: map[string]toolscache.ResourceEventHandler{}, newest: map[string]string{}}
	}
	return k.heard[of]
}

// heard passes on what is heard of one kind to the one handler that each namespace may have.
type heard struct {
	mu           sync.Mutex
	registration toolscache.ResourceEventHandlerRegistration
	handlers     map[string]toolscache.ResourceEventHandler
	// newest is the highest resource version of each namespace, for a handler that comes later.
	newest map[string]string
}

func (h *heard) tell(informer cache.Informer, namespace string, handler toolscache.ResourceEventHandler) (toolscache.ResourceEventHandlerRegistration, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.registration == nil {
		registration, err := informer.AddEventHandler(h)
		if err != nil {
			return nil, err
		}
		h.registration = registration
	}
	h.handlers[namespace] = handler
	if version := h.newest[namespace]; version != "" {
		handler.OnAdd(&metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{ResourceVersion: version}}, true)
	}
	return h.registration, nil
}

// OnAdd passes on.
func (h *heard) OnAdd(now any, initial bool) {
	h.pass(now, func(to toolscache.ResourceEventHandler) { to.OnAdd(now, initial) })
}

// OnUpdate passes on.
func (h *heard) OnUpdate(before, now any) {
	h.pass(now, func(to toolscache.ResourceEventHandler) { to.OnUpdate(before, now) })
}

// OnDelete passes on.
func (h *heard) OnDelete(last any) {
	object := last
	if unknown, ok := last.(toolscache.DeletedFinalStateUnknown); ok {
		object = unknown.Obj
	}
	h.pass(object, func(to toolscache.ResourceEventHandler) { to.OnDelete(last) })
}

func (h *heard) pass(about any, on func(toolscache.ResourceEventHandler)) {
	o, ok := about.(client.Object)
	if !ok {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	namespace, version := o.GetNamespace(), o.GetResourceVersion()
	if newer, err := resourceversion.CompareResourceVersion(version, h.newest[namespace]); err != nil || newer > 0 {
		h.newest[namespace] = version
	}
	if handler, found := h.handlers[namespace]; found {
		on(handler)
	}
}
