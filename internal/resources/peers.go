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

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// peerPorts is a peer and its open ports.
type peerPorts struct {
	// name identifies the peer, and sorts peers.
	name  string
	peer  *networkingv1ac.NetworkPolicyPeerApplyConfiguration
	ports []dependency.NetworkPort
}

// groupedRule is a rule for peers with the same ports.
type groupedRule struct {
	peers []*networkingv1ac.NetworkPolicyPeerApplyConfiguration
	ports []dependency.NetworkPort
}

// dependentRules admits each permitted dependent on the ports that it requested, in pods of all revisions.
func dependentRules(in Input, previous dependency.PodPorts) []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	var peers []peerPorts
	for _, d := range in.Dependents {
		peers = append(peers, podPeer(dependency.PodsOf(d.Key), in.Settings.withMesh(ofAllRevisions(in.Microservice, d.Ports, previous))))
	}
	var rules []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration
	for _, r := range groupByPorts(peers) {
		rules = append(rules, *networkingv1ac.NetworkPolicyIngressRule().WithFrom(r.peers...).WithPorts(policyPorts(r.ports)...))
	}
	return rules
}

// dependencyRules allows the traffic to dependencies.
func dependencyRules(dependencies []dependency.Resolution, settings *Settings) []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	var peers []peerPorts
	for i := range dependencies {
		network := dependencies[i].Network
		switch {
		case network == nil:
		case network.Pods != nil:
			peers = append(peers, podPeer(network.Pods, settings.withMesh(network.Ports)))
		case len(network.CIDRs) > 0:
			for _, cidr := range network.CIDRs {
				peers = append(peers, cidrPeer(cidr, nil, network.Ports))
			}
		default:
			for _, cidr := range []string{"0.0.0.0/0", "::/0"} {
				peers = append(peers, cidrPeer(cidr, excludedCIDRs(cidr, settings.ClusterCIDRs), network.Ports))
			}
		}
	}
	var rules []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration
	for _, r := range groupByPorts(peers) {
		rules = append(rules, *networkingv1ac.NetworkPolicyEgressRule().WithTo(r.peers...).WithPorts(policyPorts(r.ports)...))
	}
	return rules
}

// podPeer selects namespace and pods in one peer: in two they would mean "or".
func podPeer(pods *dependency.Pods, ports []dependency.NetworkPort) peerPorts {
	return peerPorts{
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

func cidrPeer(cidr string, except []string, ports []dependency.NetworkPort) peerPorts {
	return peerPorts{
		name:  fmt.Sprint(cidr, except),
		peer:  networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr).WithExcept(except...)),
		ports: ports,
	}
}

// excludedCIDRs returns the networks of a family that count as inside the cluster: its own, and link-local ones, where most
// clouds keep the credentials of nodes.
func excludedCIDRs(all string, clusterCIDRs []string) []string {
	family := netip.MustParsePrefix(all).Addr()
	var networks []string
	for _, cidr := range append([]string{"169.254.0.0/16", "fe80::/10"}, clusterCIDRs...) {
		if p, err := netip.ParsePrefix(cidr); err == nil && p.Addr().Is4() == family.Is4() {
			networks = append(networks, cidr)
		}
	}
	return networks
}

// groupByPorts collects the ports of each peer, and puts peers with the same ports into one rule. The result does not depend on
// the order of the peers. A peer without ports is left out: a rule without ports would allow all.
func groupByPorts(peers []peerPorts) []groupedRule {
	slices.SortStableFunc(peers, func(a, b peerPorts) int { return cmp.Compare(a.name, b.name) })
	var rules []groupedRule
	for start := 0; start < len(peers); {
		end := start
		var ports []dependency.NetworkPort
		for ; end < len(peers) && peers[end].name == peers[start].name; end++ {
			ports = append(ports, peers[end].ports...)
		}
		if len(ports) > 0 {
			rules = append(rules, groupedRule{ports: dependency.SortPorts(ports), peers: []*networkingv1ac.NetworkPolicyPeerApplyConfiguration{peers[start].peer}})
		}
		start = end
	}
	return mergeEqualPorts(rules)
}

// mergeEqualPorts sorts rules by their ports and merges those with the same ports.
func mergeEqualPorts(rules []groupedRule) []groupedRule {
	slices.SortStableFunc(rules, func(a, b groupedRule) int { return slices.CompareFunc(a.ports, b.ports, dependency.ComparePorts) })
	var all []groupedRule
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
