package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// The counters of a target change with every pod: in a message they would be a write in every dependent for each.
func TestResolutionsHaveNoCounters(t *testing.T) {
	for name, state := range map[string]change{"available": func(*v1alpha1.Microservice) {}, "not available": unavailable, "parked": parked} {
		before := microservice("payments", state)
		after := before.DeepCopy()
		after.Status.Replicas, after.Status.ReadyReplicas, after.Status.UpdatedReplicas, after.Status.AvailableReplicas = 9, 7, 8, 6
		after.Status.DependentCount, after.Status.ObservedGeneration = 12, 34
		for i := range after.Status.Conditions {
			after.Status.Conditions[i].Message, after.Status.Conditions[i].ObservedGeneration = "6 of 9 replicas are available", 34
		}
		if diff := cmp.Diff(resolvedTo(before), resolvedTo(after), wholly); diff != "" {
			t.Errorf("%s: the counters of the target are seen (-before +after):\n%s", name, diff)
		}
	}
}

func TestResolutionStatus(t *testing.T) {
	cases := map[string]struct {
		dependency v1alpha1.Dependency
		want       v1alpha1.DependencyStatus
	}{
		"a Microservice": {
			dependency: v1alpha1.Dependency{Name: "payments", Optional: true},
			want: v1alpha1.DependencyStatus{
				Name: "payments", Target: "Microservice/shop/payments", State: v1alpha1.DependencyNotReady, Optional: true,
				URL: "http://payments.shop.svc:80", Message: "payments is not available",
			},
		},
		"a Service": {
			dependency: onService("postgres"),
			want: v1alpha1.DependencyStatus{
				Name: "postgres", Target: "Service/shop/postgres", State: v1alpha1.DependencyReady, URL: "tcp://postgres.shop.svc:5432",
			},
		},
		"a host outside": {
			dependency: onExternal(v1alpha1.ExternalDependency{Host: "geo.example.com", CIDRs: []string{"192.0.2.0/24"}}),
			want: v1alpha1.DependencyStatus{
				Name: "geocoder", Target: "geo.example.com", State: v1alpha1.DependencyUnverified,
				URL: "https://geo.example.com:443", Message: "It is outside the cluster, so its health is not checked",
			},
		},
		"networks outside": {
			dependency: onExternal(v1alpha1.ExternalDependency{CIDRs: []string{"192.0.2.0/24", "2001:db8::/32"}}),
			want: v1alpha1.DependencyStatus{
				Name: "geocoder", Target: "192.0.2.0/24, 2001:db8::/32", State: v1alpha1.DependencyUnverified,
				Message: "It is outside the cluster, so its health is not checked",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{microservices: []*v1alpha1.Microservice{microservice("payments", unavailable)}, service: service("postgres")}
			w.slices = append(w.slices, ready)
			r := w.resolveOne(tc.dependency)
			if diff := cmp.Diff(tc.want, r.Status()); diff != "" {
				t.Errorf("status (-want +got):\n%s", diff)
			}
		})
	}
}
