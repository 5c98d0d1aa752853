package reachability_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// key is the namespace and name of an object.
type key = types.NamespacedName

// world is everything that decides who may talk to whom.
type world struct {
	// namespaces are the labels of namespaces, by name.
	namespaces    map[string]map[string]string
	microservices []*v1alpha1.Microservice
	// earlier are the ports of Microservices of which pods of an earlier revision still run.
	earlier map[key][]v1alpha1.Port
	// services are those that a dependency may name, as the API server stores them.
	services []*corev1.Service
	settings settings
	// others are the peers that no Microservice runs.
	others []*peer
	// numbers are further ports to try.
	numbers []int32
}

// settings are the operator's, in words of their own: the model does not know the operator's types.
type settings struct {
	dnsNamespace      string
	dnsLabels         map[string]string
	dnsPorts          []int32
	dnsCIDRs          []string
	scraperNamespaces []string
	clusterCIDRs      []string
	// meshPorts are numbers of TCP.
	meshPorts []int32
	// collector is where traces go; nil for nowhere.
	collector *collector
}

// collector are the pods to which traces are sent, and where they listen.
type collector struct {
	namespace string
	labels    map[string]string
	port      int32
}

// usualSettings are those of a cluster of kubeadm.
func usualSettings() settings {
	return settings{
		dnsNamespace: "kube-system",
		dnsLabels:    map[string]string{"k8s-app": "kube-dns"},
		dnsPorts:     []int32{53},
		dnsCIDRs:     []string{"169.254.20.10/32"},
	}
}

// peer is one end of a connection: a pod, or an address outside the cluster.
type peer struct {
	// name is for people who read a failure.
	name string
	// namespace is empty for an address outside.
	namespace string
	labels    map[string]string
	// microservice is the one whose pod it is; zero for none.
	microservice key
	// ports have at most one name for each number and protocol.
	ports   []corev1.ContainerPort
	address netip.Addr
}

func (p *peer) outside() bool {
	return p.namespace == ""
}

// portName is the name that the peer gives to a number; empty for none.
func (p *peer) portName(number int32, protocol corev1.Protocol) string {
	for _, named := range p.ports {
		if named.ContainerPort == number && named.Protocol == protocol {
			return named.Name
		}
	}
	return ""
}

// connection is what is judged. The port is the one that the pod listens on, as NetworkPolicies see it.
type connection struct {
	from, to *peer
	port     int32
	protocol corev1.Protocol
}

func (c connection) String() string {
	return fmt.Sprintf("from %s to %s (%s) on %d/%s", c.from.name, c.to.name, c.to.address, c.port, c.protocol)
}

var protocols = []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}

// portsToTry are all numbers that somebody writes somewhere, sorted.
func (w *world) portsToTry() []int32 {
	all := append([]int32{53}, w.numbers...)
	all = append(all, w.settings.dnsPorts...)
	all = append(all, w.settings.meshPorts...)
	if c := w.settings.collector; c != nil {
		all = append(all, c.port)
	}
	for _, ms := range w.microservices {
		all = append(all, writtenPorts(ms)...)
	}
	for _, ports := range w.earlier {
		for _, p := range ports {
			all = append(all, p.TargetPort)
		}
	}
	for _, svc := range w.services {
		for _, p := range svc.Spec.Ports {
			all = append(all, p.Port)
			if p.TargetPort.Type == intstr.Int {
				all = append(all, p.TargetPort.IntVal)
			}
		}
	}
	for _, other := range w.others {
		for _, p := range other.ports {
			all = append(all, p.ContainerPort)
		}
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(n int32) bool { return n == 0 })
}

func writtenPorts(ms *v1alpha1.Microservice) []int32 {
	var all []int32
	for _, p := range ms.Spec.Ports {
		all = append(all, p.Port, p.TargetPort)
	}
	for _, d := range ms.Spec.Dependencies {
		if d.External != nil {
			for _, p := range d.External.Ports {
				all = append(all, p.Port)
			}
		}
	}
	return all
}

// connections are all between any two peers on any port. A peer to itself stands for two replicas: what a pod sends to
// itself is never filtered. Between two addresses outside there is nothing to judge.
func (w *world) connections(peers []*peer, yield func(connection)) {
	numbers := w.portsToTry()
	for _, from := range peers {
		for _, to := range peers {
			if from.outside() && to.outside() {
				continue
			}
			for _, number := range numbers {
				for _, protocol := range protocols {
					yield(connection{from: from, to: to, port: number, protocol: protocol})
				}
			}
		}
	}
}

// podLabels are those that every pod of a Microservice carries, as documented.
func podLabels(name string) map[string]string {
	return map[string]string{
		v1alpha1.LabelName:             name,
		"app.kubernetes.io/name":       name,
		"app.kubernetes.io/component":  "microservice",
		"app.kubernetes.io/managed-by": "microservice-operator",
	}
}

func compareKeys(a, b key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
