package dependency

import (
	"fmt"
	"net/netip"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// external resolves a dependency outside the cluster. Nobody observes its health, so its state does not reflect it.
func external(e *v1alpha1.ExternalDependency) Resolution {
	ports := e.Ports
	if len(ports) == 0 {
		ports = []v1alpha1.ExternalPort{{Port: 443}}
	}
	cidrs := e.CIDRs
	if address, err := netip.ParseAddr(e.Host); err == nil && len(cidrs) == 0 {
		cidrs = []string{netip.PrefixFrom(address, address.BitLen()).String()}
	}
	r := Resolution{State: v1alpha1.DependencyUnverified, Network: &NetworkTarget{CIDRs: cidrs}, clientPort: asPort(ports[0])}
	for _, p := range ports {
		r.Network.Ports = append(r.Network.Ports, networkPort(asPort(p)))
	}
	r.Message = "It is outside the cluster, so its health is not checked"
	if len(cidrs) == 0 {
		r.Message += fmt.Sprintf("; a NetworkPolicy cannot enforce a name, so every address that the operator does not know as the cluster's is open on %s: set external.cidrs to narrow it",
			portList(r.Network.Ports))
	}
	return r
}

// asPort guesses the scheme of an external port from its number: it has no name for it.
func asPort(p v1alpha1.ExternalPort) *v1alpha1.Port {
	port := &v1alpha1.Port{Port: p.Port, Protocol: p.Protocol}
	if port.TransportProtocol() == corev1.ProtocolTCP {
		port.Name = map[int32]string{80: "http", 443: "https"}[p.Port]
	}
	return port
}

func portList(ports []NetworkPort) string {
	var all []string
	for _, p := range ports {
		all = append(all, fmt.Sprintf("%s/%s", p.Port.String(), p.Protocol))
	}
	return list(all)
}

func list(words []string) string {
	return strings.Join(words, ", ")
}
