package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestAwaited(t *testing.T) {
	after := func(d v1alpha1.Dependency) v1alpha1.Dependency {
		d.StartPolicy = v1alpha1.StartAfterAvailable
		return d
	}
	immediately := func(d v1alpha1.Dependency) v1alpha1.Dependency {
		d.StartPolicy = v1alpha1.StartImmediate
		return d
	}
	cases := map[string]struct {
		dependencies []v1alpha1.Dependency
		// there are the Microservices beside shop/web, and there may be the Service shop/postgres.
		there   []*v1alpha1.Microservice
		service *corev1.Service
		ready   bool
		want    []string
	}{
		"nothing without dependencies": {},
		"nothing that starts at once": {
			dependencies: []v1alpha1.Dependency{on("payments"), immediately(on("catalog")), onService("postgres")},
		},
		"nothing that is available": {
			dependencies: []v1alpha1.Dependency{after(on("payments")), after(onService("postgres"))},
			there:        []*v1alpha1.Microservice{microservice("payments")},
			service:      service("postgres"),
			ready:        true,
		},
		"what is not available": {
			dependencies: []v1alpha1.Dependency{on("cart"), after(on("payments")), after(on("catalog"))},
			there: []*v1alpha1.Microservice{
				microservice("payments", unavailable), microservice("catalog"), microservice("cart", unavailable),
			},
			want: []string{"payments NotReady"},
		},
		"what is parked": {
			dependencies: []v1alpha1.Dependency{after(on("payments"))},
			there:        []*v1alpha1.Microservice{microservice("payments", parked)},
			want:         []string{"payments NotReady"},
		},
		"what is not there, not permitted, or has no such port, in the order of the spec": {
			dependencies: []v1alpha1.Dependency{after(on("warehouse/stock")), after(on("payments")), after(atPort(on("catalog"), "grpc"))},
			there:        []*v1alpha1.Microservice{microservice("catalog"), microservice("warehouse/stock")},
			want:         []string{"stock NotPermitted", "payments NotFound", "catalog PortNotFound"},
		},
		"a Service without ready endpoints": {
			dependencies: []v1alpha1.Dependency{after(onService("postgres"))},
			service:      service("postgres"),
			want:         []string{"postgres NotReady"},
		},
		"nothing inside a cycle": {
			dependencies: []v1alpha1.Dependency{after(on("payments")), after(on("orders"))},
			there: []*v1alpha1.Microservice{
				microservice("payments", unavailable, dependsOn(on("orders"))),
				microservice("orders", unavailable, dependsOn(on("web"))),
			},
		},
		"what is outside the own cycle": {
			dependencies: []v1alpha1.Dependency{after(on("payments")), after(on("catalog"))},
			there: []*v1alpha1.Microservice{
				microservice("payments", unavailable, dependsOn(on("web"))),
				microservice("catalog", unavailable),
			},
			want: []string{"catalog NotReady"},
		},
		"what is in a cycle of its own": {
			dependencies: []v1alpha1.Dependency{after(on("payments"))},
			there: []*v1alpha1.Microservice{
				microservice("payments", unavailable, dependsOn(on("bank"))),
				microservice("bank", unavailable, dependsOn(on("payments"))),
			},
			want: []string{"payments NotReady"},
		},
		"a Service that has the name of a member": {
			dependencies: []v1alpha1.Dependency{on("postgres"), after(called("db", onService("postgres")))},
			there:        []*v1alpha1.Microservice{microservice("postgres", unavailable, dependsOn(on("web")))},
			service:      service("postgres"),
			want:         []string{"db NotReady"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			web := microservice("web", dependsOn(tc.dependencies...))
			all := append(tc.there, web)
			w := world{microservices: tc.there, service: tc.service}
			if tc.ready {
				w.slices = []discoveryv1.EndpointSlice{ready}
			}
			cycle := dependency.Cycles(all, nil)[dependency.KeyOf(web)]
			var got []string
			for _, r := range dependency.Awaited(web, w.resolve(web), cycle) {
				got = append(got, r.Name+" "+string(r.State))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("what holds the first start (-want +got):\n%s", diff)
			}
		})
	}
}
