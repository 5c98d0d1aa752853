package reachability_test

import (
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// consents reports whether target lets dependents of a namespace in.
func (m *model) consents(target *v1alpha1.Microservice, namespace string) bool {
	own := namespace == target.Namespace
	if target.Spec.AllowedDependents == nil {
		return own
	}
	switch target.Spec.AllowedDependents.From {
	case v1alpha1.FromNone:
		return false
	case v1alpha1.FromAll:
		return true
	case v1alpha1.FromSelector:
		return own || isSelected(target.Spec.AllowedDependents.Selector, m.world.namespaces[namespace])
	default:
		return own
	}
}

// isPortNamed reports whether c arrives at the port of ms with that name, or at the first one where there is no name.
func (m *model) isPortNamed(ms *v1alpha1.Microservice, name string, c connection) bool {
	for i, p := range ms.Spec.Ports {
		if p.Name == name || (name == "" && i == 0) {
			return m.isPort(ms, p, c)
		}
	}
	return false
}

// hasPortNamed reports whether ms has the port with that name, or any where there is no name.
func hasPortNamed(ms *v1alpha1.Microservice, name string) bool {
	return slices.ContainsFunc(ms.Spec.Ports, func(p v1alpha1.Port) bool { return name == "" || p.Name == name })
}

// isPort reports whether c arrives where pods listen for a port of ms, those of an earlier revision included.
func (m *model) isPort(ms *v1alpha1.Microservice, p v1alpha1.Port, c connection) bool {
	return isPort(p, c) || slices.ContainsFunc(m.world.earlier[key{Namespace: ms.Namespace, Name: ms.Name}], func(old v1alpha1.Port) bool {
		return old.Name == p.Name && isPort(old, c)
	})
}

// isPort reports whether c arrives at the targetPort of p.
func isPort(p v1alpha1.Port, c connection) bool {
	number, protocol := p.TargetPort, p.Protocol
	if number == 0 {
		number = p.Port
	}
	if protocol == "" {
		protocol = corev1.ProtocolTCP
	}
	return number == c.port && protocol == c.protocol
}

// isPublished reports whether anyone may come in: what a node or a load balancer forwards has no sender to be named.
func (m *model) isPublished(ms *v1alpha1.Microservice, c connection) bool {
	if ms.Spec.Service == nil {
		return false
	}
	if t := ms.Spec.Service.Type; t != corev1.ServiceTypeNodePort && t != corev1.ServiceTypeLoadBalancer {
		return false
	}
	return slices.ContainsFunc(ms.Spec.Ports, func(p v1alpha1.Port) bool { return m.isPort(ms, p, c) })
}

func (m *model) isScraper(ms *v1alpha1.Microservice, c connection) bool {
	return slices.Contains(m.world.settings.scraperNamespaces, c.from.namespace) &&
		(m.isPortNamed(ms, "metrics", c) || m.isMesh(c) && hasPortNamed(ms, "metrics"))
}

// isMesh reports whether c goes to a port on which the proxies of a mesh talk to each other.
func (m *model) isMesh(c connection) bool {
	return c.protocol == corev1.ProtocolTCP && slices.Contains(m.world.settings.meshPorts, c.port)
}

// isCollector reports whether c takes the traces of ms to the collector.
func (m *model) isCollector(ms *v1alpha1.Microservice, c connection) bool {
	to, o := m.world.settings.collector, ms.Spec.Observability
	if to == nil || o == nil || o.Tracing == nil || o.Tracing.Enabled != nil && !*o.Tracing.Enabled {
		return false
	}
	return c.to.namespace == to.namespace && hasLabels(c.to.labels, to.labels) &&
		(c.protocol == corev1.ProtocolTCP && c.port == to.port || m.isMesh(c))
}

// openedExternal is why an external dependency opens the way of c. Networks that are named are open as they are, also
// where pods live in them. Without them, what is on the link and what the settings call the cluster is not outside.
// Where the settings do not name the pods' network, an ipBlock cannot tell a pod from the world outside: then the pods
// too may be reached, as far as their own ingress lets them.
func (m *model) openedExternal(e *v1alpha1.ExternalDependency, c connection) string {
	ports := e.Ports
	if len(ports) == 0 {
		ports = []v1alpha1.ExternalPort{{Port: 443, Protocol: corev1.ProtocolTCP}}
	}
	open := slices.ContainsFunc(ports, func(p v1alpha1.ExternalPort) bool {
		return p.Port == c.port && (p.Protocol == c.protocol || (p.Protocol == "" && c.protocol == corev1.ProtocolTCP))
	})
	linkLocal := []string{"169.254.0.0/16", "fe80::/10"}
	switch {
	case !open:
		return ""
	case len(e.CIDRs) > 0 && inAny(e.CIDRs, c.to.address):
		return "a network outside"
	case len(e.CIDRs) > 0, inAny(linkLocal, c.to.address), inAny(m.world.settings.clusterCIDRs, c.to.address):
		return ""
	case c.to.outside():
		return "anywhere outside"
	default:
		return "a pod that looks like outside"
	}
}

func (m *model) rawIngress(ms *v1alpha1.Microservice, c connection) bool {
	if ms.Spec.NetworkPolicy == nil {
		return false
	}
	return slices.ContainsFunc(ms.Spec.NetworkPolicy.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool {
		return m.isRawPeer(r.From, ms.Namespace, c.from) && isRawPort(r.Ports, c)
	})
}

func (m *model) rawEgress(ms *v1alpha1.Microservice, c connection) bool {
	if ms.Spec.NetworkPolicy == nil {
		return false
	}
	return slices.ContainsFunc(ms.Spec.NetworkPolicy.Egress, func(r networkingv1.NetworkPolicyEgressRule) bool {
		return m.isRawPeer(r.To, ms.Namespace, c.to) && isRawPort(r.Ports, c)
	})
}

// isRawPeer reads the peers of a raw rule as Kubernetes documents them, without except.
func (m *model) isRawPeer(peers []networkingv1.NetworkPolicyPeer, own string, other *peer) bool {
	return len(peers) == 0 || slices.ContainsFunc(peers, func(p networkingv1.NetworkPolicyPeer) bool {
		switch {
		case p.IPBlock != nil:
			return inAny([]string{p.IPBlock.CIDR}, other.address)
		case other.outside():
			return false
		case p.NamespaceSelector == nil:
			return other.namespace == own && isSelected(p.PodSelector, other.labels)
		case p.PodSelector == nil:
			return isSelected(p.NamespaceSelector, m.world.namespaces[other.namespace])
		default:
			return isSelected(p.NamespaceSelector, m.world.namespaces[other.namespace]) && isSelected(p.PodSelector, other.labels)
		}
	})
}

// isRawPort reads the ports of a raw rule as Kubernetes documents them, without names and ranges.
func isRawPort(ports []networkingv1.NetworkPolicyPort, c connection) bool {
	return len(ports) == 0 || slices.ContainsFunc(ports, func(p networkingv1.NetworkPolicyPort) bool {
		protocol := corev1.ProtocolTCP
		if p.Protocol != nil {
			protocol = *p.Protocol
		}
		return protocol == c.protocol && (p.Port == nil || *p.Port == intstr.FromInt32(c.port))
	})
}

// isSelected reads a selector as Kubernetes documents it: an empty one selects everything.
func isSelected(s *metav1.LabelSelector, labels map[string]string) bool {
	contradicts := func(e metav1.LabelSelectorRequirement) bool {
		value, has := labels[e.Key]
		switch e.Operator {
		case metav1.LabelSelectorOpIn:
			return !has || !slices.Contains(e.Values, value)
		case metav1.LabelSelectorOpNotIn:
			return has && slices.Contains(e.Values, value)
		case metav1.LabelSelectorOpExists:
			return !has
		default:
			return has
		}
	}
	return hasLabels(labels, s.MatchLabels) && !slices.ContainsFunc(s.MatchExpressions, contradicts)
}

func hasLabels(labels, wanted map[string]string) bool {
	for k, v := range wanted {
		if got, has := labels[k]; !has || got != v {
			return false
		}
	}
	return true
}

func inAny(cidrs []string, address netip.Addr) bool {
	return slices.ContainsFunc(cidrs, func(cidr string) bool { return netip.MustParsePrefix(cidr).Contains(address) })
}
