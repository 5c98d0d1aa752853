package v1alpha1_test

import (
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

func TestPortURL(t *testing.T) {
	cases := map[string]struct {
		port v1alpha1.Port
		host string
		want string
	}{
		"the name is a scheme": {
			port: v1alpha1.Port{Name: "http", Port: 80},
			want: "http://web.shop.svc:80",
		},
		"the name https": {
			port: v1alpha1.Port{Name: "https", Port: 443},
			want: "https://web.shop.svc:443",
		},
		"the name grpc": {
			port: v1alpha1.Port{Name: "grpc", Port: 9000},
			want: "grpc://web.shop.svc:9000",
		},
		"the name says nothing": {
			port: v1alpha1.Port{Name: "api", Port: 8080},
			want: "tcp://web.shop.svc:8080",
		},
		"the name says nothing, UDP": {
			port: v1alpha1.Port{Name: "dns", Port: 53, Protocol: corev1.ProtocolUDP},
			want: "udp://web.shop.svc:53",
		},
		"the name says nothing, SCTP": {
			port: v1alpha1.Port{Name: "diameter", Port: 3868, Protocol: corev1.ProtocolSCTP},
			want: "sctp://web.shop.svc:3868",
		},
		"the port of the Service, not of the container": {
			port: v1alpha1.Port{Name: "http", Port: 80, TargetPort: 8080},
			want: "http://web.shop.svc:80",
		},
		"appProtocol wins over the name": {
			port: v1alpha1.Port{Name: "http", Port: 80, AppProtocol: new("grpc")},
			want: "grpc://web.shop.svc:80",
		},
		"an appProtocol that is no scheme wins too": {
			port: v1alpha1.Port{Name: "http", Port: 5432, AppProtocol: new("postgresql")},
			want: "tcp://web.shop.svc:5432",
		},
		"HTTP/2 in clear text": {
			port: v1alpha1.Port{Name: "api", Port: 80, AppProtocol: new("kubernetes.io/h2c")},
			want: "http://web.shop.svc:80",
		},
		"WebSocket": {
			port: v1alpha1.Port{Name: "api", Port: 80, AppProtocol: new("kubernetes.io/ws")},
			want: "http://web.shop.svc:80",
		},
		"WebSocket over TLS": {
			port: v1alpha1.Port{Name: "api", Port: 443, AppProtocol: new("kubernetes.io/wss")},
			want: "https://web.shop.svc:443",
		},
		"an IPv6 host": {
			port: v1alpha1.Port{Name: "http", Port: 80},
			host: "2001:db8::1",
			want: "http://[2001:db8::1]:80",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if tc.host == "" {
				tc.host = "web.shop.svc"
			}
			if got := tc.port.URL(tc.host); got != tc.want {
				t.Errorf("URL(%q) = %q, want %q", tc.host, got, tc.want)
			}
		})
	}
}

func TestPortDefaults(t *testing.T) {
	plain := v1alpha1.Port{Name: "http", Port: 80}
	if plain.Target() != 80 || plain.TransportProtocol() != corev1.ProtocolTCP {
		t.Errorf("a plain port is %d/%s, want 80/TCP", plain.Target(), plain.TransportProtocol())
	}
	full := v1alpha1.Port{Name: "dns", Port: 53, TargetPort: 5353, Protocol: corev1.ProtocolUDP}
	if full.Target() != 5353 || full.TransportProtocol() != corev1.ProtocolUDP {
		t.Errorf("a full port is %d/%s, want 5353/UDP", full.Target(), full.TransportProtocol())
	}
}

func TestPrimaryPort(t *testing.T) {
	worker := v1alpha1.MicroserviceSpec{}
	if got := worker.PrimaryPort(); got != nil {
		t.Errorf("the primary port of a worker is %v", got)
	}
	spec := v1alpha1.MicroserviceSpec{Ports: []v1alpha1.Port{{Name: "http"}, {Name: "metrics"}}}
	if got := spec.PrimaryPort(); got != &spec.Ports[0] {
		t.Errorf("the primary port is %v, want the first", got)
	}
}

func TestServiceHost(t *testing.T) {
	if got := v1alpha1.ServiceHost("shop", "web", ""); got != "web.shop.svc" {
		t.Errorf("without the cluster's domain the host is %q, want web.shop.svc", got)
	}
	if got := v1alpha1.ServiceHost("shop", "web", "cluster.local"); got != "web.shop.svc.cluster.local" {
		t.Errorf("with the cluster's domain the host is %q, want web.shop.svc.cluster.local", got)
	}
}
