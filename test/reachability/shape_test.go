package reachability_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// No generated rule says "everyone" or "everything" by an empty list, but for published ports: in a NetworkPolicy what
// is left out is allowed. Raw rules are the user's own, and stand last.
func TestShape(t *testing.T) {
	rules, peers := 0, 0
	for seed := range uint64(*graphs) {
		w := generate(seed)
		built := build(t, w)
		for _, ms := range w.microservices {
			s := &shape{world: w, ms: ms, policy: built[key{Namespace: ms.Namespace, Name: ms.Name}].policy}
			for _, fault := range s.faults() {
				t.Errorf("seed=%d: %s/%s: %s", seed, ms.Namespace, ms.Name, fault)
			}
			rules, peers = rules+s.rules, peers+s.peers
		}
	}
	t.Logf("%d graphs: %d rules and %d peers looked at", *graphs, rules, peers)
	if rules < 10**graphs || peers < rules {
		t.Errorf("looked at %d rules and %d peers: that proves little", rules, peers)
	}
}

// shape checks one policy.
type shape struct {
	world  *world
	ms     *v1alpha1.Microservice
	policy *networkingv1.NetworkPolicy
	// rules and peers count what was checked.
	rules, peers int
	found        []string
}

func (s *shape) fault(format string, args ...any) {
	s.found = append(s.found, fmt.Sprintf(format, args...))
}

func (s *shape) faults() []string {
	isolation := isolationOf(s.ms)
	if wanted := isolation != v1alpha1.IsolationNone; wanted != (s.policy != nil) {
		s.fault("isolation is %s, and that there is a policy is %t", isolation, s.policy != nil)
	}
	if s.policy == nil {
		return s.found
	}
	s.head(isolation)
	raw := v1alpha1.NetworkPolicyOptions{}
	if o := s.ms.Spec.NetworkPolicy; o != nil {
		raw = *o
	}
	for i, r := range generated(s, s.policy.Spec.Ingress, raw.Ingress) {
		s.ingress(i, r)
	}
	for i, r := range generated(s, s.policy.Spec.Egress, raw.Egress) {
		s.rule("egress", i, r.To, r.Ports)
	}
	return s.found
}

func (s *shape) head(isolation v1alpha1.Isolation) {
	types := []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
	if isolation == v1alpha1.IsolationFull {
		types = append(types, networkingv1.PolicyTypeEgress)
	}
	if diff := cmp.Diff(types, s.policy.Spec.PolicyTypes); diff != "" {
		s.fault("policyTypes (-want +got):\n%s", diff)
	}
	selector := metav1.LabelSelector{MatchLabels: map[string]string{v1alpha1.LabelName: s.ms.Name}}
	if diff := cmp.Diff(selector, s.policy.Spec.PodSelector); diff != "" {
		s.fault("podSelector (-want +got):\n%s", diff)
	}
}

// generated are the rules before the raw ones, which are there as they were written.
func generated[T any](s *shape, all, raw []T) []T {
	if len(all) < len(raw) {
		s.fault("raw rules are missing")
		return all
	}
	n := len(all) - len(raw)
	if diff := cmp.Diff(raw, all[n:], cmpopts.EquateEmpty()); diff != "" {
		s.fault("the last rules are not the raw ones (-want +got):\n%s", diff)
	}
	return all[:n]
}

func (s *shape) ingress(i int, r networkingv1.NetworkPolicyIngressRule) {
	for _, p := range r.From {
		if p.IPBlock != nil {
			s.fault("ingress[%d] admits the address %s", i, p.IPBlock.CIDR)
		}
	}
	if len(r.From) > 0 {
		s.rule("ingress", i, r.From, r.Ports)
		return
	}
	s.rules++
	service := s.ms.Spec.Service
	published := service != nil && (service.Type == corev1.ServiceTypeNodePort || service.Type == corev1.ServiceTypeLoadBalancer)
	if !published || len(s.ms.Spec.Ports) == 0 {
		s.fault("ingress[%d] admits everyone, but nothing is published", i)
	}
	s.ports("ingress", i, r.Ports)
}

func (s *shape) rule(direction string, i int, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) {
	s.rules, s.peers = s.rules+1, s.peers+len(peers)
	if len(peers) == 0 {
		s.fault("%s[%d] has no peers", direction, i)
	}
	s.ports(direction, i, ports)
	for _, p := range peers {
		switch {
		case p.IPBlock != nil:
		case selectsAll(p.NamespaceSelector):
			s.fault("%s[%d] has a peer that is of any namespace", direction, i)
		case selectsAll(p.PodSelector) && !s.isScraper(direction, p, ports):
			s.fault("%s[%d] has a peer that is a whole namespace", direction, i)
		}
	}
}

func (s *shape) ports(direction string, i int, ports []networkingv1.NetworkPolicyPort) {
	if len(ports) == 0 {
		s.fault("%s[%d] has no ports", direction, i)
	}
	for _, p := range ports {
		if p.Port == nil || p.Protocol == nil || p.EndPort != nil {
			s.fault("%s[%d] has a port that is not one: %s", direction, i, p.String())
		}
	}
}

// isScraper reports whether a peer is a whole namespace of scrapers, and gets the port of metrics alone, and that of a mesh.
func (s *shape) isScraper(direction string, p networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) bool {
	namespace := p.NamespaceSelector.MatchLabels[corev1.LabelMetadataName]
	all := slices.Concat(s.ms.Spec.Ports, s.world.earlier[key{Namespace: s.ms.Namespace, Name: s.ms.Name}])
	return direction == "ingress" && slices.Contains(s.world.settings.scraperNamespaces, namespace) &&
		!slices.ContainsFunc(ports, func(port networkingv1.NetworkPolicyPort) bool {
			c := connection{port: port.Port.IntVal, protocol: *port.Protocol}
			mesh := c.protocol == corev1.ProtocolTCP && slices.Contains(s.world.settings.meshPorts, c.port)
			return !mesh && !slices.ContainsFunc(all, func(p v1alpha1.Port) bool { return p.Name == "metrics" && isPort(p, c) })
		})
}

func selectsAll(s *metav1.LabelSelector) bool {
	return s == nil || len(s.MatchLabels)+len(s.MatchExpressions) == 0
}
