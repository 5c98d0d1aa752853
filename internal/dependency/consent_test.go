package dependency_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestAdmits(t *testing.T) {
	production := metav1.LabelSelector{MatchLabels: map[string]string{"stage": "production"}}
	unreadable := metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "stage", Operator: "Foo"}}}
	namespaces := dependency.Namespaces{"warehouse": {"stage": "production"}, "sandbox": {"stage": "test"}, "plain": {}}
	cases := map[string]struct {
		consent change
		// want are the admitted namespaces among shop (the Microservice's own), warehouse, sandbox, plain and unknown.
		want []string
	}{
		"nothing said admits the own namespace": {
			consent: func(*v1alpha1.Microservice) {},
			want:    []string{"shop"},
		},
		"an empty consent admits the own namespace": {
			consent: admits(""),
			want:    []string{"shop"},
		},
		"Same": {
			consent: admits(v1alpha1.FromSame),
			want:    []string{"shop"},
		},
		"None admits not even the own namespace": {
			consent: admits(v1alpha1.FromNone),
		},
		"All": {
			consent: admits(v1alpha1.FromAll),
			want:    []string{"shop", "warehouse", "sandbox", "plain", "unknown"},
		},
		"a selector admits the own namespace, whatever its labels, and what matches": {
			consent: admitsWhere(production),
			want:    []string{"shop", "warehouse"},
		},
		"a selector of everything admits what is known": {
			consent: admitsWhere(metav1.LabelSelector{}),
			want:    []string{"shop", "warehouse", "sandbox", "plain"},
		},
		"a selector by absence does not admit what is not known": {
			consent: admitsWhere(metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{
				{Key: "stage", Operator: metav1.LabelSelectorOpDoesNotExist},
			}}),
			want: []string{"shop", "plain"},
		},
		"a selector that is not there admits the own namespace": {
			consent: admits(v1alpha1.FromSelector),
			want:    []string{"shop"},
		},
		"a selector that cannot be read admits the own namespace": {
			consent: admitsWhere(unreadable),
			want:    []string{"shop"},
		},
		"a word that is not known admits nobody": {
			consent: admits("Everyone"),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := microservice("payments", tc.consent)
			var got []string
			for _, namespace := range []string{"shop", "warehouse", "sandbox", "plain", "unknown"} {
				if dependency.Admits(ms, namespace, namespaces) {
					got = append(got, namespace)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("admitted namespaces (-want +got):\n%s", diff)
			}
			want := ms.Spec.AllowedDependents != nil && ms.Spec.AllowedDependents.From == v1alpha1.FromSelector
			if got := dependency.SelectsNamespaces(ms); got != want {
				t.Errorf("SelectsNamespaces() = %v, want %v", got, want)
			}
		})
	}
}

func TestResolveAsksForConsent(t *testing.T) {
	foreign := "Microservice warehouse/catalog does not exist or does not admit namespace shop; " +
		"its team can admit it with spec.allowedDependents"
	cases := map[string]struct {
		target      *v1alpha1.Microservice
		limited     bool
		wantState   v1alpha1.DependencyState
		wantMessage string
	}{
		"of the own namespace, refused": {
			target:      microservice("catalog", admits(v1alpha1.FromNone)),
			wantState:   v1alpha1.DependencyNotPermitted,
			wantMessage: "Microservice shop/catalog allows no dependents; change its spec.allowedDependents",
		},
		"of the own namespace, refused, by a limited operator": {
			target:      microservice("catalog", admits(v1alpha1.FromNone)),
			limited:     true,
			wantState:   v1alpha1.DependencyNotPermitted,
			wantMessage: "Microservice shop/catalog allows no dependents; change its spec.allowedDependents",
		},
		"of another namespace, admitted": {
			target:    microservice("warehouse/catalog", admits(v1alpha1.FromAll)),
			wantState: v1alpha1.DependencyReady,
		},
		"of another namespace, admitted by selector": {
			target:    microservice("warehouse/catalog", admitsWhere(labelled("team", "shop"))),
			wantState: v1alpha1.DependencyReady,
		},
		"of another namespace, refused": {
			target:      microservice("warehouse/catalog"),
			wantState:   v1alpha1.DependencyNotPermitted,
			wantMessage: foreign,
		},
		"of another namespace, refused, by a limited operator": {
			target:      microservice("warehouse/catalog"),
			limited:     true,
			wantState:   v1alpha1.DependencyNotPermitted,
			wantMessage: foreign + "; this operator watches only some namespaces (--watch-namespaces): it can neither read others nor match their labels",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{
				microservices: []*v1alpha1.Microservice{tc.target},
				namespaces:    dependency.Namespaces{"shop": {"team": "shop"}},
				limited:       tc.limited,
			}
			got := w.resolveOne(on(tc.target.Namespace + "/catalog"))
			if got.State != tc.wantState || got.Message != tc.wantMessage {
				t.Errorf("the dependency is %s: %q\nwant %s: %q", got.State, got.Message, tc.wantState, tc.wantMessage)
			}
			if admitted := tc.wantState == v1alpha1.DependencyReady; (got.Network != nil) != admitted {
				t.Errorf("the way is %v", got.Network)
			}
		})
	}
}

func TestServiceAnnotation(t *testing.T) {
	cases := map[string]bool{
		"shop":               true,
		"bank,shop":          true,
		" bank , shop ":      true,
		"shop,":              true,
		"*":                  true,
		"bank, *":            true,
		"":                   false,
		",":                  false,
		"bank":               false,
		"bank shop":          false,
		"shopping":           false,
		"shop-test,bank":     false,
		"SHOP":               false,
		"s*":                 false,
		"databases":          false,
		`["shop"]`:           false,
		"shop.svc, bank/all": false,
	}
	for annotation, want := range cases {
		t.Run(fmt.Sprintf("%q", annotation), func(t *testing.T) {
			w := world{service: service("databases/postgres", annotated(annotation)), slices: []discoveryv1.EndpointSlice{ready}}
			r := w.resolveOne(onService("databases/postgres"))
			if got := r.State == v1alpha1.DependencyReady; got != want {
				t.Errorf("namespace shop is admitted: %v, want %v (%s)", got, want, r.Message)
			}
		})
	}
	own := world{service: service("postgres", annotated("bank")), slices: []discoveryv1.EndpointSlice{ready}}.resolveOne(onService("postgres"))
	if own.State != v1alpha1.DependencyReady {
		t.Errorf("the own namespace needs no annotation, but the dependency is %s: %s", own.State, own.Message)
	}
}
