package dependency_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// The addresses that pods were given come back with the next look, so that only a changed port number restarts them.
func TestKnownAddressesStay(t *testing.T) {
	port := func(number int32) change { return ports(v1alpha1.Port{Name: "http", Port: number}) }
	bank := called("payments", on("bank"))
	abroad := called("payments", on("bank/payments"))
	cases := map[string]struct {
		known string
		// dependency is on payments of the same namespace where it is not set.
		dependency v1alpha1.Dependency
		// target is nil where there is none.
		target        *v1alpha1.Microservice
		clusterDomain string
		wantURL       string
		wantPort      int32
	}{
		"of a target that goes": {
			known:   "payments=http://payments.shop.svc:80",
			wantURL: "http://payments.shop.svc:80", wantPort: 80,
		},
		"of a target that withdraws consent": {
			known:   "payments=http://payments.shop.svc:80",
			target:  microservice("payments", admits(v1alpha1.FromNone)),
			wantURL: "http://payments.shop.svc:80", wantPort: 80,
		},
		"of a target that loses its ports": {
			known:   "payments=http://payments.shop.svc:80",
			target:  microservice("payments", ports()),
			wantURL: "http://payments.shop.svc:80", wantPort: 80,
		},
		"of a target that is parked": {
			known:   "payments=http://payments.shop.svc:80",
			target:  microservice("payments", parked),
			wantURL: "http://payments.shop.svc:80", wantPort: 80,
		},
		"of a named port that goes": {
			known:      "payments:http=http://payments.shop.svc:80",
			dependency: atPort(on("payments"), "http"),
			target:     microservice("payments", ports(v1alpha1.Port{Name: "grpc", Port: 9000})),
			wantURL:    "http://payments.shop.svc:80", wantPort: 80,
		},
		"with the cluster's domain": {
			known:         "payments=http://payments.shop.svc.cluster.local:80",
			clusterDomain: "cluster.local",
			wantURL:       "http://payments.shop.svc.cluster.local:80", wantPort: 80,
		},
		"but a changed port number replaces them": {
			known:   "payments=http://payments.shop.svc:80",
			target:  microservice("payments", port(81)),
			wantURL: "http://payments.shop.svc:81", wantPort: 81,
		},
		"but not for an alias that leads elsewhere now": {
			known:      "payments=http://payments.shop.svc:80",
			dependency: bank,
		},
		"but not for an alias that leads into another namespace now": {
			known:      "payments=http://payments.shop.svc:80",
			dependency: abroad,
		},
		"but not where the cluster's domain is new": {
			known:         "payments=http://payments.shop.svc:80",
			clusterDomain: "cluster.local",
		},
		"but not where the cluster's domain is gone": {
			known: "payments=http://payments.shop.svc.cluster.local:80",
		},
		"but not for another named port": {
			known:      "payments:grpc=grpc://payments.shop.svc:9000",
			dependency: atPort(on("payments"), "http"),
		},
		"but not of a named port for the primary one": {
			known: "payments:grpc=grpc://payments.shop.svc:9000",
		},
		"but not of the primary port for a named one": {
			known:      "payments=http://payments.shop.svc:80",
			dependency: atPort(on("payments"), "http"),
		},
		"but not of another alias": {
			known: "bank=http://payments.shop.svc:80",
		},
		"but not without a number": {
			known: "payments=http://payments.shop.svc",
		},
		"but not a number that is none": {
			known: "payments=http://payments.shop.svc:web",
		},
		"but not a number beyond all ports": {
			known: "payments=http://payments.shop.svc:4294967376",
		},
		"but not what is no URL": {
			known: "payments=http://[payments.shop.svc:80",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{known: dependency.ParseAddresses(tc.known), clusterDomain: tc.clusterDomain}
			if tc.target != nil {
				w.microservices = []*v1alpha1.Microservice{tc.target}
			}
			if tc.dependency.Name == "" {
				tc.dependency = v1alpha1.Dependency{Name: "payments"}
			}
			r := w.resolveOne(tc.dependency)
			if r.URL != tc.wantURL || r.Port != tc.wantPort {
				t.Errorf("the address is %q, port %d, want %q, port %d", r.URL, r.Port, tc.wantURL, tc.wantPort)
			}
			if r.Host == "" {
				t.Error("the host is not known")
			}
		})
	}
}

func TestKnownAddressOfAServiceStays(t *testing.T) {
	w := world{known: dependency.Addresses{"postgres": "tcp://postgres.shop.svc:15432"}}
	for name, svc := range map[string]*corev1.Service{
		"that goes":                              nil,
		"that is headless and has no slices now": service("postgres", headless),
	} {
		w.service = svc
		if r := w.resolveOne(onService("postgres")); r.URL != "tcp://postgres.shop.svc:15432" || r.Port != 15432 {
			t.Errorf("the address of a Service %s is %q, port %d", name, r.URL, r.Port)
		}
	}
}

// Only a changed port number restarts a dependent, so another word for the same number does not.
func TestKnownAddressStaysWhileTheNumberDoes(t *testing.T) {
	cases := map[string]*v1alpha1.Microservice{
		"the name of the port changes":     microservice("payments", ports(v1alpha1.Port{Name: "api", Port: 80})),
		"the protocol of the port changes": microservice("payments", ports(v1alpha1.Port{Name: "http", Port: 80, AppProtocol: new("grpc")})),
	}
	for name, target := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{
				known:         dependency.Addresses{"payments": "http://payments.shop.svc:80"},
				microservices: []*v1alpha1.Microservice{target},
			}
			if r := w.resolveOne(on("payments")); r.URL != "http://payments.shop.svc:80" {
				t.Errorf("the address is %q, so the pods restart, want http://payments.shop.svc:80", r.URL)
			}
		})
	}
}
