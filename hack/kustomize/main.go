// Command kustomize writes config/kustomize/merge/openapi.json, from which kustomize learns the keys by which it merges the lists of a
// patch. Its field openapi.path replaces what kustomize knows of its own accord, so the file has the kinds of Kubernetes, too. It
// has nothing but these keys and the way to them.
//
// A CRD cannot say it: of its keys kustomize reads x-kubernetes-list-map-keys only beside x-kubernetes-patch-strategy, which no
// CRD may have. https://github.com/kubernetes-sigs/kustomize/blob/master/kyaml/openapi/openapi.go
package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"reflect"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// run reads the CRD at a path and writes the definitions to another.
func run(crdPath, path string) error {
	raw, err := os.ReadFile(crdPath)
	if err != nil {
		return err
	}
	crd := &apiextensionsv1.CustomResourceDefinition{}
	if err := yaml.UnmarshalStrict(raw, crd); err != nil {
		return fmt.Errorf("decoding the CRD: %w", err)
	}
	all := definitions{}
	for gvk, t := range scheme.Scheme.AllKnownTypes() {
		all.addKind(gvk, t)
	}
	pod := all.refTo(reflect.TypeFor[corev1.PodSpec]())
	for _, version := range crd.Spec.Versions {
		kind := all.ofSchema(version.Schema.OpenAPIV3Schema)
		spec := kind["properties"].(object)["spec"].(object)["properties"].(object)
		spec["podTemplate"] = object{"properties": object{"spec": pod}}
		all.add(schema.GroupVersionKind{Group: crd.Spec.Group, Version: version.Name, Kind: crd.Spec.Names.Kind}, kind)
	}
	maps.DeleteFunc(all, func(_ string, d any) bool { return d == nil })
	text, err := json.MarshalIndent(object{
		"swagger": "2.0", "info": object{"title": "Keys of lists, for kustomize", "version": "v1"}, "paths": object{}, "definitions": all,
	}, "", " ")
	if err != nil {
		return fmt.Errorf("encoding the definitions: %w", err)
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

type object = map[string]any

// definitions are by the name of their type. A type whose fields have no keys is nil.
type definitions map[string]any

func (d definitions) add(gvk schema.GroupVersionKind, kind object) {
	kind["x-kubernetes-group-version-kind"] = []object{{"group": gvk.Group, "version": gvk.Version, "kind": gvk.Kind}}
	d[gvk.GroupVersion().String()+"."+gvk.Kind] = kind
}

// addKind adds a kind of Kubernetes if it has keys. Every kind has those of its metadata.
func (d definitions) addKind(gvk schema.GroupVersionKind, t reflect.Type) {
	if _, isObject := t.FieldByName("ObjectMeta"); !isObject || gvk.Version == "__internal" {
		return
	}
	if fields := d.fieldsOf(t); len(fields) > 0 {
		d.add(gvk, object{"type": "object", "properties": fields})
	}
}

// refTo returns a reference to the definition of a type, nil if it has no keys.
func (d definitions) refTo(t reflect.Type) object {
	name := strings.ReplaceAll(t.PkgPath(), "/", ".") + "." + t.Name()
	if _, known := d[name]; !known {
		d[name] = nil // a type within itself ends here
		if fields := d.fieldsOf(t); len(fields) > 0 {
			d[name] = object{"type": "object", "properties": fields}
		}
	}
	if d[name] == nil {
		return nil
	}
	return object{"$ref": "#/definitions/" + name}
}

// fieldsOf returns the fields of a type that have keys, themselves or further down. Their tags have what the API server's
// OpenAPI has: https://pkg.go.dev/k8s.io/apimachinery/pkg/util/strategicpatch
func (d definitions) fieldsOf(t reflect.Type) object {
	fields := object{}
	for field := range t.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "-" || !field.IsExported() || name == "" {
			continue
		}
		if found := d.field(field); found != nil {
			fields[name] = found
		}
	}
	return fields
}

func (d definitions) field(field reflect.StructField) object {
	t := field.Type
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	strategy, key := field.Tag.Get("patchStrategy"), field.Tag.Get("patchMergeKey")
	switch t.Kind() {
	case reflect.Struct:
		return d.refTo(t)
	case reflect.Slice:
		list := object{"type": "array"}
		if t.Elem().Kind() == reflect.Struct {
			if items := d.refTo(t.Elem()); items != nil {
				list["items"] = items
			}
		}
		if strategy != "" {
			list["x-kubernetes-patch-strategy"] = strategy
		}
		if key != "" {
			list["x-kubernetes-patch-merge-key"] = key
		}
		if len(list) > 1 {
			return list
		}
	}
	return nil
}

// ofSchema returns the keys of a CRD's schema, nil if there are none.
func (d definitions) ofSchema(s *apiextensionsv1.JSONSchemaProps) object {
	if len(s.XListMapKeys) == 1 {
		return object{
			"type": "array", "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": s.XListMapKeys[0],
			"items": object{"type": "object"},
		}
	}
	fields := object{}
	for name := range s.Properties {
		inner := s.Properties[name]
		if found := d.ofSchema(&inner); found != nil && name != "status" {
			fields[name] = found
		}
	}
	if len(fields) == 0 {
		return nil
	}
	return object{"type": "object", "properties": fields}
}
