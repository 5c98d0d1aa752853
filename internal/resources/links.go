package resources

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"
	k8slabels "k8s.io/apimachinery/pkg/labels"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// link is a peer and the ports that are open between it and us.
type link struct {
	// name tells peers apart, and sorts them.
	name  string
	peer  *networkingv1ac.NetworkPolicyPeerApplyConfiguration
	ports []dependency.NetworkPort
}

// linkRule is peers that share the same ports.
type linkRule struct {
	peers []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	ports []dependency.NetworkPort
}

// dependentRules let the admitted dependents in, each on the ports that it asked for, in pods of all revisions.
func dependentRules(ms *v1alpha1.Microservice, dependents []dependency.Dependent, previous dependency.PodPorts) []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	var links []link
	for _, d := range dependents {
		links = append(links, podsLink(dependency.PodsOf(d.Key), ofAllRevisions(ms, d.Ports, previous)))
	}
	var rules []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration
	for _, r := range linkRules(links) {
		rules = append(rules, *networkingv1ac.NetworkPolicyIngressRule().WithFrom(r.peers...).WithPorts(policyPorts(r.ports)...))
	}
	return rules
}

// dependencyRules open the ways to dependencies.
func dependencyRules(dependencies []dependency.Resolution, clusterCIDRs []string) []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	var links []link
	for i := range dependencies {
		way := dependencies[i].Way
		switch {
		case way == nil:
		case way.Pods != nil:
			links = append(links, podsLink(way.Pods, way.Ports))
		case len(way.CIDRs) > 0:
			for _, cidr := range way.CIDRs {
				links = append(links, blockLink(cidr, nil, way.Ports))
			}
		default:
			for _, cidr := range []string{"0.0.0.0/0", "::/0"} {
				links = append(links, blockLink(cidr, inside(cidr, clusterCIDRs), way.Ports))
			}
		}
	}
	var rules []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration
	for _, r := range linkRules(links) {
		rules = append(rules, *networkingv1ac.NetworkPolicyEgressRule().WithTo(r.peers...).WithPorts(policyPorts(r.ports)...))
	}
	return rules
}

// podsLink names the namespace and the pods in one peer: in two they would mean "or".
func podsLink(pods *dependency.Pods, ports []dependency.NetworkPort) link {
	return link{
		name: pods.Namespace + "/" + k8slabels.Set(pods.Labels).String(),
		peer: networkingv1ac.NetworkPolicyPeer().
			WithNamespaceSelector(namespaceNamed(pods.Namespace)).
			WithPodSelector(matching(pods.Labels)),
		ports: ports,
	}
}

func namespaceNamed(name string) *metav1ac.LabelSelectorApplyConfiguration {
	return matching(map[string]string{corev1.LabelMetadataName: name})
}

func blockLink(cidr string, except []string, ports []dependency.NetworkPort) link {
	return link{
		name:  fmt.Sprint(cidr, except),
		peer:  networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr).WithExcept(except...)),
		ports: ports,
	}
}

// inside are the networks of a family that are not outside the cluster: its own, and what is on the link, where most
// clouds keep the credentials of nodes.
func inside(all string, clusterCIDRs []string) []string {
	family := netip.MustParsePrefix(all).Addr()
	var networks []string
	for _, cidr := range append([]string{"169.254.0.0/16", "fe80::/10"}, clusterCIDRs...) {
		if p, err := netip.ParsePrefix(cidr); err == nil && p.Addr().Is4() == family.Is4() {
			networks = append(networks, cidr)
		}
	}
	return networks
}

// linkRules gathers the ports of each peer, and puts peers with the same ports into one rule. What comes out depends on
// what is linked and not on the order. A link without ports opens nothing: in a rule that would mean all of them.
func linkRules(links []link) []linkRule {
	slices.SortStableFunc(links, func(a, b link) int { return cmp.Compare(a.name, b.name) })
	var rules []linkRule
	for start := 0; start < len(links); {
		end := start
		var ports []dependency.NetworkPort
		for ; end < len(links) && links[end].name == links[start].name; end++ {
			ports = append(ports, links[end].ports...)
		}
		if len(ports) > 0 {
			rules = append(rules, linkRule{ports: dependency.SortPorts(ports), peers: []*networkingv1ac.NetworkPolicyPeerApplyConfiguration{links[start].peer}})
		}
		start = end
	}
	return merged(rules)
}

// merged sorts rules by their ports, and makes one of those with the same.
func merged(rules []linkRule) []linkRule {
	slices.SortStableFunc(rules, func(a, b linkRule) int { return slices.CompareFunc(a.ports, b.ports, dependency.ComparePorts) })
	var all []linkRule
	for _, r := range rules {
		if last := len(all) - 1; last >= 0 && slices.Equal(all[last].ports, r.ports) {
			all[last].peers = append(all[last].peers, r.peers...)
		} else {
			all = append(all, r)
		}
	}
	return all
}

func policyPorts(ports []dependency.NetworkPort) []*networkingv1ac.NetworkPolicyPortApplyConfiguration {
	var all []*networkingv1ac.NetworkPolicyPortApplyConfiguration
	for _, p := range ports {
		all = append(all, networkingv1ac.NetworkPolicyPort().WithProtocol(p.Protocol).WithPort(p.Port))
	}
	return all
}
