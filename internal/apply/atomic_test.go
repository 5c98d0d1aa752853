package apply

import (
	"encoding/json"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/discovery"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// apiSchema is a part of an OpenAPI schema.
type apiSchema struct {
	Ref                  string                `json:"$ref"`
	AllOf                []apiSchema           `json:"allOf"`
	Properties           map[string]*apiSchema `json:"properties"`
	AdditionalProperties *apiSchema            `json:"additionalProperties"`
	Items                *apiSchema            `json:"items"`
	MapType              string                `json:"x-kubernetes-map-type"`
	ListType             string                `json:"x-kubernetes-list-type"`
}

// schemas walks those of an API's objects.
type schemas struct {
	named            map[string]*apiSchema
	atomic, granular sets.Set[string]
	walked           sets.Set[string]
}

// walk notes whether the object of a field is owned as a whole.
func (s *schemas) walk(field string, at *apiSchema) {
	ref := at.Ref
	for _, part := range at.AllOf {
		ref = max(ref, part.Ref)
	}
	whole := at.MapType == "atomic"
	if ref != "" {
		name := strings.TrimPrefix(ref, "#/components/schemas/")
		at = s.named[name]
		whole = whole || at.MapType == "atomic"
		if !whole && s.walked.Has(field+" "+name) {
			return
		}
		s.walked.Insert(field + " " + name)
	}
	switch {
	case at.Items != nil:
		if at.ListType != "atomic" && at.ListType != "" {
			s.walk("", at.Items)
		}
		return
	case at.Properties == nil && at.AdditionalProperties == nil:
		return
	case whole:
		s.atomic.Insert("f:" + field)
		return
	}
	s.granular.Insert("f:" + field)
	for name, property := range at.Properties {
		s.walk(name, property)
	}
}

// TestAtomicIsWhatTheAPISays compares our list with the schema of a real API server.
func TestAtomicIsWhatTheAPISays(t *testing.T) {
	t.Parallel()
	server := cluster.StartFor(t)
	client, err := discovery.NewDiscoveryClientForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	paths, err := client.OpenAPIV3().Paths()
	if err != nil {
		t.Fatal(err)
	}
	const item = "f:" // has no name
	found := &schemas{atomic: sets.New[string](), granular: sets.New[string](), walked: sets.New[string]()}
	for path, kinds := range map[string][]string{
		"api/v1":                    {"io.k8s.api.core.v1.Service", "io.k8s.api.core.v1.ServiceAccount"},
		"apis/apps/v1":              {"io.k8s.api.apps.v1.Deployment"},
		"apis/networking.k8s.io/v1": {"io.k8s.api.networking.v1.NetworkPolicy"},
		"apis/policy/v1":            {"io.k8s.api.policy.v1.PodDisruptionBudget"},
		"apis/autoscaling/v2":       {"io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler"},
	} {
		raw, err := paths[path].Schema("application/json")
		if err != nil {
			t.Fatal(err)
		}
		var document struct {
			Components struct {
				Schemas map[string]*apiSchema `json:"schemas"`
			} `json:"components"`
		}
		if err := json.Unmarshal(raw, &document); err != nil {
			t.Fatal(err)
		}
		found.named = document.Components.Schemas
		for _, kind := range kinds {
			found.walk("", found.named[kind])
		}
	}
	found.atomic.Delete(item)
	if !found.atomic.Equal(atomic) {
		t.Errorf("the API has %v, we have %v", sets.List(found.atomic), sets.List(atomic))
	}
	if both := found.atomic.Intersection(found.granular); len(both) > 0 {
		t.Errorf("%v are owned as a whole in one place, and part by part in another", sets.List(both))
	}
}
