// Package netpol tells whether NetworkPolicies allow a connection, which rule allows it, and which policies block it. It is pure,
// and does what Kubernetes documents: https://kubernetes.io/docs/concepts/services-networking/network-policies/
package netpol

import (
	"fmt"
	"net/netip"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// Endpoint is one end of a connection: a pod, or an address that is no pod.
type Endpoint struct {
	// Namespace is that of the pod, empty for an address that is no pod, such as a node or a host outside.
	Namespace string
	// NamespaceLabels are the labels of the namespace.
	NamespaceLabels labels.Set
	// Labels are those of the pod.
	Labels labels.Set
	// Ports are those that the pod's containers name.
	Ports []corev1.ContainerPort
	// Address is compared with ipBlocks. If it is the zero value, none matches.
	Address netip.Addr
}

// Connection is what is judged.
type Connection struct {
	From, To Endpoint
	// Port is the one on which the receiving pod listens, not that of a Service in front of it.
	Port     int32
	Protocol corev1.Protocol
}

// Verdict is whether each side of a connection allows it.
type Verdict struct {
	Egress  Side `json:"egress"`
	Ingress Side `json:"ingress"`
}

// Allowed reports whether both sides allow the connection.
func (v *Verdict) Allowed() bool { return v.Egress.Allowed && v.Ingress.Allowed }

// Side is whether the policies of one end allow a connection.
type Side struct {
	Allowed bool `json:"allowed"`
	// Policies are the names of those that select the pod in this direction. Without any, everything is allowed.
	Policies []string `json:"policies"`
	// By is the name of a policy with a rule that allows the connection.
	By string `json:"by,omitempty"`
	// Rule is the number of that rule, from 1.
	Rule int `json:"rule,omitempty"`
}

// Judge asks the policies of both namespaces; those of others are ignored. The error names a policy with a selector or a network that
// the API server would have refused.
func Judge(policies []networkingv1.NetworkPolicy, c *Connection) (v Verdict, err error) {
	v.Egress, err = judge(policies, networkingv1.PolicyTypeEgress, &c.From, &c.To, c)
	if err != nil {
		return v, err
	}
	v.Ingress, err = judge(policies, networkingv1.PolicyTypeIngress, &c.To, &c.From, c)
	return v, err
}

// judge asks the policies that select own whether other may be at the other end.
func judge(policies []networkingv1.NetworkPolicy, direction networkingv1.PolicyType, own, other *Endpoint, c *Connection) (Side, error) {
	side := Side{Policies: []string{}}
	for i := range policies {
		p := &policies[i]
		rules, applies := rulesOf(p, direction)
		if !applies || p.Namespace != own.Namespace {
			continue
		}
		selected, err := matches(&p.Spec.PodSelector, own.Labels)
		if err != nil {
			return side, inPolicy(p, err)
		}
		if !selected {
			continue
		}
		side.Policies = append(side.Policies, p.Name)
		for n, r := range rules {
			allows, err := r.allows(p.Namespace, other, c)
			if err != nil {
				return side, inPolicy(p, err)
			}
			if allows && !side.Allowed {
				side.Allowed, side.By, side.Rule = true, p.Name, n+1
			}
		}
	}
	side.Allowed = side.Allowed || len(side.Policies) == 0
	return side, nil
}

func inPolicy(p *networkingv1.NetworkPolicy, err error) error {
	return fmt.Errorf("NetworkPolicy %s/%s: %w", p.Namespace, p.Name, err)
}

// rulesOf returns the rules of a policy in one direction, and whether the policy speaks of that direction.
func rulesOf(p *networkingv1.NetworkPolicy, direction networkingv1.PolicyType) (rules []rule, applies bool) {
	for _, of := range p.Spec.PolicyTypes {
		applies = applies || of == direction
	}
	if direction == networkingv1.PolicyTypeEgress {
		for _, r := range p.Spec.Egress {
			rules = append(rules, rule{peers: r.To, ports: r.Ports})
		}
		return rules, applies || len(p.Spec.PolicyTypes) == 0 && len(rules) > 0
	}
	for _, r := range p.Spec.Ingress {
		rules = append(rules, rule{peers: r.From, ports: r.Ports})
	}
	return rules, applies || len(p.Spec.PolicyTypes) == 0
}
