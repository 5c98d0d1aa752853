package settings

import (
	"flag"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func parse(t *testing.T, arguments ...string) (resources.Settings, error) {
	t.Helper()
	flags, f := flag.NewFlagSet("manager", flag.ContinueOnError), &Flags{}
	f.Bind(flags)
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	return f.Settings()
}

func TestSettings(t *testing.T) {
	changed := func(change func(*resources.Settings)) resources.Settings {
		s := resources.DefaultSettings()
		change(&s)
		return s
	}
	cases := map[string]struct {
		arguments []string
		want      resources.Settings
	}{
		"defaults": {want: resources.DefaultSettings()},
		"DNS of OpenShift": {
			arguments: []string{"--dns-namespace=openshift-dns", "--dns-pod-labels=dns.operator.openshift.io/daemonset-dns=default,a=b", "--dns-ports=5353", "--dns-cidrs="},
			want: changed(func(s *resources.Settings) {
				s.DNS = resources.DNS{
					Namespace: "openshift-dns", Ports: []int32{5353},
					PodLabels: map[string]string{"dns.operator.openshift.io/daemonset-dns": "default", "a": "b"},
				}
			}),
		},
		"lists may have spaces and repeat themselves": {
			arguments: []string{"--scraper-namespaces=monitoring, observability,monitoring", "--cluster-cidrs=10.0.0.0/8, fd00::/8"},
			want: changed(func(s *resources.Settings) {
				s.ScraperNamespaces = []string{"monitoring", "observability"}
				s.ClusterCIDRs = []string{"10.0.0.0/8", "fd00::/8"}
			}),
		},
		"routes and PodMonitors": {
			arguments: []string{
				"--gateway=gateways/public/https", "--gateway-peers=envoy:app=envoy,tier=edge;istio:app=gateway",
				"--pod-monitor-labels=release=stack,team=a",
			},
			want: changed(func(s *resources.Settings) {
				s.Gateway = &v1alpha1.GatewayReference{Namespace: "gateways", Name: "public", SectionName: "https"}
				s.GatewayPeers = []dependency.Pods{
					{Namespace: "envoy", Labels: map[string]string{"app": "envoy", "tier": "edge"}},
					{Namespace: "istio", Labels: map[string]string{"app": "gateway"}},
				}
				s.PodMonitorLabels = map[string]string{"release": "stack", "team": "a"}
			}),
		},
		"labels to copy": {
			arguments: []string{"--copy-labels=team, example.com/cost-center,team"},
			want:      changed(func(s *resources.Settings) { s.CopyLabels = []string{"team", "example.com/cost-center"} }),
		},
		"a Gateway with all its listeners": {
			arguments: []string{"--gateway=gateways/public"},
			want: changed(func(s *resources.Settings) {
				s.Gateway = &v1alpha1.GatewayReference{Namespace: "gateways", Name: "public"}
			}),
		},
		"ports of two meshes": {
			arguments: []string{"--mesh-ports=15008/TCP,4143/UDP"},
			want: changed(func(s *resources.Settings) {
				s.MeshPorts = []dependency.NetworkPort{
					{Protocol: corev1.ProtocolTCP, Port: intstr.FromInt32(15008)}, {Protocol: corev1.ProtocolUDP, Port: intstr.FromInt32(4143)},
				}
			}),
		},
		"a collector whose pods are not opened": {
			arguments: []string{"--otlp-endpoint=https://otlp.example.com", "--otlp-protocol=http/protobuf"},
			want: changed(func(s *resources.Settings) {
				s.OTLP = resources.OTLP{Endpoint: "https://otlp.example.com", Protocol: "http/protobuf"}
			}),
		},
		"a collector with the port of its URL": {
			arguments: []string{"--otlp-endpoint=http://otel:14317", "--otlp-peers=observability:app=otel,tier=a"},
			want: changed(func(s *resources.Settings) {
				s.OTLP = collector("http://otel:14317", "grpc", map[string]string{"app": "otel", "tier": "a"}, 14317)
			}),
		},
		"a collector with the usual port of gRPC": {
			arguments: []string{"--otlp-endpoint=http://otel", "--otlp-peers=observability:app=otel"},
			want: changed(func(s *resources.Settings) {
				s.OTLP = collector("http://otel", "grpc", map[string]string{"app": "otel"}, 4317)
			}),
		},
		"a collector with the usual port of HTTP": {
			arguments: []string{"--otlp-endpoint=http://otel", "--otlp-protocol=http/protobuf", "--otlp-peers=observability:app=otel"},
			want: changed(func(s *resources.Settings) {
				s.OTLP = collector("http://otel", "http/protobuf", map[string]string{"app": "otel"}, 4318)
			}),
		},
		"a collector whose pods listen elsewhere": {
			arguments: []string{"--otlp-endpoint=http://otel:80", "--otlp-peers=observability:app=otel:4317"},
			want: changed(func(s *resources.Settings) {
				s.OTLP = collector("http://otel:80", "grpc", map[string]string{"app": "otel"}, 4317)
			}),
		},
		"domain": {
			arguments: []string{"--cluster-domain=cluster.local"},
			want:      changed(func(s *resources.Settings) { s.ClusterDomain = "cluster.local" }),
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := parse(t, tc.arguments...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("settings (-want +got):\n%s", diff)
			}
		})
	}
}

