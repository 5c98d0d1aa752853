package controller

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// cacheOptions keep the caches small: of the children's kinds only what carries our label, and of each object only what
// is read. namespaces limits everything to those; none means all.
func cacheOptions(namespaces []string) (cache.Options, error) {
	ours, err := labels.NewRequirement(v1alpha1.LabelName, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting children: %w", err)
	}
	options := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.Microservice{}:     {Transform: cache.TransformStripManagedFields()},
			topology.NamespaceMetadata(): {Transform: trimNamespace},
		},
	}
	for _, kind := range childKinds {
		options.ByObject[kind.newObject()] = cache.ByObject{Label: labels.NewSelector().Add(*ours), Transform: kind.transform}
	}
	for _, namespace := range namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options, nil
}

// trimNamespace leaves the labels.
func trimNamespace(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.Annotations, m.ManagedFields = nil, nil
	}
	return object, nil
}

// transform drops what nobody reads of a child: what is in most entries of other managers, and nearly all of spec. What was asked for is
// known by its hash.
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
