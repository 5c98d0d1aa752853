package topology

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// namespaceReader reads namespaces from the cache. An operator that is limited to some namespaces has no right to read them.
type namespaceReader struct {
	cache client.Reader
	// watched are the namespaces that the operator is limited to; empty means all.
	watched sets.Set[string]
}

func (n namespaceReader) limited() bool {
	return n.watched.Len() > 0
}

// inWatched returns the keys whose namespace the operator watches.
func (n namespaceReader) inWatched(keys []dependency.Key) []dependency.Key {
	if !n.limited() {
		return keys
	}
	var watched []dependency.Key
	for _, key := range keys {
		if n.watched.Has(key.Namespace) {
			watched = append(watched, key)
		}
	}
	return watched
}

// labels returns the labels of the namespaces that exist, and none if the operator may not read namespaces.
func (n namespaceReader) labels(ctx context.Context, names sets.Set[string]) (dependency.Namespaces, error) {
	namespaces := dependency.Namespaces{}
	if n.limited() {
		return namespaces, nil
	}
	for name := range names {
		namespace, err := n.get(ctx, name)
		if err != nil {
			return nil, err
		}
		if namespace != nil {
			namespaces[name] = namespace.Labels
		}
	}
	return namespaces, nil
}

// get returns nil if the namespace does not exist.
func (n namespaceReader) get(ctx context.Context, name string) (*metav1.PartialObjectMetadata, error) {
	namespace := NamespaceMetadata()
	err := n.cache.Get(ctx, types.NamespacedName{Name: name}, namespace, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	return namespace, nil
}

// SeesNamespaces reports whether the operator may watch namespaces.
func (r *Resolver) SeesNamespaces() bool {
	return !r.namespaces.limited()
}

// NamespaceTerminating reports whether a namespace is being deleted: the server rejects new objects in it. It returns false if
// the operator may not read namespaces; then the first rejection tells.
func (r *Resolver) NamespaceTerminating(ctx context.Context, name string) (bool, error) {
	if r.namespaces.limited() {
		return false, nil
	}
	namespace, err := r.namespaces.get(ctx, name)
	return namespace != nil && namespace.DeletionTimestamp != nil, err
}

// NamespaceMetadata returns an empty Namespace of which only the metadata is read.
func NamespaceMetadata() *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{}
	m.APIVersion, m.Kind = "v1", "Namespace"
	return m
}

func namespacesOf(all []*v1alpha1.Microservice) sets.Set[string] {
	names := sets.New[string]()
	for _, ms := range all {
		names.Insert(ms.Namespace)
	}
	return names
}
