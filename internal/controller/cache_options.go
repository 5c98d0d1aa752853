package controller

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// childSelector selects what carries our label.
var childSelector = func() labels.Selector {
	ours, err := labels.NewRequirement(v1alpha1.LabelName, selection.Exists, nil)
	utilruntime.Must(err)
	return labels.NewSelector().Add(*ours)
}()

// cacheOptions returns options for small caches: only children that carry our label, and only the fields that are read.
// namespaces limits the caches to those; empty means all.
func cacheOptions(namespaces []string) cache.Options {
	options := cache.Options{
		DefaultNamespaces: inNamespaces(namespaces),
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.Microservice{}:     {Transform: cache.TransformStripManagedFields()},
			topology.NamespaceMetadata(): {Transform: trimNamespace},
		},
	}
	for _, kind := range childKinds {
		options.ByObject[kind.newObject()] = cache.ByObject{Label: childSelector, Transform: kind.transform}
	}
	return options
}

// inNamespaces limits a cache to namespaces. It returns nil, which is no limit, for none.
func inNamespaces(namespaces []string) map[string]cache.Config {
	var all map[string]cache.Config
	for _, namespace := range namespaces {
		if all == nil {
			all = map[string]cache.Config{}
		}
		all[namespace] = cache.Config{}
	}
	return all
}

// trimNamespace keeps only the labels.
func trimNamespace(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.Annotations, m.ManagedFields = nil, nil
	}
	return object, nil
}

// transform drops the fields of a child that are not read: most managedFields of others, and nearly all of spec. The hash
// annotation stands for the desired state.
func (k childKind) transform(object any) (any, error) {
	child, ok := object.(client.Object)
	if !ok {
		return object, nil
	}
	entries := child.GetManagedFields()
	for i, e := range entries {
		if !apply.Relevant(e) {
			entries[i] = metav1.ManagedFieldsEntry{}
		}
	}
	k.trim(child)
	return child, nil
}
