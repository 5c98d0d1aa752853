package main

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// A request is for others when it names another custom resource or its child, whatever that is called. What names nothing
// stays with the work.
func TestRequestsForOthersAreSetApart(t *testing.T) {
	owner := func(name string) metav1.PartialObjectMetadata {
		return metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: name}}
	}
	others := namesOfOthers(sets.New("x/mine"), []metav1.PartialObjectMetadata{owner("mine"), owner("other")}, []owned{
		{resource: "deployments", namespace: "x", name: "mine-server", owner: "mine"},
		{resource: "deployments", namespace: "x", name: "other-server", owner: "other"},
	})
	for name, c := range map[string]struct {
		resource, namespace, name string
		others                    bool
	}{
		"mine":                       {"apps", "x", "mine", false},
		"my child":                   {"deployments", "x", "mine-server", false},
		"another":                    {"apps", "x", "other", true},
		"another's child":            {"deployments", "x", "other-server", true},
		"what has another's name":    {"secrets", "x", "other", true},
		"what has its child's name":  {"secrets", "x", "other-server", false},
		"the same, in another place": {"apps", "y", "other", false},
		"a list":                     {"deployments", "", "", false},
	} {
		call := cluster.Call{Verb: "get"}
		call.ObjectRef.Resource, call.ObjectRef.Namespace, call.ObjectRef.Name = c.resource, c.namespace, c.name
		if _, rest := apart([]cluster.Call{call}, others); (len(rest) == 1) != c.others {
			t.Errorf("%s: is of others: %t, want %t", name, len(rest) == 1, c.others)
		}
	}
}

// An owner is of the system's kind, in whatever version.
func TestOwnerOf(t *testing.T) {
	for name, c := range map[string]struct {
		owner metav1.OwnerReference
		want  string
	}{
		"of the kind":        {metav1.OwnerReference{APIVersion: "example.com/v1", Kind: "App", Name: "a"}, "a"},
		"another version":    {metav1.OwnerReference{APIVersion: "example.com/v2", Kind: "App", Name: "a"}, "a"},
		"of another kind":    {metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "a"}, ""},
		"of no owner at all": {},
	} {
		o := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{c.owner}}}
		if got := ownerOf(o, schema.GroupKind{Group: "example.com", Kind: "App"}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
