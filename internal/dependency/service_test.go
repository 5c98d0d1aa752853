package dependency_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestResolveService(t *testing.T) {
	primary := &dependency.Pods{Namespace: "shop", Labels: map[string]string{"app": "postgres", "role": "primary"}}
	byName := &dependency.NetworkTarget{Pods: primary, Ports: []dependency.NetworkPort{{Protocol: corev1.ProtocolTCP, Port: intstr.FromString("pg")}}}
	byNumber := &dependency.NetworkTarget{Pods: primary, Ports: []dependency.NetworkPort{tcp(9187)}}
	cases := map[string]struct {
		// port is the one that is asked for.
		port string
		// service is nil where there is none.
		service *corev1.Service
		slices  []discoveryv1.EndpointSlice
		want    dependency.Resolution
	}{
		"a named targetPort stays a name, and the Service's port is dialled": {
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 5432, URL: "tcp://postgres.shop.svc:5432", Network: byName,
			},
		},
		"a numeric targetPort": {
			port:    "metrics",
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 80, URL: "tcp://postgres.shop.svc:80", Network: byNumber,
			},
		},
		"appProtocol is the scheme": {
			port:    "metrics",
			service: service("postgres", func(svc *corev1.Service) { svc.Spec.Ports[1].AppProtocol = new("http") }),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 80, URL: "http://postgres.shop.svc:80", Network: byNumber,
			},
		},
		"a UDP port without a name": {
			service: service("postgres", func(svc *corev1.Service) {
				svc.Spec.Ports = []corev1.ServicePort{{Protocol: corev1.ProtocolUDP, Port: 53, TargetPort: intstr.FromInt32(5353)}}
			}),
			slices: []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 53, URL: "udp://postgres.shop.svc:53",
				Network: &dependency.NetworkTarget{Pods: primary, Ports: []dependency.NetworkPort{udp(5353)}},
			},
		},
		"headless with a number: the pods' port is dialled": {
			port:    "metrics",
			service: service("postgres", headless),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 9187, URL: "tcp://postgres.shop.svc:9187", Network: byNumber,
			},
		},
		"headless with a name: the endpoints know the number": {
			service: service("postgres", headless),
			slices:  []discoveryv1.EndpointSlice{slice(map[string]int32{"pg": 15432, "metrics": 9187}, new(true))},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 15432, URL: "tcp://postgres.shop.svc:15432", Network: byName,
			},
		},
		"headless with a name that no endpoint knows yet": {
			service: service("postgres", headless),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "Service shop/postgres has no ready endpoints", Network: byName,
			},
		},
		"no slices": {
			service: service("postgres"),
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "Service shop/postgres has no ready endpoints",
				Port: 5432, URL: "tcp://postgres.shop.svc:5432", Network: byName,
			},
		},
		"no endpoint is ready": {
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{notReady, {}, slice(nil, new(false), new(false))},
			want: dependency.Resolution{
				State: v1alpha1.DependencyNotReady, Message: "Service shop/postgres has no ready endpoints",
				Port: 5432, URL: "tcp://postgres.shop.svc:5432", Network: byName,
			},
		},
		"one endpoint of several slices is ready": {
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{notReady, slice(nil, new(false), new(true)), notReady},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 5432, URL: "tcp://postgres.shop.svc:5432", Network: byName,
			},
		},
		"an endpoint that is not known to be ready counts as ready": {
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{slice(nil, nil)},
			want: dependency.Resolution{
				State: v1alpha1.DependencyReady, Port: 5432, URL: "tcp://postgres.shop.svc:5432", Network: byName,
			},
		},
		"without the port that is asked for": {
			port:    "admin",
			service: service("postgres"),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyPortNotFound, Message: "Service shop/postgres has no port named admin",
			},
		},
		"headless without ports": {
			service: service("postgres", headless, func(svc *corev1.Service) { svc.Spec.Ports = nil }),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State: v1alpha1.DependencyPortNotFound, Message: "Service shop/postgres has no ports, so it cannot be called",
			},
		},
		"an alias of a name outside": {
			service: service("postgres", func(svc *corev1.Service) {
				svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, "db.example.com"
			}),
			want: dependency.Resolution{
				State:   v1alpha1.DependencyUnverified,
				Message: "Service shop/postgres has no selector, so no NetworkPolicy can name its pods; declare it as external",
				Port:    5432, URL: "tcp://postgres.shop.svc:5432",
			},
		},
		"without selector": {
			service: service("postgres", func(svc *corev1.Service) { svc.Spec.Selector = nil }),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State:   v1alpha1.DependencyUnverified,
				Message: "Service shop/postgres has no selector, so no NetworkPolicy can name its pods; declare it as external",
				Port:    5432, URL: "tcp://postgres.shop.svc:5432",
			},
		},
		"an alias without ports": {
			service: service("postgres", func(svc *corev1.Service) {
				svc.Spec = corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "db.example.com"}
			}),
			want: dependency.Resolution{
				State:   v1alpha1.DependencyUnverified,
				Message: "Service shop/postgres has no selector, so no NetworkPolicy can name its pods; declare it as external",
			},
		},
		"of a Microservice": {
			service: service("postgres", belongsTo("orders")),
			slices:  []discoveryv1.EndpointSlice{ready},
			want: dependency.Resolution{
				State:   v1alpha1.DependencyNotPermitted,
				Message: "Service shop/postgres belongs to Microservice orders; declare it as microservice",
			},
		},
		"not there": {
			want: dependency.Resolution{
				State:   v1alpha1.DependencyNotFound,
				Message: "There is no Service shop/postgres",
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Name, tc.want.Host = "postgres", "postgres.shop.svc"
			tc.want.Target = dependency.Target{Kind: dependency.Service, Key: key("shop/postgres")}
			w := world{service: tc.service, slices: tc.slices}
			wantResolution(t, tc.want, w.resolveOne(atPort(onService("shop/postgres"), tc.port)))
		})
	}
}

