package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestAddressesAreReadAsTheyWereWritten(t *testing.T) {
	cases := map[string]dependency.Addresses{
		"":                                     {},
		"payments=http://payments.shop.svc:80": {"payments": "http://payments.shop.svc:80"},
		"a=tcp://a.shop.svc:1 a:grpc=grpc://b.shop.svc:9000 z=https://z.example.com:443": {
			"z": "https://z.example.com:443", "a:grpc": "grpc://b.shop.svc:9000", "a": "tcp://a.shop.svc:1",
		},
	}
	for want, addresses := range cases {
		for range 20 {
			if got := addresses.String(); got != want {
				t.Fatalf("%v is written as %q, want %q", addresses, got, want)
			}
		}
		if diff := cmp.Diff(addresses, dependency.ParseAddresses(want)); diff != "" {
			t.Errorf("%q is read differently (-written +read):\n%s", want, diff)
		}
	}
}

func TestParseAddressesSkipsWhatIsNone(t *testing.T) {
	cases := map[string]dependency.Addresses{
		"payments":      {},
		" \t\n ":        {},
		"{\"a\":\"b\"}": {},
		"nothing a=tcp://a.shop.svc:1  more\nb=tcp://b.shop.svc:2": {
			"a": "tcp://a.shop.svc:1", "b": "tcp://b.shop.svc:2",
		},
		"a=tcp://a.shop.svc:1=2": {"a": "tcp://a.shop.svc:1=2"},
	}
	for written, want := range cases {
		if diff := cmp.Diff(want, dependency.ParseAddresses(written)); diff != "" {
			t.Errorf("addresses of %q (-want +got):\n%s", written, diff)
		}
	}
}

// A look after the next knows the same as the next one, whatever happens to the targets in between.
func TestAddressesOf(t *testing.T) {
	ms := microservice("web", dependsOn(
		on("payments"), atPort(on("catalog"), "http"), onService("postgres"), on("gone"),
		onExternal(v1alpha1.ExternalDependency{CIDRs: []string{"192.0.2.0/24"}})))
	there := world{microservices: []*v1alpha1.Microservice{microservice("payments"), microservice("catalog")}, service: service("postgres")}
	want := dependency.Addresses{
		"payments":     "http://payments.shop.svc:80",
		"catalog:http": "http://catalog.shop.svc:80",
		"postgres":     "tcp://postgres.shop.svc:5432",
	}
	got := dependency.AddressesOf(there.resolve(ms))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	nothing := world{known: dependency.ParseAddresses(got.String())}
	if diff := cmp.Diff(want, dependency.AddressesOf(nothing.resolve(ms))); diff != "" {
		t.Errorf("addresses when all targets are gone (-want +got):\n%s", diff)
	}
	fewer := microservice("web", dependsOn(on("payments")))
	if got, want := dependency.AddressesOf(nothing.resolve(fewer)).String(), "payments=http://payments.shop.svc:80"; got != want {
		t.Errorf("addresses when the other dependencies are gone: %q, want %q", got, want)
	}
}
