package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// prepare makes the namespaces, and applies what the system needs.
func (w *world) prepare(ctx context.Context) error {
	for i := range namespaceCount {
		name := fmt.Sprintf("bench-%02d", i)
		if err := w.kube.Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
			return fmt.Errorf("creating namespace %s: %w", name, err)
		}
		w.namespaces = append(w.namespaces, name)
	}
	for _, path := range w.system.Manifests {
		if err := w.applyFile(ctx, inRoot(path)); err != nil {
			return err
		}
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
	}
}