func TestResolveServiceOfAnotherNamespace(t *testing.T) {
	cases := map[string]struct {
		service     *corev1.Service
		wantState   v1alpha1.DependencyState
		wantMessage string
	}{
		"that admits us": {
			service:   service("databases/postgres", annotated("shop")),
			wantState: v1alpha1.DependencyReady,
		},
		"that does not": {
			service:   service("databases/postgres"),
			wantState: v1alpha1.DependencyNotPermitted,
			wantMessage: "Service databases/postgres does not exist or does not admit namespace shop; its team can admit it with the " +
				"annotation apps.microservice.dev/allowed-dependents: shop, or with spec.allowedDependents if it is a Microservice's",
		},
		"that admits us and is a Microservice's": {
			service:     service("databases/postgres", annotated("*"), belongsTo("orders")),
			wantState:   v1alpha1.DependencyNotPermitted,
			wantMessage: "Service databases/postgres belongs to Microservice orders; declare it as microservice",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := world{service: tc.service, slices: []discoveryv1.EndpointSlice{ready}}.resolveOne(onService("databases/postgres"))
			if got.State != tc.wantState || got.Message != tc.wantMessage {
				t.Errorf("the dependency is %s: %q\nwant %s: %q", got.State, got.Message, tc.wantState, tc.wantMessage)
			}
			if tc.wantState == v1alpha1.DependencyReady && got.Network.Pods.Namespace != "databases" {
				t.Errorf("the way leads into namespace %s", got.Network.Pods.Namespace)
			}
		})
	}
}

// A Service and its Microservice are the same to those that call it, before and after a takeover, and after an eject.
func TestResolveServiceOfMicroservice(t *testing.T) {
	var (
		unmarked = service("payments", func(svc *corev1.Service) { svc.Spec.Ports = svc.Spec.Ports[:1] })
		own      = service("payments", belongsTo("payments"))
		abroad   = service("bank/payments", belongsTo("payments"), annotated("*"))
	)
	cases := map[string]struct {
		microservice *v1alpha1.Microservice
		service      *corev1.Service
		name         string
		// like is the dependency to whose resolution it is equal, in the same world; empty for as a plain Service.
		like        v1alpha1.Dependency
		wantState   v1alpha1.DependencyState
		wantMessage string
	}{
		"it is the Microservice's": {
			microservice: microservice("payments"), service: own, name: "payments",
			like: on("payments"), wantState: v1alpha1.DependencyReady,
		},
		"it is about to be made": {
			microservice: microservice("payments", unavailable), name: "payments",
			like: on("payments"), wantState: v1alpha1.DependencyNotReady, wantMessage: "payments is not available",
		},
		"of another namespace, which admits us": {
			microservice: microservice("bank/payments", admits(v1alpha1.FromAll)), service: abroad, name: "bank/payments",
			like: on("bank/payments"), wantState: v1alpha1.DependencyReady,
		},
		"of another namespace, where only the Service admits us": {
			microservice: microservice("bank/payments"), service: abroad, name: "bank/payments",
			wantState: v1alpha1.DependencyNotPermitted,
			wantMessage: "Service bank/payments does not exist or does not admit namespace shop; its team can admit it with the " +
				"annotation apps.microservice.dev/allowed-dependents: shop, or with spec.allowedDependents if it is a Microservice's",
		},
		"the Microservice admits nobody": {
			microservice: microservice("payments", admits(v1alpha1.FromNone)), service: own, name: "payments",
			wantState: v1alpha1.DependencyNotPermitted, wantMessage: "Microservice shop/payments allows no dependents; change its spec.allowedDependents",
		},
		"not taken over yet": {
			microservice: microservice("payments", admits(v1alpha1.FromNone)), service: unmarked, name: "payments",
			wantState: v1alpha1.DependencyReady,
		},
		"ejected": {
			service: own, name: "payments", wantState: v1alpha1.DependencyReady,
		},
		"one's own": {
			microservice: microservice("web"), service: service("web", belongsTo("web")), name: "web",
			wantState: v1alpha1.DependencyNotPermitted, wantMessage: "Service shop/web is its own: a Microservice cannot depend on itself",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			w := world{service: tc.service, slices: []discoveryv1.EndpointSlice{ready}}
			if tc.microservice != nil {
				w.microservices = append(w.microservices, tc.microservice)
			}
			got := w.resolveOne(onService(tc.name))
			if got.State != tc.wantState || got.Message != tc.wantMessage {
				t.Errorf("the dependency is %s: %q\nwant %s: %q", got.State, got.Message, tc.wantState, tc.wantMessage)
			}
			if tc.like.Name != "" {
				wantResolution(t, w.resolveOne(tc.like), got)
			} else if got.Target.Kind != dependency.Service {
				t.Errorf("its target is %s", got.Target)
			}
		})
	}
}
