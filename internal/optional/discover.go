package optional

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// discover asks the API server whether it serves a kind. Every user has the right to.
func (w *watch) discover(ctx context.Context) State {
	served, err := w.serves(ctx, w.gvk.Version)
	if err != nil {
		return State{Status: Unreadable, Detail: err.Error()}
	}
	if served {
		return State{Status: Served}
	}
	group := &metav1.APIGroup{}
	if err := w.kinds.discovery.RESTClient().Get().AbsPath("/apis/" + w.gvk.Group).Do(ctx).Into(group); err != nil {
		if apierrors.IsNotFound(err) {
			return State{Status: NotInstalled}
		}
		return State{Status: Unreadable, Detail: err.Error()}
	}
	var others []string
	for _, version := range group.Versions {
		served, err := w.serves(ctx, version.Version)
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

func (w *watch) serves(ctx context.Context, version string) (bool, error) {
	resources := &metav1.APIResourceList{}
	path := "/apis/" + w.gvk.Group + "/" + version
	if err := w.kinds.discovery.RESTClient().Get().AbsPath(path).Do(ctx).Into(resources); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return slices.ContainsFunc(resources.APIResources, func(r metav1.APIResource) bool { return r.Kind == w.gvk.Kind }), nil
}

// exists reports whether there are objects of the kind in the watched namespaces, which a former operator may have made. It is also
// true if the API server does not say.
func (w *watch) exists(ctx context.Context) bool {
	namespaces := slices.Collect(maps.Keys(w.kinds.namespaces))
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	return slices.ContainsFunc(namespaces, func(namespace string) bool {
		list := &metav1.PartialObjectMetadataList{}
		list.SetGroupVersionKind(w.gvk.GroupVersion().WithKind(w.gvk.Kind + "List"))
		err := w.kinds.mgr.GetAPIReader().List(ctx, list, client.InNamespace(namespace),
			client.MatchingLabelsSelector{Selector: w.kind.Cache.Label}, client.Limit(1))
		if refused := apierrors.IsForbidden(err) || apierrors.IsNotFound(err) || errors.Is(err, context.Canceled); refused {
			return false
		}
		return err != nil || len(list.Items) > 0
	})
}
