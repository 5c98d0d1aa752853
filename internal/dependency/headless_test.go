package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// While pods of two revisions listen on different numbers there is a slice for each, and a cache gives them in any order:
// if the order decided, every look could give another address, and each would restart the dependents.
func TestHeadlessPortDoesNotDependOnTheOrderOfSlices(t *testing.T) {
	svc := service("postgres", headless)
	old, young := slice(map[string]int32{"pg": 5432}, new(true)), slice(map[string]int32{"pg": 15432}, new(true))
	first := world{service: svc, slices: []discoveryv1.EndpointSlice{old, young}}.resolveOne(onService("postgres"))
	second := world{service: svc, slices: []discoveryv1.EndpointSlice{young, old}}.resolveOne(onService("postgres"))
	if first.Port != 5432 {
		t.Errorf("the port is %d, want the lowest", first.Port)
	}
	if diff := cmp.Diff(first, second, wholly); diff != "" {
		t.Errorf("the order of the slices decides (-old first +young first):\n%s", diff)
	}
}
