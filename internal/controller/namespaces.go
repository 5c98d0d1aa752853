package controller

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

// namespaces have labels, where the operator may see namespaces at all.
func (r *MicroserviceReconciler) namespaces(ctx context.Context, names sets.Set[string]) (dependency.Namespaces, error) {
	known := dependency.Namespaces{}
	if r.Namespaces.Len() > 0 {
		return known, nil
	}
	for name := range names {
		namespace, err := r.namespace(ctx, name)
		if err != nil {
			return nil, err
		}
		if namespace != nil {
			known[name] = namespace.Labels
		}
	}
	return known, nil
}

// namespaceGoes says that a namespace is being deleted, with everything in it: what goes is not to be made again, and the
// server would refuse it. Where the operator may not see namespaces, the first refusal says so.
func (r *MicroserviceReconciler) namespaceGoes(ctx context.Context, name string) (bool, error) {
	if r.Namespaces.Len() > 0 {
		return false, nil
	}
	namespace, err := r.namespace(ctx, name)
	return namespace != nil && namespace.DeletionTimestamp != nil, err
}

// namespace is nil where the cache has none.
func (r *MicroserviceReconciler) namespace(ctx context.Context, name string) (*metav1.PartialObjectMetadata, error) {
	namespace := namespaceMetadata()
	err := r.Cache.Get(ctx, types.NamespacedName{Name: name}, namespace, client.UnsafeDisableDeepCopy)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	return namespace, nil
}

func namespaceMetadata() *metav1.PartialObjectMetadata {
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
