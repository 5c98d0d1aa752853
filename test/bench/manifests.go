package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// prepare makes the namespaces, and applies what the system needs.
func (w *world) prepare(ctx context.Context) error {
	for i := range namespaceCount {
		name := fmt.Sprintf("bench-%02d", i)
		if err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: w.system.NamespaceLabels}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
		w.namespaces = append(w.namespaces, name)
	}
	for _, path := range w.system.Manifests {
		if err := w.applyFile(ctx, inRoot(path)); err != nil {
			return err
		}
	}
	kind, err := w.kind()
	if err != nil {
		return err
	}
	if err := w.awaitKind(ctx, kind); err != nil {
		return fmt.Errorf("%w: name its CustomResourceDefinition in manifests of system %s", err, w.system.Name)
	}
	return nil
}

func (w *world) applyFile(ctx context.Context, path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("reading a manifest of system %s: %w", w.system.Name, err)
	}
	defer func() { _ = f.Close() }()
	documents := yaml.NewYAMLOrJSONDecoder(f, 4096)
	for {
		o := &unstructured.Unstructured{}
		if err := documents.Decode(&o.Object); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return fmt.Errorf("reading manifest %s: %w", path, err)
		}
		if len(o.Object) == 0 {
			continue
		}
		if err := w.kube.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("bench"), client.ForceOwnership); err != nil {
			return fmt.Errorf("applying %s: %w", path, err)
		}
		for _, kind := range defines(o) {
			if err := w.awaitKind(ctx, kind); err != nil {
				return fmt.Errorf("applying %s: %w", path, err)
			}
		}
	}
}

// defines are the kinds that an object has the API server serve: those of a CustomResourceDefinition.
func defines(o *unstructured.Unstructured) []schema.GroupVersionKind {
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if o.GetKind() != "CustomResourceDefinition" || as(o, crd) != nil {
		return nil
	}
	var kinds []schema.GroupVersionKind
	for _, version := range crd.Spec.Versions {
		if version.Served {
			kinds = append(kinds, schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind})
		}
	}
	return kinds
}

// awaitKind returns when the API server serves a kind, so that neither the operator nor the bench watches before.
func (w *world) awaitKind(ctx context.Context, kind schema.GroupVersionKind) error {
	err := cluster.Eventually(ctx, 20*time.Second, func() error {
		_, err := w.kube.RESTMapper().RESTMapping(kind.GroupKind(), kind.Version)
		return err
	})
	if err != nil {
		return fmt.Errorf("the API server does not serve kind %s of %s: %w", kind.Kind, kind.GroupVersion(), err)
	}
	return nil
}
