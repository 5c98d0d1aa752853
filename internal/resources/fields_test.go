package resources_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// A new field of the spec needs a golden case that sets it.
func TestEveryFieldOfTheSpecIsSetInAGoldenCase(t *testing.T) {
	var specs []reflect.Value
	for _, in := range goldenInputs(t) {
		specs = append(specs, reflect.ValueOf(in.Microservice.Spec))
	}
	for _, path := range unset("spec", reflect.TypeFor[v1alpha1.MicroserviceSpec](), specs) {
		t.Errorf("%s is set in no testdata/*/microservice.yaml", path)
	}
}

func TestUnsetFindsFieldsAtEveryDepth(t *testing.T) {
	spec := v1alpha1.MicroserviceSpec{Image: "web:1", Ports: []v1alpha1.Port{{Name: "http"}}, Rollout: &v1alpha1.Rollout{}}
	got := unset("spec", reflect.TypeOf(spec), []reflect.Value{reflect.ValueOf(spec)})
	for _, want := range []string{"spec.paused", "spec.ports.targetPort", "spec.rollout.maxSurge"} {
		if !slices.Contains(got, want) {
			t.Errorf("unset() does not find %s: %v", want, got)
		}
	}
	for _, path := range []string{"spec.image", "spec.ports", "spec.ports.name", "spec.rollout"} {
		if slices.Contains(got, path) {
			t.Errorf("unset() takes %s for unset", path)
		}
	}
}

// unset are the fields of the struct that no value sets, by JSON name. It goes into our own structs only: those of
// Kubernetes pass through as they are.
func unset(path string, structure reflect.Type, values []reflect.Value) []string {
	var missing []string
	for i := range structure.NumField() {
		name, _, _ := strings.Cut(structure.Field(i).Tag.Get("json"), ",")
		field := path + "." + name
		var set []reflect.Value
		for _, v := range values {
			set = append(set, elements(v.Field(i))...)
		}
		if len(set) == 0 {
			missing = append(missing, field)
		} else if ours(set[0].Type()) {
			missing = append(missing, unset(field, set[0].Type(), set)...)
		}
	}
	return missing
}

// elements are what a field holds: the items of a list, the target of a pointer, nothing when it is not set.
func elements(v reflect.Value) []reflect.Value {
	switch {
	case v.IsZero():
		return nil
	case v.Kind() == reflect.Pointer:
		return []reflect.Value{v.Elem()}
	case v.Kind() == reflect.Slice:
		var items []reflect.Value
		for i := range v.Len() {
			items = append(items, v.Index(i))
		}
		return items
	default:
		return []reflect.Value{v}
	}
}

func ours(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[v1alpha1.MicroserviceSpec]().PkgPath()
}
