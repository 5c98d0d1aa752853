package resources

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// NetworkPolicyApplyConfiguration is client-go's with one difference: a policy that admits nobody sends its empty list of
// rules, and so owns it. Otherwise a rule that somebody adds would stay.
type NetworkPolicyApplyConfiguration struct {
	metav1ac.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1ac.ObjectMetaApplyConfiguration `json:"metadata"`
	Spec                                   NetworkPolicySpecApplyConfiguration `json:"spec"`
}

// NetworkPolicySpecApplyConfiguration is the spec of a NetworkPolicyApplyConfiguration.
type NetworkPolicySpecApplyConfiguration struct {
	PodSelector *metav1ac.LabelSelectorApplyConfiguration                   `json:"podSelector"`
	PolicyTypes []networkingv1.PolicyType                                   `json:"policyTypes"`
	Ingress     []networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration `json:"ingress"`
	Egress      []networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration  `json:"egress,omitempty"`
}

// networkPolicy denies both directions and allows what was declared. Except for published ports and the user's raw rules, no
// rule has an empty list of peers or ports: in Kubernetes that means "everyone". previous are the ports of earlier pods, which
// stay open until the last of those is gone.
func networkPolicy(in Input, previous dependency.PodPorts) (*NetworkPolicyApplyConfiguration, error) {
	ms := in.Microservice
	isolation := isolation(ms)
	if isolation == v1alpha1.IsolationNone {
		return nil, nil
	}
	head := networkingv1ac.NetworkPolicy(ms.Name, ms.Namespace).WithLabels(labels(ms)).WithOwnerReferences(owner(ms))
	policy := &NetworkPolicyApplyConfiguration{
		TypeMetaApplyConfiguration:   head.TypeMetaApplyConfiguration,
		ObjectMetaApplyConfiguration: head.ObjectMetaApplyConfiguration,
		Spec: NetworkPolicySpecApplyConfiguration{
			PodSelector: matching(selector(ms)),
			PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
			Ingress:     append([]networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration{}, dependentRules(in, previous)...),
		},
	}
	spec := &policy.Spec
	if rule := scraperRule(ms, &in.Settings, previous); rule != nil {
		spec.Ingress = append(spec.Ingress, *rule)
	}
	if rule := gatewayRule(ms, &in.Settings, previous); rule != nil {
		spec.Ingress = append(spec.Ingress, *rule)
	}
	if published(ms) {
		spec.Ingress = append(spec.Ingress, *publishedPorts(ms, previous))
	}
	if isolation == v1alpha1.IsolationFull {
		spec.PolicyTypes = append(spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		spec.Egress = append(spec.Egress, *dnsRule(in.Settings.DNS))
		spec.Egress = append(spec.Egress, dependencyRules(in.Dependencies, &in.Settings)...)
		if rule := collectorRule(ms, &in.Settings); rule != nil {
			spec.Egress = append(spec.Egress, *rule)
		}
	}
	return policy, appendRawRules(spec, ms.Spec.NetworkPolicy)
}

func isolation(ms *v1alpha1.Microservice) v1alpha1.Isolation {
	if o := ms.Spec.NetworkPolicy; o != nil && o.Isolation != "" {
		return o.Isolation
	}
	return v1alpha1.IsolationFull
}

// publishedPorts admits everyone on the ports of a NodePort or LoadBalancer Service: the source of such traffic is often a
// node's address, so no peer could be named.
func publishedPorts(ms *v1alpha1.Microservice, previous dependency.PodPorts) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyIngressRule()
	for i := range ms.Spec.Ports {
		rule.WithPorts(policyPorts(dependency.NetworkPorts(&ms.Spec, &ms.Spec.Ports[i], previous))...)
	}
	return rule
}

// scraperRule admits monitoring on the port of the metrics; it returns nil if there is no such port or no scraper.
func scraperRule(ms *v1alpha1.Microservice, s *Settings, previous dependency.PodPorts) *networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration {
	port := ms.Spec.MetricsPort()
	if port == nil || len(s.ScraperNamespaces) == 0 {
		return nil
	}
	rule := networkingv1ac.NetworkPolicyIngressRule().
		WithPorts(policyPorts(s.withMesh(dependency.NetworkPorts(&ms.Spec, port, previous)))...)
	for _, namespace := range s.ScraperNamespaces {
		rule.WithFrom(networkingv1ac.NetworkPolicyPeer().WithNamespaceSelector(namespaceNamed(namespace)))
	}
	return rule
}

func dnsRule(dns DNS) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	rule := networkingv1ac.NetworkPolicyEgressRule().WithTo(networkingv1ac.NetworkPolicyPeer().
		WithNamespaceSelector(namespaceNamed(dns.Namespace)).
		WithPodSelector(matching(dns.PodLabels)))
	for _, cidr := range dns.CIDRs {
		rule.WithTo(networkingv1ac.NetworkPolicyPeer().WithIPBlock(networkingv1ac.IPBlock().WithCIDR(cidr)))
	}
	for _, port := range dns.Ports {
		rule.WithPorts(policyPort(corev1.ProtocolUDP, port), policyPort(corev1.ProtocolTCP, port))
	}
	return rule
}

func policyPort(protocol corev1.Protocol, port int32) *networkingv1ac.NetworkPolicyPortApplyConfiguration {
	return networkingv1ac.NetworkPolicyPort().WithProtocol(protocol).WithPort(intstr.FromInt32(port))
}

func appendRawRules(spec *NetworkPolicySpecApplyConfiguration, o *v1alpha1.NetworkPolicyOptions) error {
	if o == nil {
		return nil
	}
	for i := range o.Ingress {
		rule, err := convert[networkingv1ac.NetworkPolicyIngressRuleApplyConfiguration](&o.Ingress[i], "spec.networkPolicy.ingress")
		if err != nil {
			return err
		}
		spec.Ingress = append(spec.Ingress, *rule)
	}
	for i := range o.Egress {
		rule, err := convert[networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration](&o.Egress[i], "spec.networkPolicy.egress")
		if err != nil {
			return err
		}
		spec.Egress = append(spec.Egress, *rule)
	}
	return nil
}
