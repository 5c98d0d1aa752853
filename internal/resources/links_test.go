package resources_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestLinksInTheNetworkPolicy(t *testing.T) {
	const dns, raw, published = 53, 8000, 80
	cases := map[string]struct {
		isolation   v1alpha1.Isolation
		serviceType corev1.ServiceType
		wantIngress []int32
		wantEgress  []int32
	}{
		"full isolation has both directions": {
			isolation:   v1alpha1.IsolationFull,
			wantIngress: []int32{dependentPort, raw},
			wantEgress:  []int32{dns, dns, targetPort, raw},
		},
		"no isolation named is full isolation": {
			wantIngress: []int32{dependentPort, raw},
			wantEgress:  []int32{dns, dns, targetPort, raw},
		},
		"ingress isolation leaves egress alone": {
			isolation:   v1alpha1.IsolationIngress,
			wantIngress: []int32{dependentPort, raw},
		},
		"published ports come between dependents and raw rules": {
			isolation:   v1alpha1.IsolationIngress,
			serviceType: corev1.ServiceTypeLoadBalancer,
			wantIngress: []int32{dependentPort, published, raw},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := goldenInputs(t)["minimal"]
			ms.Spec.Service = &v1alpha1.ServiceOptions{Type: tc.serviceType}
			rawPort := []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(raw))}}
			ms.Spec.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{
				Isolation: tc.isolation,
				Ingress:   []networkingv1.NetworkPolicyIngressRule{{Ports: rawPort}},
			}
			if tc.isolation != v1alpha1.IsolationIngress {
				ms.Spec.NetworkPolicy.Egress = []networkingv1.NetworkPolicyEgressRule{{Ports: rawPort}}
			}
			spec := as[networkingv1.NetworkPolicy](t, buildWith(t, ms, someLinks()).NetworkPolicy).Spec

			var ingress, egress []int32
			for _, rule := range spec.Ingress {
				ingress = append(ingress, portNumbers(rule.Ports)...)
			}
			for _, rule := range spec.Egress {
				egress = append(egress, portNumbers(rule.Ports)...)
			}
			if diff := cmp.Diff(tc.wantIngress, ingress); diff != "" {
				t.Errorf("ports of the ingress rules (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wantEgress, egress); diff != "" {
				t.Errorf("ports of the egress rules (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinksMakeNoPolicyWithoutIsolation(t *testing.T) {
	ms := goldenInputs(t)["isolation-none"]
	if got := buildWith(t, ms, someLinks()).NetworkPolicy; got != nil {
		t.Errorf("isolation None has the policy %s", marshal(t, got))
	}
}

func TestInjectedEnvironment(t *testing.T) {
	cases := map[string]struct {
		own  []corev1.EnvVar
		want []corev1.EnvVar
	}{
		"stands alone": {
			want: []corev1.EnvVar{{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"}, {Name: "PAYMENTS_PORT", Value: "80"}},
		},
		"stands before the spec's, which can use it": {
			own: []corev1.EnvVar{{Name: "A_URL", Value: "http://$(PAYMENTS_HOST)/"}},
			want: []corev1.EnvVar{
				{Name: "PAYMENTS_HOST", Value: "payments.shop.svc"},
				{Name: "PAYMENTS_PORT", Value: "80"},
				{Name: "A_URL", Value: "http://$(PAYMENTS_HOST)/"},
			},
		},
		"is left out where the spec has the name": {
			own:  []corev1.EnvVar{{Name: "PAYMENTS_HOST", Value: "localhost"}},
			want: []corev1.EnvVar{{Name: "PAYMENTS_PORT", Value: "80"}, {Name: "PAYMENTS_HOST", Value: "localhost"}},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := goldenInputs(t)["minimal"]
			ms.Spec.Env = tc.own
			if diff := cmp.Diff(tc.want, app(t, buildWith(t, ms, someLinks())).Env); diff != "" {
				t.Errorf("env (-want +got):\n%s", diff)
			}
		})
	}
}

const (
	dependentPort = 8080
	targetPort    = 9443
)

// someLinks are a dependent that is let in, and the dependency payments.
func someLinks() resources.Links {
	peer := func(name string) *networkingv1ac.NetworkPolicyPeerApplyConfiguration {
		return networkingv1ac.NetworkPolicyPeer().WithPodSelector(
			metav1ac.LabelSelector().WithMatchLabels(map[string]string{v1alpha1.LabelName: name}))
	}
	port := func(number int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
		return networkingv1ac.NetworkPolicyPort().WithProtocol(corev1.ProtocolTCP).WithPort(intstr.FromInt32(number))
	}
	return resources.Links{
		Ingress: []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration{
			*networkingv1ac.NetworkPolicyIngressRule().WithFrom(peer("orders")).WithPorts(port(dependentPort)),
		},
		Egress: []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration{
			*networkingv1ac.NetworkPolicyEgressRule().WithTo(peer("payments")).WithPorts(port(targetPort)),
		},
		Env: []corev1ac.EnvVarApplyConfiguration{
			*corev1ac.EnvVar().WithName("PAYMENTS_HOST").WithValue("payments.shop.svc"),
			*corev1ac.EnvVar().WithName("PAYMENTS_PORT").WithValue("80"),
		},
	}
}

func portNumbers(ports []networkingv1.NetworkPolicyPort) []int32 {
	var numbers []int32
	for _, p := range ports {
		numbers = append(numbers, p.Port.IntVal)
	}
	return numbers
}

func TestDNSSettings(t *testing.T) {
	set, err := resources.For(resources.Input{
		Microservice: goldenInputs(t)["minimal"],
		Settings: resources.Settings{DNS: resources.DNS{
			Namespace: "openshift-dns",
			PodLabels: map[string]string{"dns": "default"},
			Ports:     []int32{5353, 9154},
			CIDRs:     []string{"169.254.20.10/32", "fd00::a/128"},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	port := func(protocol corev1.Protocol, number int32) networkingv1.NetworkPolicyPort {
		return networkingv1.NetworkPolicyPort{Protocol: &protocol, Port: new(intstr.FromInt32(number))}
	}
	want := []networkingv1.NetworkPolicyEgressRule{{
		To: []networkingv1.NetworkPolicyPeer{
			{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: "openshift-dns"}},
				PodSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{"dns": "default"}},
			},
			{IPBlock: &networkingv1.IPBlock{CIDR: "169.254.20.10/32"}},
			{IPBlock: &networkingv1.IPBlock{CIDR: "fd00::a/128"}},
		},
		Ports: []networkingv1.NetworkPolicyPort{
			port(corev1.ProtocolUDP, 5353), port(corev1.ProtocolTCP, 5353),
			port(corev1.ProtocolUDP, 9154), port(corev1.ProtocolTCP, 9154),
		},
	}}
	if diff := cmp.Diff(want, as[networkingv1.NetworkPolicy](t, set.NetworkPolicy).Spec.Egress); diff != "" {
		t.Errorf("egress (-want +got):\n%s", diff)
	}
}
