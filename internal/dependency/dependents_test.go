package dependency_test

import (
	"math/rand"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestDependents(t *testing.T) {
	threePorts := ports(
		v1alpha1.Port{Name: "http", Port: 80, TargetPort: 8080},
		v1alpha1.Port{Name: "grpc", Port: 9000},
		v1alpha1.Port{Name: "dns", Port: 53, TargetPort: 8080, Protocol: "UDP"})
	byAlias := func(alias, port string) v1alpha1.Dependency {
		return v1alpha1.Dependency{Name: alias, Port: port, Microservice: &v1alpha1.ObjectReference{Namespace: "shop", Name: "payments"}}
	}
	dependent := func(name string, ports ...dependency.NetworkPort) dependency.Dependent {
		return dependency.Dependent{Key: key(name), Permitted: true, Ports: ports}
	}
	cases := map[string]struct {
		payments   *v1alpha1.Microservice
		candidates []*v1alpha1.Microservice
		want       []dependency.Dependent
	}{
		"none": {
			payments: microservice("payments"),
		},
		"by namespace, then by name": {
			payments: microservice("payments", admits(v1alpha1.FromAll)),
			candidates: []*v1alpha1.Microservice{
				microservice("shop/web", dependsOn(on("shop/payments"))),
				microservice("warehouse/a", dependsOn(on("shop/payments"))),
				microservice("shop/orders", dependsOn(on("shop/payments"))),
				microservice("bank/z", dependsOn(on("shop/payments"))),
			},
			want: []dependency.Dependent{
				dependent("bank/z", tcp(8080)), dependent("shop/orders", tcp(8080)),
				dependent("shop/web", tcp(8080)), dependent("warehouse/a", tcp(8080)),
			},
		},
		"by the name of the alias alone": {
			payments:   microservice("payments"),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(v1alpha1.Dependency{Name: "payments"}))},
			want:       []dependency.Dependent{dependent("web", tcp(8080))},
		},
		"each on the port that it asks for": {
			payments: microservice("payments", threePorts),
			candidates: []*v1alpha1.Microservice{
				microservice("a", dependsOn(on("payments"))),
				microservice("b", dependsOn(atPort(on("payments"), "grpc"))),
				microservice("c", dependsOn(atPort(on("payments"), "dns"))),
			},
			want: []dependency.Dependent{dependent("a", tcp(8080)), dependent("b", tcp(9000)), dependent("c", udp(8080))},
		},
		"two aliases have the ports of both, sorted, each once": {
			payments: microservice("payments", threePorts),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(
				byAlias("one", "grpc"), byAlias("two", "dns"), byAlias("three", "http"), byAlias("four", ""), byAlias("five", "grpc")))},
			want: []dependency.Dependent{dependent("web", tcp(8080), udp(8080), tcp(9000))},
		},
		"other dependencies count for nothing": {
			payments: microservice("payments", threePorts),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(
				on("payments"), atPort(on("warehouse/payments"), "grpc"), onHost("payments")))},
			want: []dependency.Dependent{dependent("web", tcp(8080))},
		},
		"its Service is as good as its name": {
			payments: microservice("payments", threePorts),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(
				atPort(onService("payments"), "grpc"), atPort(onService("warehouse/payments"), "dns")))},
			want: []dependency.Dependent{dependent("web", tcp(9000))},
		},
		"one that asks for a port that is not there has none": {
			payments:   microservice("payments"),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(atPort(on("payments"), "grpc")))},
			want:       []dependency.Dependent{dependent("web")},
		},
		"those of a worker have no ports": {
			payments:   microservice("payments", ports()),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(on("payments")))},
			want:       []dependency.Dependent{dependent("web")},
		},
		"a refused one of the own namespace is listed as such, without ports": {
			payments:   microservice("payments", admits(v1alpha1.FromNone)),
			candidates: []*v1alpha1.Microservice{microservice("web", dependsOn(on("payments")))},
			want:       []dependency.Dependent{{Key: key("web")}},
		},
		"a refused one of another namespace is not listed": {
			payments: microservice("payments", admitsWhere(labelled("stage", "production"))),
			candidates: []*v1alpha1.Microservice{
				microservice("warehouse/a", dependsOn(on("shop/payments"))),
				microservice("sandbox/a", dependsOn(on("shop/payments"))),
				microservice("unknown/a", dependsOn(on("shop/payments"))),
				microservice("shop/a", dependsOn(on("shop/payments"))),
			},
			want: []dependency.Dependent{dependent("shop/a", tcp(8080)), dependent("warehouse/a", tcp(8080))},
		},
		"nobody puts anything into the status of one that admits nobody": {
			payments: microservice("payments", admits(v1alpha1.FromNone)),
			candidates: []*v1alpha1.Microservice{
				microservice("warehouse/a", dependsOn(on("shop/payments"))),
			},
		},
	}
	namespaces := dependency.Namespaces{"warehouse": {"stage": "production"}, "sandbox": {"stage": "test"}}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for range 10 {
				rand.Shuffle(len(tc.candidates), func(i, j int) {
					tc.candidates[i], tc.candidates[j] = tc.candidates[j], tc.candidates[i]
				})
				before := slices.Clone(tc.candidates)
				if diff := cmp.Diff(tc.want, dependency.Dependents(tc.payments, tc.candidates, namespaces)); diff != "" {
					t.Fatalf("dependents (-want +got):\n%s", diff)
				}
				if !slices.Equal(before, tc.candidates) {
					t.Fatal("Dependents changed the order of its candidates")
				}
			}
		})
	}
}

// Both ends of an admitted dependency open the same port, or the traffic of one is dropped at the other.
func TestBothEndsOpenTheSamePorts(t *testing.T) {
	consents := []change{admits(""), admits(v1alpha1.FromNone), admits(v1alpha1.FromAll), admitsWhere(labelled("team", "shop"))}
	all := []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}, {Name: "dns", Port: 53, TargetPort: 8080, Protocol: "UDP"}}
	namespaces := dependency.Namespaces{"shop": {"team": "shop"}}
	for _, target := range []string{"shop/payments", "bank/payments"} {
		for _, port := range []string{"", "http", "dns", "admin"} {
			for i, consent := range consents {
				for n := range len(all) + 1 {
					payments := microservice(target, consent, ports(all[:n]...))
					web := microservice("web", dependsOn(atPort(on(target), port)))
					var out, in []dependency.NetworkPort
					if way := (world{microservices: []*v1alpha1.Microservice{payments}, namespaces: namespaces}).resolve(web)[0].Network; way != nil {
						out = way.Ports
					}
					for _, d := range dependency.Dependents(payments, []*v1alpha1.Microservice{web}, namespaces) {
						in = append(in, d.Ports...)
					}
					if diff := cmp.Diff(out, in); diff != "" {
						t.Errorf("%s, port %q, consent %d, %d ports (-egress +ingress):\n%s", target, port, i, n, diff)
					}
				}
			}
		}
	}
}

func TestSortPorts(t *testing.T) {
	named := func(name string) dependency.NetworkPort {
		return dependency.NetworkPort{Protocol: "TCP", Port: intstr.FromString(name)}
	}
	got := dependency.SortPorts([]dependency.NetworkPort{
		udp(53), tcp(9000), named("pg"), tcp(53), named("http"), udp(53), named("pg"), tcp(53),
	})
	want := []dependency.NetworkPort{named("http"), named("pg"), tcp(53), udp(53), tcp(9000)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
	if got := dependency.SortPorts(nil); len(got) != 0 {
		t.Errorf("no ports become %v", got)
	}
}
