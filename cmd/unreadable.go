package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// newCache returns controller-runtime's cache, but reports which Microservices cannot be decoded. One of them makes every list
// fail, and the error names none. The CRD rejects such objects, but may have been another one when they were stored.
func newCache(config *rest.Config, options cache.Options) (cache.Cache, error) {
	live, err := client.New(config, client.Options{HTTPClient: options.HTTPClient, Mapper: options.Mapper})
	if err != nil {
		return nil, fmt.Errorf("creating the cache's client: %w", err)
	}
	namespaces := slices.Collect(maps.Keys(options.DefaultNamespaces))
	if len(namespaces) == 0 {
		namespaces = []string{metav1.NamespaceAll}
	}
	options.DefaultWatchErrorHandler = func(ctx context.Context, r *toolscache.Reflector, err error) {
		toolscache.DefaultWatchErrorHandler(ctx, r, err)
		if r.TypeDescription() != fmt.Sprintf("%T", &v1alpha1.Microservice{}) || !isDecoding(err) {
			return
		}
		for _, namespace := range namespaces {
			if err := tellUnreadable(ctx, live, namespace); err != nil {
				log.FromContext(ctx).Error(err, "Cannot find out which Microservice cannot be read", "namespace", namespace)
			}
		}
	}
	return cache.New(config, options)
}

// isDecoding reports whether a response arrived and could not be decoded, as opposed to a rejection or a failed connection.
func isDecoding(err error) bool {
	_, failed := errors.AsType[*url.Error](err)
	_, refused := errors.AsType[*apierrors.StatusError](err)
	return !failed && !refused
}

// tellUnreadable logs each Microservice that cannot be decoded, in one namespace or, if it is empty, in all.
func tellUnreadable(ctx context.Context, live client.Reader, namespace string) error {
	var list unstructured.UnstructuredList
	list.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("MicroserviceList"))
	if err := live.List(ctx, &list, client.InNamespace(namespace)); err != nil {
		return fmt.Errorf("listing Microservices: %w", err)
	}
	for i := range list.Items {
		raw, err := list.Items[i].MarshalJSON()
		if err == nil {
			err = json.Unmarshal(raw, &v1alpha1.Microservice{})
		}
		if err != nil {
			log.FromContext(ctx).Error(err, "A Microservice cannot be read: until it is corrected or deleted, no change of any is heard of",
				"namespace", list.Items[i].GetNamespace(), "name", list.Items[i].GetName())
		}
	}
	return nil
}
