package dependency_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestRetargeted(t *testing.T) {
	naming := func(all ...v1alpha1.Dependency) *v1alpha1.Microservice { return microservice("web", dependsOn(all...)) }
	payments, catalog := on("payments"), v1alpha1.Dependency{Name: "catalog"}
	elsewhere := called("payments", on("bank/payments"))
	cases := map[string]struct {
		before, after *v1alpha1.Microservice
		want          []string
	}{
		"nothing changes":              {before: naming(payments), after: naming(payments)},
		"it appears":                   {after: naming(payments, catalog), want: []string{"shop/catalog", "shop/payments"}},
		"it goes":                      {before: naming(payments), want: []string{"shop/payments"}},
		"it names one more":            {before: naming(payments), after: naming(payments, catalog), want: []string{"shop/catalog"}},
		"it names one less":            {before: naming(payments, catalog), after: naming(catalog), want: []string{"shop/payments"}},
		"it asks for another port":     {before: naming(payments), after: naming(atPort(payments, "grpc")), want: []string{"shop/payments"}},
		"an alias leads elsewhere":     {before: naming(payments), after: naming(elsewhere), want: []string{"bank/payments", "shop/payments"}},
		"another order":                {before: naming(payments, catalog), after: naming(catalog, payments)},
		"the target is said otherwise": {before: naming(payments), after: naming(called("p", on("payments")))},
		"how it starts, and whether it has to be there": {before: naming(payments), after: naming(v1alpha1.Dependency{
			Name: "payments", Optional: true, StartPolicy: v1alpha1.StartAfterAvailable,
		})},
		"its Service is named instead": {before: naming(payments), after: naming(onService("payments"))},
		"a Service may be its":         {before: naming(onHost("geo.example.com")), after: naming(onService("payments")), want: []string{"shop/payments"}},
		"what is outside":              {before: naming(onHost("geo.example.com")), after: naming(onHost("maps.example.com"))},
		"it is not there at all":       {},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, key := range dependency.TargetsWithChangedPorts(tc.before, tc.after) {
				got = append(got, key.String())
			}
			slices.Sort(got)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("targets to look at (-want +got):\n%s", diff)
			}
		})
	}
}
