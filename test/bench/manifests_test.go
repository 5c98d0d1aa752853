package main

import (
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// The kinds of a CustomResourceDefinition are waited for, and those of nothing else.
func TestKindsThatAreDefined(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []schema.GroupVersionKind
	}{
		"a role": {text: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}}"},
		"two versions, one of which is served": {
			text: `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: apps.example.com},
				spec: {group: example.com, names: {kind: App}, versions: [{name: v1, served: true}, {name: v1beta1, served: false}]}}`,
			want: []schema.GroupVersionKind{{Group: "example.com", Version: "v1", Kind: "App"}},
		},
	} {
		o := &unstructured.Unstructured{}
		if err := yaml.Unmarshal([]byte(c.text), &o.Object); err != nil {
			t.Fatal(err)
		}
		if got := defines(o); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
