package dependency_test

import (
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// A change without visible effect is not processed further, so it must affect nobody.
func TestLooksTheSame(t *testing.T) {
	next := func(ms *v1alpha1.Microservice) { ms.Generation++ }
	counters := func(ms *v1alpha1.Microservice) { ms.Status.Replicas, ms.Status.Conditions[0].Message = 7, "7 of 8" }
	cases := map[string]struct {
		before, after *v1alpha1.Microservice
		want          bool
	}{
		"nothing changes":           {microservice("payments"), microservice("payments"), true},
		"its counters change":       {microservice("payments"), microservice("payments", counters), true},
		"its spec changes":          {microservice("payments"), microservice("payments", next, parked), false},
		"it becomes unavailable":    {microservice("payments"), microservice("payments", unavailable), false},
		"it becomes available":      {microservice("payments", unavailable), microservice("payments"), false},
		"it stays unavailable":      {microservice("payments", unavailable), microservice("payments", unavailable, counters), true},
		"it is deleted":             {microservice("payments"), microservice("payments", next, deleted), false},
		"it is another of the name": {microservice("payments"), microservice("payments", func(ms *v1alpha1.Microservice) { ms.UID = "2" }), false},
		"it appears":                {nil, microservice("payments"), false},
		"it goes":                   {microservice("payments"), nil, false},
	}
	web := microservice("web", dependsOn(on("payments")))
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := dependency.NoVisibleChange(tc.before, tc.after)
			if got != tc.want {
				t.Errorf("NoVisibleChange() = %v, want %v", got, tc.want)
			}
			if got && dependency.AffectedBy(web, tc.before, tc.after, nil) {
				t.Error("it looks the same, and concerns a dependent")
			}
		})
	}
}
