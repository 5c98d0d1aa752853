package resources_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestRulesForDependents(t *testing.T) {
	cases := map[string]struct {
		dependents []dependency.Dependent
		want       []networkingv1.NetworkPolicyIngressRule
	}{
		"nobody": {},
		"one": {
			dependents: []dependency.Dependent{dependent("shop", "orders", tcp(80))},
			want:       []networkingv1.NetworkPolicyIngressRule{{From: peers(of("shop", "orders")), Ports: policyPorts(tcp(80))}},
		},
		"those with the same ports share one rule": {
			dependents: []dependency.Dependent{
				dependent("bank", "ledger", tcp(80)), dependent("shop", "cart", udp(80)), dependent("shop", "orders", tcp(80)),
			},
			want: []networkingv1.NetworkPolicyIngressRule{
				{From: peers(of("bank", "ledger"), of("shop", "orders")), Ports: policyPorts(tcp(80))},
				{From: peers(of("shop", "cart")), Ports: policyPorts(udp(80))},
			},
		},
		"one with two ports has one rule, and shares it with none of the ports alone": {
			dependents: []dependency.Dependent{
				dependent("shop", "admin", tcp(80), tcp(9000)), dependent("shop", "cart", tcp(80)), dependent("shop", "orders", tcp(9000)),
			},
			want: []networkingv1.NetworkPolicyIngressRule{
				{From: peers(of("shop", "admin")), Ports: policyPorts(tcp(80), tcp(9000))},
				{From: peers(of("shop", "cart")), Ports: policyPorts(tcp(80))},
				{From: peers(of("shop", "orders")), Ports: policyPorts(tcp(9000))},
			},
		},
		"one whose port is not there, and one that is refused, have none": {
			dependents: []dependency.Dependent{
				dependent("shop", "cart"), dependent("shop", "orders", tcp(80)), {Key: dependency.Key{Namespace: "shop", Name: "web"}},
			},
			want: []networkingv1.NetworkPolicyIngressRule{{From: peers(of("shop", "orders")), Ports: policyPorts(tcp(80))}},
		},
		"nobody who has a port": {
			dependents: []dependency.Dependent{dependent("shop", "cart"), dependent("bank", "ledger")},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := alone(minimal(t))
			in.Dependents = tc.dependents
			if diff := cmp.Diff(sortedRules(tc.want), sortedRules(policySpec(t, in).Ingress)); diff != "" {
				t.Errorf("ingress (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRulesForDependencies(t *testing.T) {
	named := dependency.NetworkPort{Protocol: corev1.ProtocolTCP, Port: intstr.FromString("pg")}
	primary := map[string]string{"app": "postgres", "role": "primary", "release": "shop"}
	postgres := networkingv1.NetworkPolicyPeer{
		NamespaceSelector: namespaceNamed("databases"), PodSelector: &metav1.LabelSelector{MatchLabels: primary},
	}
	payments := map[string]string{v1alpha1.LabelName: "payments"}
	cases := map[string]struct {
		ways []*dependency.NetworkTarget
		want []networkingv1.NetworkPolicyEgressRule
	}{
		"nothing": {},
		"what has no way": {
			ways: []*dependency.NetworkTarget{nil},
		},
		"a Microservice": {
			ways: []*dependency.NetworkTarget{way("shop", payments, tcp(8080))},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(of("shop", "payments")), Ports: policyPorts(tcp(8080))}},
		},
		"the pods of a Service by all of its labels, on a port that stays a name": {
			ways: []*dependency.NetworkTarget{way("databases", primary, named)},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(postgres), Ports: policyPorts(named)}},
		},
		"a name and a number of the same pods are one rule": {
			ways: []*dependency.NetworkTarget{way("databases", primary, tcp(9187)), nil, way("databases", primary, named)},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(postgres), Ports: policyPorts(named, tcp(9187))}},
		},
		"two aliases of one port are one rule": {
			ways: []*dependency.NetworkTarget{way("shop", payments, tcp(8080)), way("shop", payments, tcp(8080))},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(of("shop", "payments")), Ports: policyPorts(tcp(8080))}},
		},
		"one number in two protocols is two ports": {
			ways: []*dependency.NetworkTarget{way("shop", payments, udp(53)), way("shop", payments, tcp(53))},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(of("shop", "payments")), Ports: policyPorts(tcp(53), udp(53))}},
		},
		"namesakes of two namespaces are two peers": {
			ways: []*dependency.NetworkTarget{way("shop", payments, tcp(8080)), way("bank", payments, tcp(8080))},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(of("bank", "payments"), of("shop", "payments")), Ports: policyPorts(tcp(8080))}},
		},
		"networks outside": {
			ways: []*dependency.NetworkTarget{{CIDRs: []string{"192.0.2.0/24", "2001:db8::/32"}, Ports: []dependency.NetworkPort{tcp(443), udp(443)}}},
			want: []networkingv1.NetworkPolicyEgressRule{{
				To: peers(block("192.0.2.0/24"), block("2001:db8::/32")), Ports: policyPorts(tcp(443), udp(443)),
			}},
		},
		"one network of two dependencies is one peer": {
			ways: []*dependency.NetworkTarget{
				{CIDRs: []string{"192.0.2.0/24"}, Ports: []dependency.NetworkPort{tcp(443)}},
				{CIDRs: []string{"192.0.2.0/24"}, Ports: []dependency.NetworkPort{tcp(80)}},
			},
			want: []networkingv1.NetworkPolicyEgressRule{{To: peers(block("192.0.2.0/24")), Ports: policyPorts(tcp(80), tcp(443))}},
		},
		"anywhere outside, but for what is on the link": {
			ways: []*dependency.NetworkTarget{{Ports: []dependency.NetworkPort{tcp(443)}}},
			want: []networkingv1.NetworkPolicyEgressRule{{
				To: peers(block("0.0.0.0/0", "169.254.0.0/16"), block("::/0", "fe80::/10")), Ports: policyPorts(tcp(443)),
			}},
		},
		"a network of all addresses, that the spec names, is what it says": {
			ways: []*dependency.NetworkTarget{
				{CIDRs: []string{"0.0.0.0/0"}, Ports: []dependency.NetworkPort{tcp(443)}},
				{Ports: []dependency.NetworkPort{tcp(443)}},
			},
			want: []networkingv1.NetworkPolicyEgressRule{{
				To: peers(block("0.0.0.0/0", "169.254.0.0/16"), block("0.0.0.0/0"), block("::/0", "fe80::/10")), Ports: policyPorts(tcp(443)),
			}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := alone(minimal(t))
			for _, network := range tc.ways {
				in.Dependencies = append(in.Dependencies, dependency.Resolution{Name: "peer", Host: "peer", Network: network})
			}
			// The first rule is that for DNS.
			if diff := cmp.Diff(sortedRules(tc.want), sortedRules(policySpec(t, in).Egress[1:])); diff != "" {
				t.Errorf("egress (-want +got):\n%s", diff)
			}
		})
	}
}

