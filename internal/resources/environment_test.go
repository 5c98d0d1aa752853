package resources_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
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

// Aliases and suffixes are joined by "_", which suffixes contain as well: A_B_HOST may be B_HOST of a, or HOST of a-b.
func TestVariablesOfTwoDependencies(t *testing.T) {
	service := func(name string, credentials *v1alpha1.Credentials) v1alpha1.Dependency {
		return v1alpha1.Dependency{Name: name, Service: &v1alpha1.ObjectReference{Name: "db"}, Credentials: credentials}
	}
	keys := func(suffix string) *v1alpha1.Credentials {
		return &v1alpha1.Credentials{Secret: "db", Env: map[string]v1alpha1.SecretKey{suffix: "key"}}
	}
	cases := map[string]struct {
		dependencies []v1alpha1.Dependency
		field        string // of the error; empty if there is none
	}{
		"a suffix replaces the own address": {dependencies: []v1alpha1.Dependency{service("a", keys("HOST")), service("a-b", nil)}},
		"two with one suffix":               {dependencies: []v1alpha1.Dependency{service("a", keys("USER")), service("a-b", keys("USER"))}},
		"a suffix is the address of another": {
			dependencies: []v1alpha1.Dependency{service("a", keys("B_HOST")), service("a-b", nil)},
			field:        "spec.dependencies[0].credentials.env[B_HOST]",
		},
		"a suffix is that of another": {
			dependencies: []v1alpha1.Dependency{service("a-b", keys("USER")), service("a", keys("B_USER"))},
			field:        "spec.dependencies[1].credentials.env[B_USER]",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.Dependencies = tc.dependencies
			_, err := resources.For(alone(ms))
			field, invalid := "", &resources.InvalidSpecError{}
			if errors.As(err, &invalid) {
				field = invalid.Field
			}
			if field != tc.field {
				t.Errorf("For() = %v, want an error about %q", err, tc.field)
			}
		})
	}
}

func TestServiceVersion(t *testing.T) {
	digest := "sha256:" + strings.Repeat("a", 64)
	for image, want := range map[string]string{
		"registry.example.com:5000/shop/web:1.4.2": "1.4.2",
		"registry.example.com/web:1.4.2@" + digest: "1.4.2",
		"web@" + digest:                 "sha256%3A" + strings.Repeat("a", 64),
		"registry.example.com:5000/web": "",
		"web:1,k8s.pod.name=other":      "1%2Ck8s.pod.name%3Dother",
		"web:$(DB_PASSWORD)":            "%24%28DB_PASSWORD%29",
	} {
		ms := minimal(t)
		ms.Spec.Image = image
		ms.Spec.Observability = &v1alpha1.Observability{Tracing: &v1alpha1.Tracing{}}
		in := alone(ms)
		in.Settings.OTLP.Endpoint = "http://collector:4317"
		wantAll := "service.namespace=shop,"
		if want != "" {
			wantAll += "service.version=" + want + ","
		}
		wantAll += "k8s.namespace.name=shop,k8s.deployment.name=web,k8s.pod.name=$(OTEL_RESOURCE_ATTRIBUTES_POD_NAME)"
		got := ""
		for _, v := range app(t, build(t, in)).Env {
			if v.Name == "OTEL_RESOURCE_ATTRIBUTES" {
				got = v.Value
			}
		}
		if got != wantAll {
			t.Errorf("image %s: attributes %q, want %q", image, got, wantAll)
		}
	}
}
