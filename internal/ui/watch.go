package ui

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Watch keeps a system as the cluster is, until the context ends. It returns when the Microservices of the beginning are known. Who may not
// read all namespaces sees the namespace only; if that is empty, it is an error. Errors are those of the API server.
func (s *System) Watch(ctx context.Context, kube client.WithWatch, only string) error {
	err := kube.List(ctx, &v1alpha1.MicroserviceList{}, client.Limit(1))
	if apierrors.IsForbidden(err) && only != "" {
		s.only = only
		err = kube.List(ctx, &v1alpha1.MicroserviceList{}, client.InNamespace(only), client.Limit(1))
	}
	if err != nil {
		return err
	}
	options := func(o metav1.ListOptions) client.ListOption {
		return &client.ListOptions{Namespace: s.only, Limit: o.Limit, Continue: o.Continue, Raw: &o}
	}
	informer := toolscache.NewSharedInformer(&toolscache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			list := &v1alpha1.MicroserviceList{}
			err := kube.List(ctx, list, options(o))
			s.setProblem(problemOf(err))
			return list, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			w, err := kube.Watch(ctx, &v1alpha1.MicroserviceList{}, options(o))
			s.setProblem(problemOf(err))
			return w, err
		},
	}, &v1alpha1.Microservice{}, 0)
	// Managed fields are most of what an object is, and the page shows none.
	if err := informer.SetTransform(func(object any) (any, error) {
		if o, err := meta.Accessor(object); err == nil {
			o.SetManagedFields(nil)
			o.SetAnnotations(nil)
		}
		return object, nil
	}); err != nil {
		return fmt.Errorf("watching Microservices: %w", err)
	}
	// The page tells of errors, so nobody logs them. They do not all come here.
	if err := informer.SetWatchErrorHandlerWithContext(func(context.Context, *toolscache.Reflector, error) {}); err != nil {
		return fmt.Errorf("watching Microservices: %w", err)
	}
	handled, err := informer.AddEventHandler(toolscache.ResourceEventHandlerDetailedFuncs{
		AddFunc: func(object any, atStart bool) { s.handle(object, atStart) },
		UpdateFunc: func(_, object any) {
			s.handle(object, false)
		},
		DeleteFunc: func(object any) {
			if key, err := toolscache.DeletionHandlingObjectToName(object); err == nil {
				s.remove(dependency.Key{Namespace: key.Namespace, Name: key.Name})
			}
		},
	})
	if err != nil {
		return fmt.Errorf("watching Microservices: %w", err)
	}
	go informer.RunWithContext(ctx)
	if !toolscache.WaitForCacheSync(ctx.Done(), handled.HasSynced) {
		return fmt.Errorf("watching Microservices: %w", context.Cause(ctx))
	}
	return nil
}

func (s *System) handle(object any, atStart bool) {
	if ms, ok := object.(*v1alpha1.Microservice); ok {
		s.set(ms, atStart)
	}
}

// problemOf tells a user why a watch does not go on, empty if it does. It begins again by itself when it is merely over.
func problemOf(err error) string {
	switch {
	case err == nil, apierrors.IsResourceExpired(err), apierrors.IsGone(err), apierrors.IsTimeout(err), apierrors.IsTooManyRequests(err):
		return ""
	case apierrors.IsUnauthorized(err):
		return "the cluster does not know you any more: log in, and start this again"
	case apierrors.IsForbidden(err):
		return "you may not read Microservices any more"
	default:
		if request, ok := errors.AsType[*url.Error](err); ok {
			err = request.Err // without the address, which says nothing to a user
		}
		return fmt.Sprintf("the cluster does not answer: %v", err)
	}
}