// of is the peer that is a Microservice: namespace and pods in one peer, since in two they would mean "or".
func of(namespace, name string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{
		NamespaceSelector: namespaceNamed(namespace),
		PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelName: name}},
	}
}

func namespaceNamed(name string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: name}}
}

func block(cidr string, except ...string) networkingv1.NetworkPolicyPeer {
	return networkingv1.NetworkPolicyPeer{IPBlock: &networkingv1.IPBlock{CIDR: cidr, Except: except}}
}

func peers(all ...networkingv1.NetworkPolicyPeer) []networkingv1.NetworkPolicyPeer { return all }

func policyPorts(all ...dependency.NetworkPort) []networkingv1.NetworkPolicyPort {
	var ports []networkingv1.NetworkPolicyPort
	for _, p := range all {
		ports = append(ports, networkingv1.NetworkPolicyPort{Protocol: &p.Protocol, Port: &p.Port})
	}
	return ports
}

// sortedRules are in an order of their own: that of a policy's rules means nothing.
func sortedRules[R any](rules []R) []R {
	content := func(rule R) string {
		bytes, err := json.Marshal(rule)
		if err != nil {
			panic(err)
		}
		return string(bytes)
	}
	return slices.SortedFunc(slices.Values(rules), func(a, b R) int { return strings.Compare(content(a), content(b)) })
}
