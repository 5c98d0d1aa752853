package resources_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestDNSSettings(t *testing.T) {
	in := alone(minimal(t))
	in.Settings = resources.Settings{DNS: resources.DNS{
		Namespace: "openshift-dns",
		PodLabels: map[string]string{"dns": "default"},
		Ports:     []int32{5353, 9154},
		CIDRs:     []string{"169.254.20.10/32", "fd00::a/128"},
	}}
	want := []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{
			{
				NamespaceSelector: namespaceNamed("openshift-dns"),
				PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"dns": "default"}},
			},
			block("169.254.20.10/32"),
			block("fd00::a/128"),
		},
		Ports: policyPorts(udp(5353), tcp(5353), udp(9154), tcp(9154)),
	}}
	if diff := cmp.Diff(want, policySpec(t, in).Egress); diff != "" {
		t.Errorf("egress (-want +got):\n%s", diff)
	}
}

func TestScraperSettings(t *testing.T) {
	monitoring := networkingv1.NetworkPolicyPeer{NamespaceSelector: namespaceNamed("monitoring")}
	observability := networkingv1.NetworkPolicyPeer{NamespaceSelector: namespaceNamed("observability")}
	http := v1alpha1.Port{Name: "http", Port: 80}
	cases := map[string]struct {
		ports      []v1alpha1.Port
		namespaces []string
		want       []networkingv1.NetworkPolicyIngressRule
	}{
		"a port named metrics": {
			ports:      []v1alpha1.Port{http, {Name: "metrics", Port: 9090}},
			namespaces: []string{"monitoring"},
			want:       []networkingv1.NetworkPolicyIngressRule{{From: peers(monitoring), Ports: policyPorts(tcp(9090))}},
		},
		"the number that the pods listen on, and the protocol": {
			ports:      []v1alpha1.Port{http, {Name: "metrics", Port: 80, TargetPort: 9187, Protocol: "UDP"}},
			namespaces: []string{"monitoring"},
			want:       []networkingv1.NetworkPolicyIngressRule{{From: peers(monitoring), Ports: policyPorts(udp(9187))}},
		},
		"several namespaces are one rule": {
			ports:      []v1alpha1.Port{{Name: "metrics", Port: 9090}, http},
			namespaces: []string{"monitoring", "observability"},
			want:       []networkingv1.NetworkPolicyIngressRule{{From: peers(monitoring, observability), Ports: policyPorts(tcp(9090))}},
		},
		"no port of that name": {
			ports:      []v1alpha1.Port{http, {Name: "metrics-2", Port: 9090}, {Name: "metric", Port: 9091}},
			namespaces: []string{"monitoring"},
		},
		"no ports": {
			namespaces: []string{"monitoring"},
		},
		"no namespaces": {
			ports: []v1alpha1.Port{http, {Name: "metrics", Port: 9090}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.Ports = tc.ports
			in := alone(ms)
			in.Settings.ScraperNamespaces = tc.namespaces
			if diff := cmp.Diff(tc.want, policySpec(t, in).Ingress, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("ingress (-want +got):\n%s", diff)
			}
		})
	}
}

// The cluster is not outside: who may call something outside by name alone cannot call every pod on that port.
func TestClusterCIDRSettings(t *testing.T) {
	cases := map[string]struct {
		clusterCIDRs   []string
		wantV4, wantV6 []string
	}{
		"none": {
			wantV4: []string{"169.254.0.0/16"}, wantV6: []string{"fe80::/10"},
		},
		"each in the rule of its family": {
			clusterCIDRs: []string{"10.244.0.0/16", "fd00:10:244::/56", "10.96.0.0/12", "fd00:10:96::/112"},
			wantV4:       []string{"169.254.0.0/16", "10.244.0.0/16", "10.96.0.0/12"},
			wantV6:       []string{"fe80::/10", "fd00:10:244::/56", "fd00:10:96::/112"},
		},
		"one family": {
			clusterCIDRs: []string{"10.244.0.0/16"},
			wantV4:       []string{"169.254.0.0/16", "10.244.0.0/16"},
			wantV6:       []string{"fe80::/10"},
		},
		"what is no network is left out": {
			clusterCIDRs: []string{"pods", "10.244.0.0"},
			wantV4:       []string{"169.254.0.0/16"}, wantV6: []string{"fe80::/10"},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			in := alone(minimal(t))
			in.Settings.ClusterCIDRs = tc.clusterCIDRs
			in.Dependencies = []dependency.Resolution{
				{Name: "anywhere", Network: &dependency.NetworkTarget{Ports: []dependency.NetworkPort{tcp(443)}}},
				{Name: "somewhere", Network: &dependency.NetworkTarget{CIDRs: []string{"10.0.0.0/8"}, Ports: []dependency.NetworkPort{tcp(5432)}}},
			}
			want := []networkingv1.NetworkPolicyEgressRule{
				{To: peers(block("0.0.0.0/0", tc.wantV4...), block("::/0", tc.wantV6...)), Ports: policyPorts(tcp(443))},
				{To: peers(block("10.0.0.0/8")), Ports: policyPorts(tcp(5432))},
			}
			if diff := cmp.Diff(sortedRules(want), sortedRules(policySpec(t, in).Egress[1:])); diff != "" {
				t.Errorf("egress (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDefaultSettingsOpenDNSAlone(t *testing.T) {
	spec := policySpec(t, alone(minimal(t)))
	want := []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{
			{
				NamespaceSelector: namespaceNamed("kube-system"),
				PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"k8s-app": "kube-dns"}},
			},
			block("169.254.20.10/32"),
		},
		Ports: policyPorts(udp(53), tcp(53)),
	}}
	if diff := cmp.Diff(want, spec.Egress); diff != "" {
		t.Errorf("egress (-want +got):\n%s", diff)
	}
	if len(spec.Ingress) != 0 {
		t.Errorf("ingress is %v, want none", spec.Ingress)
	}
	both := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress}
	if diff := cmp.Diff(both, spec.PolicyTypes); diff != "" {
		t.Errorf("closed directions (-want +got):\n%s", diff)
	}
	if spec.PodSelector.MatchLabels[v1alpha1.LabelName] != "web" || spec.PodSelector.MatchLabels[corev1.LabelMetadataName] != "" {
		t.Errorf("the policy is for the pods %v", spec.PodSelector)
	}
}
