package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestResolveMicroservice(t *testing.T) {
	twoPorts := ports(
		v1alpha1.Port{Name: "http", Port: 80, TargetPort: 8080},
		v1alpha1.Port{Name: "grpc", Port: 9000})
	cases := map[string]struct {
		dependency v1alpha1.Dependency
		// target is nil where there is none.
		target *v1alpha1.Microservice
		want   dependency.Resolution
	}{
		"there and available": {
			dependency: v1alpha1.Dependency{Name: "payments"},
			target:     microservice("payments"),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"there under another name": {
			dependency: called("bank", on("payments")),
			target:     microservice("payments"),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"optional": {
			dependency: v1alpha1.Dependency{Name: "payments", Optional: true},
			target:     microservice("payments"),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Optional: true,
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"the first port is the default": {
			dependency: on("payments"),
			target:     microservice("payments", twoPorts),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"a named port": {
			dependency: atPort(on("payments"), "grpc"),
			target:     microservice("payments", twoPorts),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  9000, URL: "grpc://payments.shop.svc:9000", Network: wayTo("payments", tcp(9000)),
			},
		},
		"a UDP port": {
			dependency: on("payments"),
			target:     microservice("payments", ports(v1alpha1.Port{Name: "dns", Port: 53, TargetPort: 5353, Protocol: "UDP"})),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  53, URL: "udp://payments.shop.svc:53", Network: wayTo("payments", udp(5353)),
			},
		},
		"appProtocol is the scheme": {
			dependency: on("payments"),
			target:     microservice("payments", ports(v1alpha1.Port{Name: "http", Port: 80, AppProtocol: new("grpc")})),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  80, URL: "grpc://payments.shop.svc:80", Network: wayTo("payments", tcp(80)),
			},
		},
		"without the port that is asked for": {
			dependency: atPort(on("payments"), "admin"),
			target:     microservice("payments", twoPorts),
			want: dependency.Resolution{
				State:   v1alpha1.DependencyPortNotFound,
				Message: "Microservice shop/payments has no port named admin",
			},
		},
		"without any port": {
			dependency: on("payments"),
			target:     microservice("payments", ports()),
			want: dependency.Resolution{
				State:   v1alpha1.DependencyPortNotFound,
				Message: "Microservice shop/payments has no ports, so it cannot be called",
			},
		},
		"parked": {
			dependency: on("payments"),
			target:     microservice("payments", parked),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "payments is parked (spec.replicas is 0)",
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"being deleted": {
			dependency: on("payments"),
			target:     microservice("payments", deleted),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "payments is being deleted",
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"autoscaled is not parked": {
			dependency: on("payments"),
			target: microservice("payments", parked, func(ms *v1alpha1.Microservice) {
				ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 3}
			}),
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady,
				Port:  80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"not available": {
			dependency: on("payments"),
			target:     microservice("payments", unavailable),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "payments is not available",
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"not known to be available": {
			dependency: on("payments"),
			target: microservice("payments", func(ms *v1alpha1.Microservice) {
				setAvailable(ms, metav1.ConditionUnknown)
			}),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "payments is not available",
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"never looked at": {
			dependency: on("payments"),
			target:     microservice("payments", func(ms *v1alpha1.Microservice) { ms.Status.Conditions = nil }),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "payments is not available",
				Port: 80, URL: "http://payments.shop.svc:80", Network: wayTo("payments", tcp(8080)),
			},
		},
		"not there": {
			dependency: on("payments"),
			want: dependency.Resolution{
				State:   v1alpha1.DependencyNotFound,
				Message: "There is no Microservice shop/payments",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{}
			if tc.target != nil {
				w.microservices = []*v1alpha1.Microservice{tc.target}
			}
			tc.want.Name, tc.want.Host = tc.dependency.Name, "payments.shop.svc"
			tc.want.Target = dependency.Target{Kind: dependency.Microservice, Key: key("shop/payments")}
			wantResolution(t, tc.want, w.resolveOne(tc.dependency))
		})
	}
}

func TestResolveKeepsTheOrderOfTheSpec(t *testing.T) {
	ms := microservice("web", dependsOn(on("payments"), onService("postgres"), onHost("geo.example.com"), on("catalog")))
	var got []string
	for _, r := range (world{}).resolve(ms) {
		got = append(got, r.Name+" "+string(r.Target.Kind))
	}
	want := []string{"payments Microservice", "postgres Service", "geocoder External", "catalog Microservice"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("resolutions (-want +got):\n%s", diff)
	}
}

func TestResolveDoesNotChangeItsInput(t *testing.T) {
	ms := microservice("web", dependsOn(on("payments"), onService("postgres"), onHost("geo.example.com")))
	target, svc := microservice("payments"), service("postgres")
	w := world{microservices: []*v1alpha1.Microservice{target}, service: svc, known: dependency.Addresses{"gone": "http://gone.shop.svc:80"}}
	msBefore, targetBefore, svcBefore := ms.DeepCopy(), target.DeepCopy(), svc.DeepCopy()
	w.resolve(ms)
	if diff := cmp.Diff([]any{msBefore, targetBefore, svcBefore}, []any{ms, target, svc}); diff != "" {
		t.Errorf("Resolve changed its input (-before +after):\n%s", diff)
	}
	if len(w.known) != 1 {
		t.Errorf("Resolve changed the known addresses to %v", w.known)
	}
}
