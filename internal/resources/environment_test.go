package resources_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestInjectedEnvironment(t *testing.T) {
	cases := map[string]struct {
		own  []corev1.EnvVar
		want []corev1.EnvVar
	}{
		"stands alone": {
			want: []corev1.EnvVar{{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"}, {Name: "PAYMENTS_PORT", Value: "80"}},
		},
		"stands before the spec's, which can use it": {
			own: []corev1.EnvVar{{Name: "A_URL", Value: "http://$(PAYMENTS_HOST)/"}},
			want: []corev1.EnvVar{
				{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"},
				{Name: "PAYMENTS_PORT", Value: "80"},
				{Name: "A_URL", Value: "http://$(PAYMENTS_HOST)/"},
			},
		},
		"is left out where the spec has the name": {
			own:  []corev1.EnvVar{{Name: "PAYMENTS_HOST", Value: "localhost"}},
			want: []corev1.EnvVar{{Name: "PAYMENTS_PORT", Value: "80"}, {Name: "PAYMENTS_HOST", Value: "localhost"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.Env = tc.own
			if diff := cmp.Diff(tc.want, app(t, build(t, linked(ms))).Env); diff != "" {
				t.Errorf("env (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAddressVariables(t *testing.T) {
	cases := map[string]struct {
		resolutions []dependency.Resolution
		want        []corev1.EnvVar
	}{
		"all that is known": {
			resolutions: []dependency.Resolution{{Name: "payments", Host: "payments.shop.svc", Port: 80, URL: "http://payments.shop.svc:80"}},
			want: []corev1.EnvVar{
				{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"}, {Name: "PAYMENTS_PORT", Value: "80"},
				{Name: "PAYMENTS_URL", Value: "http://payments.shop.svc:80"},
			},
		},
		"the host alone while the port is not known": {
			resolutions: []dependency.Resolution{{Name: "payments", Host: "payments.shop.svc"}},
			want:        []corev1.EnvVar{{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"}},
		},
		"the port alone of networks without a host": {
			resolutions: []dependency.Resolution{{Name: "payments", Port: 443}},
			want:        []corev1.EnvVar{{Name: "PAYMENTS_PORT", Value: "443"}},
		},
		"a name with dashes": {
			resolutions: []dependency.Resolution{{Name: "orders-db-2", Host: "postgres.shop.svc"}},
			want:        []corev1.EnvVar{{Name: "ORDERS_DB_2_HOST", Value: "postgres.shop.svc"}},
		},
		"in the order of the spec": {
			resolutions: []dependency.Resolution{{Name: "z", Host: "z.shop.svc"}, {Name: "a", Host: "a.shop.svc"}},
			want:        []corev1.EnvVar{{Name: "Z_HOST", Value: "z.shop.svc"}, {Name: "A_HOST", Value: "a.shop.svc"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := alone(minimal(t))
			in.Dependencies = tc.resolutions
			if diff := cmp.Diff(tc.want, app(t, build(t, in)).Env); diff != "" {
				t.Errorf("env (-want +got):\n%s", diff)
			}
		})
	}
}

// What the pods were given comes back from the Deployment, and the pods of the next look are the same.
func TestAddressesOnTheDeployment(t *testing.T) {
	peer := func(name string) *v1alpha1.Microservice {
		ms := minimal(t)
		ms.Name = name
		return ms
	}
	ms := minimal(t)
	ms.Spec.Dependencies = []v1alpha1.Dependency{
		{Name: "payments", Port: "http"}, {Name: "cart"}, {Name: "gone"},
		{Name: "geocoder", External: &v1alpha1.ExternalDependency{Host: "geo.example.com"}},
	}
	there := neighbours{microservices: []*v1alpha1.Microservice{peer("payments"), peer("cart")}}.around(ms, alone(ms).Settings)
	deployment := build(t, there).Deployment
	want := map[string]string{v1alpha1.AnnotationAddresses: "cart=http://cart.shop.svc:80 " +
		"payments:http=http://payments.shop.svc:80"}
	if diff := cmp.Diff(want, deployment.Annotations); diff != "" {
		t.Errorf("annotations of the Deployment (-want +got):\n%s", diff)
	}
	if got := deployment.Spec.Template.Annotations; len(got) > 0 {
		t.Errorf("annotations of the pods, which restart for them: %v", got)
	}

	gone := alone(ms)
	gone.Dependencies = dependency.Resolve(dependency.Input{
		Microservice: ms, PreviousAddresses: dependency.ParseAddresses(deployment.Annotations[v1alpha1.AnnotationAddresses]),
	})
	if diff := cmp.Diff(marshal(t, deployment), marshal(t, build(t, gone).Deployment)); diff != "" {
		t.Errorf("targets that go change the Deployment (-before +after):\n%s", diff)
	}
}

func TestNoAddressesOnTheDeployment(t *testing.T) {
	ms := minimal(t)
	for _, dependencies := range [][]v1alpha1.Dependency{
		nil,
		{{Name: "not-there"}},
		{{Name: "networks", External: &v1alpha1.ExternalDependency{CIDRs: []string{"192.0.2.0/24"}}}},
	} {
		ms.Spec.Dependencies = dependencies
		if got := build(t, alone(ms)).Deployment.Annotations; got != nil {
			t.Errorf("the Deployment has annotations without an address: %v", got)
		}
	}
}
