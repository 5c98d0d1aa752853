package status_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

func TestComputeAddresses(t *testing.T) {
	ports := func(ports ...v1alpha1.Port) *v1alpha1.Microservice {
		return microservice(func(ms *v1alpha1.Microservice) { ms.Spec.Ports = ports })
	}
	service := func(kind corev1.ServiceType, at ...corev1.LoadBalancerIngress) *corev1.Service {
		return &corev1.Service{
			Spec:   corev1.ServiceSpec{Type: kind},
			Status: corev1.ServiceStatus{LoadBalancer: corev1.LoadBalancerStatus{Ingress: at}},
		}
	}
	https := v1alpha1.Port{Name: "https", Port: 443, TargetPort: 8443}
	metrics := v1alpha1.Port{Name: "metrics", Port: 9090}
	cases := map[string]struct {
		ms           *v1alpha1.Microservice
		service      *corev1.Service
		wantURL      string
		wantExternal string
	}{
		"a worker": {
			ms: ports(), service: service(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "192.0.2.1"}),
		},
		"before the Service is there": {
			ms: ports(https), wantURL: "https://web.shop.svc:443",
		},
		"the first port is the primary one": {
			ms: ports(metrics, https), service: service(corev1.ServiceTypeClusterIP), wantURL: "tcp://web.shop.svc:9090",
		},
		"a NodePort has no address of its own": {
			ms: ports(https), service: service(corev1.ServiceTypeNodePort, corev1.LoadBalancerIngress{IP: "192.0.2.1"}),
			wantURL: "https://web.shop.svc:443",
		},
		"a load balancer that is not ready": {
			ms: ports(https), service: service(corev1.ServiceTypeLoadBalancer), wantURL: "https://web.shop.svc:443",
		},
		"a load balancer with an address": {
			ms: ports(https, metrics), service: service(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "192.0.2.1"}),
			wantURL: "https://web.shop.svc:443", wantExternal: "https://192.0.2.1:443",
		},
		"a load balancer with an IPv6 address": {
			ms: ports(https), service: service(corev1.ServiceTypeLoadBalancer, corev1.LoadBalancerIngress{IP: "2001:db8::1"}),
			wantURL: "https://web.shop.svc:443", wantExternal: "https://[2001:db8::1]:443",
		},
		"a name wins over an address": {
			ms: ports(https),
			service: service(corev1.ServiceTypeLoadBalancer,
				corev1.LoadBalancerIngress{IP: "192.0.2.1", Hostname: "web.example.com"}),
			wantURL: "https://web.shop.svc:443", wantExternal: "https://web.example.com:443",
		},
		"the first that has one": {
			ms: ports(https),
			service: service(corev1.ServiceTypeLoadBalancer,
				corev1.LoadBalancerIngress{}, corev1.LoadBalancerIngress{IP: "192.0.2.2"}, corev1.LoadBalancerIngress{IP: "192.0.2.3"}),
			wantURL: "https://web.shop.svc:443", wantExternal: "https://192.0.2.2:443",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := status.Compute(tc.ms, status.Observation{Service: tc.service}, now)
			if got.URL != tc.wantURL || got.ExternalURL != tc.wantExternal {
				t.Errorf("url %q, externalURL %q, want %q, %q", got.URL, got.ExternalURL, tc.wantURL, tc.wantExternal)
			}
		})
	}
}
