package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Stdin is the path of standard input.
const Stdin = "-"

// Reader reads objects.
type Reader struct {
	// Namespace is that of objects without one.
	Namespace string
	// In is read for the path Stdin.
	In io.Reader
}

// Read returns the Microservices among the objects. The error names each object and field that the API server would refuse.
func (r *Reader) Read(paths ...string) ([]*v1alpha1.Microservice, error) {
	schema, err := NewSchema()
	if err != nil {
		return nil, err
	}
	objects, err := r.Objects(paths...)
	failed := []error{err}
	var all []*v1alpha1.Microservice
	for _, o := range objects {
		ms, err := decode(schema, o.Unstructured)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: Microservice %s: %w", o.File, o.GetName(), err))
		} else if ms != nil {
			all = append(all, ms)
		}
	}
	return all, errors.Join(failed...)
}

// Object is an object of a file.
type Object struct {
	*unstructured.Unstructured
	File string
}

// Objects returns the objects in files and folders, in their order, those of a list one by one. A folder is read as a whole, files named
// .yaml, .yml and .json. The error names each file that cannot be read; the objects of the others are there.
func (r *Reader) Objects(paths ...string) ([]Object, error) {
	var all []Object
	var failed []error
	for _, path := range paths {
		files, err := filesOf(path)
		failed = append(failed, err)
		for _, file := range files {
			found, err := r.readFile(file)
			all, failed = append(all, found...), append(failed, err)
		}
	}
	return all, errors.Join(failed...)
}

// filesOf returns the files below a path, sorted.
func filesOf(path string) ([]string, error) {
	if path == Stdin {
		return []string{path}, nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	if !info.IsDir() {
		return []string{path}, nil
	}
	var files []string
	err = filepath.WalkDir(path, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(file)) {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	return files, nil
}

func (r *Reader) readFile(file string) ([]Object, error) {
	raw, err := r.bytes(file)
	if err != nil {
		return nil, fmt.Errorf("reading manifests: %w", err)
	}
	var all []Object
	documents := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		document, o := runtime.RawExtension{}, &unstructured.Unstructured{}
		err := documents.Decode(&document)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err == nil && len(document.Raw) > 0 {
			err = json.Unmarshal(document.Raw, &o.Object) // integers stay integers
		}
		if err != nil {
			return all, fmt.Errorf("%s: %w", file, err)
		}
		for _, item := range itemsOf(o) {
			if item.GetNamespace() == "" && item.Object != nil {
				item.SetNamespace(r.Namespace)
			}
			all = append(all, Object{Unstructured: item, File: file})
		}
	}
}

func (r *Reader) bytes(file string) ([]byte, error) {
	if file == Stdin {
		return io.ReadAll(r.In)
	}
	return os.ReadFile(file)
}

// itemsOf returns the objects of a list, as kubectl get prints it, or the object itself.
func itemsOf(o *unstructured.Unstructured) []*unstructured.Unstructured {
	if !o.IsList() {
		return []*unstructured.Unstructured{o}
	}
	var items []*unstructured.Unstructured
	_ = o.EachListItem(func(item runtime.Object) error { // the function does not fail
		items = append(items, item.(*unstructured.Unstructured))
		return nil
	})
	return items
}

// decode returns nil for what is not a Microservice.
func decode(schema *Schema, o *unstructured.Unstructured) (*v1alpha1.Microservice, error) {
	if o.GroupVersionKind().GroupKind() != v1alpha1.SchemeGroupVersion.WithKind("Microservice").GroupKind() {
		return nil, nil
	}
	if err := schema.Check(o.Object); err != nil {
		return nil, err
	}
	ms := &v1alpha1.Microservice{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, ms); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return ms, nil
}
