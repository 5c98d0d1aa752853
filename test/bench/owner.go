package main

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// owned is an object that a custom resource owns.
type owned struct {
	resource  string
	namespace string
	name      string
	// owner is the custom resource's name; it is in the same namespace.
	owner string
}

func (o owned) of() string {
	return types.NamespacedName{Namespace: o.namespace, Name: o.owner}.String()
}

// owned are the objects of some resources, in the plural, that custom resources of the system's kind own.
func (w *world) owned(ctx context.Context, resources []string) ([]owned, error) {
	kind, err := w.kind()
	if err != nil {
		return nil, err
	}
	var all []owned
	for _, resource := range resources {
		of, err := w.kube.RESTMapper().KindFor(schema.GroupVersionResource{Resource: resource})
		if err != nil {
			return nil, fmt.Errorf("children of system %s: %q is no resource: name it in the plural, such as deployments: %w", w.system.Name, resource, err)
		}
		objects, err := w.list(ctx, of)
		if err != nil {
			return nil, err
		}
		for i := range objects {
			if owner := ownerOf(&objects[i], kind.GroupKind()); owner != "" {
				all = append(all, owned{resource: resource, namespace: objects[i].Namespace, name: objects[i].Name, owner: owner})
			}
		}
	}
	return all, nil
}

// ownerOf is the name of an object's owner of a kind, empty for none.
func ownerOf(o metav1.Object, kind schema.GroupKind) string {
	for _, owner := range o.GetOwnerReferences() {
		if of := schema.FromAPIVersionAndKind(owner.APIVersion, owner.Kind); of.GroupKind() == kind {
			return owner.Name
		}
	}
	return ""
}

// kind is that of the system's custom resources.
func (w *world) kind() (schema.GroupVersionKind, error) {
	objects, err := w.system.objects(w.namespaces, 0, 1)
	if err != nil {
		return schema.GroupVersionKind{}, err
	}
	return objects[0].GroupVersionKind(), nil
}

func (w *world) list(ctx context.Context, kind schema.GroupVersionKind) ([]metav1.PartialObjectMetadata, error) {
	list := &metav1.PartialObjectMetadataList{}
	list.SetGroupVersionKind(kind)
	if err := w.kube.List(ctx, list); err != nil {
		return nil, fmt.Errorf("listing %s: %w", kind.Kind, err)
	}
	return list.Items, nil
}

// setApart counts the requests for custom resources that were not worked on, and for their children, by themselves.
func (w *world) setApart(ctx context.Context, r *Result, from, to int) error {
	worked, err := w.system.objects(w.namespaces, from, to)
	if err != nil {
		return err
	}
	kind, err := w.kind()
	if err != nil {
		return err
	}
	owners, err := w.list(ctx, kind)
	if err != nil {
		return err
	}
	children, err := w.owned(ctx, w.system.Children)
	if err != nil {
		return err
	}
	work, others := apart(w.heard, namesOfOthers(namesOf(worked), owners, children))
	r.count(work)
	r.Others = countCalls(others)
	return nil
}

func namesOf(objects []*unstructured.Unstructured) sets.Set[string] {
	names := sets.New[string]()
	for _, o := range objects {
		names.Insert(types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}.String())
	}
	return names
}

// namesOfOthers are the custom resources that were not worked on, by name, and their children, by resource and name.
func namesOfOthers(worked sets.Set[string], owners []metav1.PartialObjectMetadata, children []owned) sets.Set[string] {
	others := sets.New[string]()
	for i := range owners {
		if name := (types.NamespacedName{Namespace: owners[i].Namespace, Name: owners[i].Name}).String(); !worked.Has(name) {
			others.Insert(name)
		}
	}
	for _, child := range children {
		if !worked.Has(child.of()) {
			others.Insert(child.resource + " " + types.NamespacedName{Namespace: child.namespace, Name: child.name}.String())
		}
	}
	return others
}

// apart takes the requests that name one of the others from the rest. What names nothing, such as a LIST, stays with the
// work: nobody can tell what it was for.
func apart(calls []cluster.Call, others sets.Set[string]) (work, ofOthers []cluster.Call) {
	for _, c := range calls {
		name := types.NamespacedName{Namespace: c.ObjectRef.Namespace, Name: c.ObjectRef.Name}.String()
		if others.HasAny(name, c.ObjectRef.Resource+" "+name) {
			ofOthers = append(ofOthers, c)
		} else {
			work = append(work, c)
		}
	}
	return work, ofOthers
}