// collector is one whose pods in the namespace observability are opened.
func collector(endpoint, protocol string, labels map[string]string, port int32) resources.OTLP {
	return resources.OTLP{
		Endpoint: endpoint, Protocol: protocol,
		Collector: &dependency.Pods{Namespace: "observability", Labels: labels},
		Ports:     []dependency.NetworkPort{{Protocol: corev1.ProtocolTCP, Port: intstr.FromInt32(port)}},
	}
}

func TestSettingsThatCannotBeUsed(t *testing.T) {
	const endpoint = " --otlp-endpoint=http://otel:4317"
	for arguments, cure := range map[string]string{
		"--gateway=public":                  "such as gateways/public/https",
		"--gateway=a/b/c/d":                 "such as gateways/public/https",
		"--gateway=a//c":                    "such as gateways/public/https",
		"--gateway-peers=app=envoy":         "NAMESPACE:LABEL=VALUE",
		"--gateway-peers=envoy:":            "NAMESPACE:LABEL=VALUE",
		"--gateway-peers=envoy:app":         "NAMESPACE:LABEL=VALUE",
		"--pod-monitor-labels=release":      "such as release=kube-prometheus-stack",
		"--dns-namespace=":                  "such as kube-system",
		"--dns-namespace=Kube_System":       "names of namespaces",
		"--dns-pod-labels=":                 "such as k8s-app=kube-dns",
		"--dns-pod-labels=k8s-app":          "such as k8s-app=kube-dns",
		"--dns-ports=":                      "from 1 to 65535",
		"--dns-ports=53,dns":                "from 1 to 65535",
		"--dns-ports=70000":                 "from 1 to 65535",
		"--dns-cidrs=169.254.20.10":         "CIDRs without host bits",
		"--cluster-cidrs=10.1.2.3/8":        "CIDRs without host bits",
		"--cluster-cidrs=0.0.0.0/0":         "CIDRs without host bits",
		"--scraper-namespaces=monitoring,*": "names of namespaces",
		"--cluster-domain=.local":           "such as cluster.local",

		"--copy-labels=team=orders":                       "keys of labels such as team",
		"--copy-labels=app.kubernetes.io/managed-by":      "keys of labels such as team",
		"--copy-labels=argocd.argoproj.io/instance":       "none of the operator's",
		"--mesh-ports=15008":                              "such as 15008/TCP",
		"--mesh-ports=0/TCP":                              "such as 15008/TCP",
		"--mesh-ports=15008/tcp":                          "such as 15008/TCP",
		"--mesh-ports=hbone/TCP":                          "such as 15008/TCP",
		"--otlp-protocol=http/json":                       "grpc or http/protobuf",
		"--otlp-endpoint=otel:4317":                       "a URL such as",
		"--otlp-endpoint=http://":                         "a URL such as",
		"--otlp-endpoint=http://user:word@otel":           "a URL such as",
		"--otlp-endpoint=http://$(HOST_IP):4317":          "a URL such as",
		"--otlp-peers=observability" + endpoint:           "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=observability:" + endpoint:          "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=observability:otel" + endpoint:      "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=:app=otel" + endpoint:               "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=a:app=otel:http" + endpoint:         "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=a:app=otel:4317,4318" + endpoint:    "NAMESPACE:LABEL=VALUE",
		"--otlp-peers=a:app=otel:4317:4318" + endpoint:    "NAMESPACE:LABEL=VALUE",
		"--otlp-endpoint= --otlp-peers=observability:a=b": "set with --otlp-peers",
	} {
		t.Run(arguments, func(t *testing.T) {
			_, err := parse(t, strings.Fields(arguments)...)
			if err == nil {
				t.Fatal("no error")
			}
			name, _, _ := strings.Cut(arguments, "=")
			if !strings.HasPrefix(err.Error(), name+"=") || !strings.Contains(err.Error(), cure) {
				t.Errorf("error %q does not name %s and say %q", err, name, cure)
			}
		})
	}
}
