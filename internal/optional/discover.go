package optional

import (
	"context"
	"errors"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// discover asks the API server whether it serves a kind. Every user has the right to.
func (k *Kinds) discover(ctx context.Context, gvk schema.GroupVersionKind) State {
	served, err := k.serves(ctx, gvk)
	if err != nil {
		return State{Status: Unreadable, Detail: err.Error()}
	}
	if served {
		return State{Status: Served}
	}
	group := &metav1.APIGroup{}
	if err := k.discovery.RESTClient().Get().AbsPath("/apis/" + gvk.Group).Do(ctx).Into(group); err != nil {
		if apierrors.IsNotFound(err) {
			return State{Status: NotInstalled}
		}
		return State{Status: Unreadable, Detail: err.Error()}
	}
	var others []string
	for _, version := range group.Versions {
		other := gvk.GroupKind().WithVersion(version.Version)
		served, err := k.serves(ctx, other)
		if err != nil {
			return State{Status: Unreadable, Detail: err.Error()}
		}
		if served {
			others = append(others, version.Version)
		}
	}
	if len(others) == 0 {
		return State{Status: NotInstalled}
	}
	return State{Status: OtherVersion, Detail: strings.Join(others, ", ")}
}

func (k *Kinds) serves(ctx context.Context, gvk schema.GroupVersionKind) (bool, error) {
	resources := &metav1.APIResourceList{}
	err := k.discovery.RESTClient().Get().AbsPath("/apis/" + gvk.GroupVersion().String()).Do(ctx).Into(resources)
	if err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return slices.ContainsFunc(resources.APIResources, func(r metav1.APIResource) bool { return r.Kind == gvk.Kind }), nil
}

// exists reports whether there are objects with the label in the namespaces, or in any if there are none. It is also true if
// the API server does not say.
func exists(ctx context.Context, reader client.Reader, gvk schema.GroupVersionKind, label labels.Selector, namespaces []string) bool {
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	return slices.ContainsFunc(namespaces, func(namespace string) bool {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		err := reader.List(ctx, list, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: label}, client.Limit(1))
		if refused := apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || errors.Is(err, context.Canceled); refused {
			return false
		}
		return err != nil || len(list.Items) > 0
	})
}
