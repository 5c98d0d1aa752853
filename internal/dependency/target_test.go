package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestTargetOf(t *testing.T) {
	cases := map[string]struct {
		dependency v1alpha1.Dependency
		want       string
		wantSelf   bool
	}{
		"a name alone":                         {dependency: v1alpha1.Dependency{Name: "payments"}, want: "Microservice/shop/payments"},
		"another name":                         {dependency: called("bank", on("payments")), want: "Microservice/shop/payments"},
		"another namespace":                    {dependency: on("bank/payments"), want: "Microservice/bank/payments"},
		"a Service":                            {dependency: called("db", onService("postgres")), want: "Service/shop/postgres"},
		"a Service of another namespace":       {dependency: onService("databases/postgres"), want: "Service/databases/postgres"},
		"outside":                              {dependency: onHost("geo.example.com"), want: ""},
		"oneself, by the alias":                {dependency: v1alpha1.Dependency{Name: "web"}, want: "Microservice/shop/web", wantSelf: true},
		"oneself, by name":                     {dependency: called("me", on("web")), want: "Microservice/shop/web", wantSelf: true},
		"oneself, with the namespace":          {dependency: on("shop/web"), want: "Microservice/shop/web", wantSelf: true},
		"a namesake of another namespace":      {dependency: on("bank/web"), want: "Microservice/bank/web"},
		"the own Service is not oneself":       {dependency: onService("web"), want: "Service/shop/web"},
		"an alias of one's name for another":   {dependency: called("web", on("payments")), want: "Microservice/shop/payments"},
		"an alias of one's name for outsiders": {dependency: called("web", onHost("web")), want: ""},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			web := microservice("web")
			got := dependency.TargetOf(web, &tc.dependency)
			if got.String() != tc.want || dependency.IsSelf(web, got) != tc.wantSelf {
				t.Errorf("the target is %q, itself: %v, want %q, %v", got, dependency.IsSelf(web, got), tc.want, tc.wantSelf)
			}
		})
	}
}

func TestTargets(t *testing.T) {
	web := microservice("web", dependsOn(
		on("payments"), onService("postgres"), on("bank/ledger"),
		called("again", on("payments")),
		v1alpha1.Dependency{Name: "web"}, onService("web"), onHost("geo.example.com")))
	for kind, want := range map[dependency.Kind][]dependency.Key{
		dependency.Microservice: {key("payments"), key("postgres"), key("bank/ledger")},
		dependency.Service:      {key("postgres"), key("web")},
	} {
		if diff := cmp.Diff(want, dependency.Targets(web, kind)); diff != "" {
			t.Errorf("targets that are a %s (-want +got):\n%s", kind, diff)
		}
	}
}
