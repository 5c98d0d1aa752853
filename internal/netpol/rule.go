package netpol

import (
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// rule is an ingress or an egress rule. Without peers it allows all, and without ports too.
type rule struct {
	peers []networkingv1.NetworkPolicyPeer
	ports []networkingv1.NetworkPolicyPort
}

// allows reports whether a rule of a policy in a namespace allows a connection that has other at its other end.
func (r rule) allows(namespace string, other *Endpoint, c *Connection) (bool, error) {
	if len(r.ports) > 0 && !slices.ContainsFunc(r.ports, func(p networkingv1.NetworkPolicyPort) bool { return includes(&p, c) }) {
		return false, nil
	}
	if len(r.peers) == 0 {
		return true, nil
	}
	for i := range r.peers {
		if found, err := isPeer(&r.peers[i], namespace, other); found || err != nil {
			return found, err
		}
	}
	return false, nil
}

// includes reports whether a port of a rule includes that of a connection. A name is one of the receiving pod.
func includes(p *networkingv1.NetworkPolicyPort, c *Connection) bool {
	protocol := corev1.ProtocolTCP
	if p.Protocol != nil {
		protocol = *p.Protocol
	}
	switch {
	case protocol != c.Protocol:
		return false
	case p.Port == nil:
		return true
	case p.Port.Type == intstr.String:
		return slices.ContainsFunc(c.To.Ports, func(named corev1.ContainerPort) bool {
			return named.Name == p.Port.StrVal && named.ContainerPort == c.Port && protocolOf(&named) == c.Protocol
		})
	case p.EndPort != nil:
		return p.Port.IntVal <= c.Port && c.Port <= *p.EndPort
	default:
		return p.Port.IntVal == c.Port
	}
}

func protocolOf(p *corev1.ContainerPort) corev1.Protocol {
	if p.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return p.Protocol
}

// isPeer reports whether an endpoint is one of a rule's peers.
func isPeer(p *networkingv1.NetworkPolicyPeer, namespace string, e *Endpoint) (bool, error) {
	if p.IPBlock != nil {
		return inBlock(p.IPBlock, e.Address)
	}
	if e.Namespace == "" {
		return false, nil
	}
	if p.NamespaceSelector == nil {
		if e.Namespace != namespace {
			return false, nil
		}
	} else if found, err := matches(p.NamespaceSelector, e.NamespaceLabels); !found || err != nil {
		return false, err
	}
	if p.PodSelector == nil {
		return true, nil
	}
	return matches(p.PodSelector, e.Labels)
}

func inBlock(b *networkingv1.IPBlock, address netip.Addr) (bool, error) {
	found, err := contains(b.CIDR, address)
	for i := 0; found && err == nil && i < len(b.Except); i++ {
		excepted, bad := contains(b.Except[i], address)
		found, err = !excepted, bad
	}
	return found, err
}

func contains(cidr string, address netip.Addr) (bool, error) {
	network, err := netip.ParsePrefix(cidr)
	if err != nil {
		return false, fmt.Errorf("ipBlock: %w", err)
	}
	return network.Contains(address), nil
}

func matches(s *metav1.LabelSelector, of labels.Set) (bool, error) {
	selector, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return false, fmt.Errorf("selector: %w", err)
	}
	return selector.Matches(of), nil
}
