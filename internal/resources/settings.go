package resources

import (
	"slices"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Settings are operator-wide settings.
type Settings struct {
	// DNS is where pods resolve names.
	DNS DNS
	// ScraperNamespaces are admitted on the port named metrics of every Microservice that has one.
	ScraperNamespaces []string
	// ClusterCIDRs are the networks of pods, Services and nodes. Targets outside the cluster are outside of them.
	ClusterCIDRs []string
	// ClusterDomain is appended to the names of Services in addresses; empty leaves that to the pods' resolver.
	ClusterDomain string
	// Gateway is where routes attach that name no Gateway; nil for none.
	Gateway *v1alpha1.GatewayReference
	// GatewayPeers are the pods from which requests of routes come. Without any, they are those that carry the Gateway's name.
	GatewayPeers []dependency.Pods
	// PodMonitorLabels are set on every PodMonitor, where a Prometheus selects by them.
	PodMonitorLabels map[string]string
	// CopyLabels are the keys of further labels that children inherit from the Microservice.
	CopyLabels []string
	// MinReadySeconds is how long a pod must be ready to count as available, if the spec does not say.
	MinReadySeconds int32
	// MeshPorts are those on which the proxies of a service mesh talk to each other. They are open beside the ports of every
	// connection between pods that is open, and nowhere else.
	MeshPorts []dependency.NetworkPort
	// OTLP is where traced Microservices send traces.
	OTLP OTLP
}

// withMesh adds the ports of the mesh to those of a connection; one without ports stays closed.
func (s *Settings) withMesh(ports []dependency.NetworkPort) []dependency.NetworkPort {
	if len(ports) == 0 || len(s.MeshPorts) == 0 {
		return ports
	}
	return dependency.SortPorts(slices.Concat(ports, s.MeshPorts))
}

// OTLP is where traced Microservices send traces, by the OpenTelemetry protocol. The zero value is nowhere.
type OTLP struct {
	// Endpoint is a URL, and Protocol the value of OTEL_EXPORTER_OTLP_PROTOCOL. They become variables of containers, so a change
	// restarts what is traced.
	Endpoint, Protocol string
	// Collector selects the collector's pods; nil opens nothing.
	Collector *dependency.Pods
	// Ports are those that the collector's pods listen on.
	Ports []dependency.NetworkPort
}

// DNS is where pods resolve names. Every isolated Microservice may reach it.
type DNS struct {
	// Namespace and PodLabels select the DNS pods.
	Namespace string
	PodLabels map[string]string
	// Ports are those of the DNS pods (not of their Service), UDP and TCP.
	Ports []int32
	// CIDRs are further DNS addresses, of node-local caches that no pod selector can match.
	CIDRs []string
}

// DefaultSettings returns settings that fit kubeadm, kind, EKS and GKE: kube-dns in kube-system, and the address of NodeLocal
// DNSCache (https://kubernetes.io/docs/tasks/administer-cluster/nodelocaldns/).
func DefaultSettings() Settings {
	return Settings{
		DNS: DNS{
			Namespace: "kube-system",
			PodLabels: map[string]string{"k8s-app": "kube-dns"},
			Ports:     []int32{53},
			CIDRs:     []string{"169.254.20.10/32"},
		},
		MinReadySeconds: 10,
	}
}
