package reachability_test

import (
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// spec has everything but dependencies.
func (g *generator) spec() v1alpha1.MicroserviceSpec {
	s := v1alpha1.MicroserviceSpec{
		Image:             "example.com/image:1",
		Ports:             g.ports(),
		AllowedDependents: g.consent(),
		NetworkPolicy:     g.networkPolicy(),
	}
	if g.chance(10) {
		s.Replicas = new(int32)
	}
	if g.chance(30) {
		s.Service = &v1alpha1.ServiceOptions{Type: pick(g, []corev1.ServiceType{
			"", corev1.ServiceTypeClusterIP, corev1.ServiceTypeNodePort, corev1.ServiceTypeLoadBalancer,
		})}
	}
	if g.chance(40) {
		s.Observability = &v1alpha1.Observability{Tracing: pick(g, []*v1alpha1.Tracing{nil, {}, {Enabled: new(true)}, {Enabled: new(false)}})}
	}
	return s
}

// ports are none for a worker. Names, and numbers of a protocol, are unique; a targetPort may be shared.
func (g *generator) ports() []v1alpha1.Port {
	if g.chance(15) {
		return nil
	}
	type listener struct {
		number   int32
		protocol corev1.Protocol
	}
	seen := map[listener]bool{}
	var ports []v1alpha1.Port
	for _, name := range some(g, 3, []string{"http", "grpc", "metrics", "admin"}) {
		p := v1alpha1.Port{Name: name, Port: pick(g, numbers)}
		p.Protocol = pick(g, []corev1.Protocol{"", "", "", corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP})
		if g.chance(60) {
			p.TargetPort = pick(g, numbers)
		}
		l := listener{p.Port, p.Protocol}
		if l.protocol == "" {
			l.protocol = corev1.ProtocolTCP
		}
		if !seen[l] {
			ports = append(ports, p)
		}
		seen[l] = true
	}
	return ports
}

func (g *generator) consent() *v1alpha1.AllowedDependents {
	if g.chance(30) {
		return nil
	}
	from := pick(g, []v1alpha1.FromNamespaces{
		"", v1alpha1.FromSame, v1alpha1.FromNone, v1alpha1.FromAll, v1alpha1.FromAll, v1alpha1.FromSelector, v1alpha1.FromSelector,
	})
	allowed := &v1alpha1.AllowedDependents{From: from}
	if from == v1alpha1.FromSelector {
		allowed.Selector = g.namespaceSelector()
	}
	return allowed
}

func (g *generator) namespaceSelector() *metav1.LabelSelector {
	s := &metav1.LabelSelector{}
	switch {
	case g.chance(10): // Every namespace.
	case g.chance(30):
		s.MatchLabels = map[string]string{corev1.LabelMetadataName: pick(g, teams)}
	case g.chance(50):
		s.MatchLabels = map[string]string{"colour": pick(g, []string{"red", "blue"})}
	}
	if g.chance(50) {
		e := metav1.LabelSelectorRequirement{Key: pick(g, []string{"colour", "stage"})}
		e.Operator = pick(g, []metav1.LabelSelectorOperator{
			metav1.LabelSelectorOpIn, metav1.LabelSelectorOpNotIn, metav1.LabelSelectorOpExists, metav1.LabelSelectorOpDoesNotExist,
		})
		if e.Operator == metav1.LabelSelectorOpIn || e.Operator == metav1.LabelSelectorOpNotIn {
			e.Values = some(g, 2, []string{"red", "blue", "production"})
		}
		s.MatchExpressions = append(s.MatchExpressions, e)
	}
	return s
}

// networkPolicy has raw rules only where the API allows them.
func (g *generator) networkPolicy() *v1alpha1.NetworkPolicyOptions {
	if g.chance(50) {
		return nil
	}
	o := &v1alpha1.NetworkPolicyOptions{Isolation: pick(g, []v1alpha1.Isolation{
		"", v1alpha1.IsolationFull, v1alpha1.IsolationFull, v1alpha1.IsolationIngress, v1alpha1.IsolationNone,
	})}
	if o.Isolation != v1alpha1.IsolationNone && g.chance(30) {
		o.Ingress = []networkingv1.NetworkPolicyIngressRule{{From: g.rawPeers(), Ports: g.rawPorts()}}
	}
	if o.Isolation != v1alpha1.IsolationNone && o.Isolation != v1alpha1.IsolationIngress && g.chance(30) {
		o.Egress = []networkingv1.NetworkPolicyEgressRule{{To: g.rawPeers(), Ports: g.rawPorts()}}
	}
	return o
}

func (g *generator) rawPeers() []networkingv1.NetworkPolicyPeer {
	pods := &metav1.LabelSelector{MatchLabels: map[string]string{"app": pick(g, []string{"db", "cache", "prometheus"})}}
	namespaces := &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: pick(g, teams)}}
	return pick(g, [][]networkingv1.NetworkPolicyPeer{
		nil,
		{{PodSelector: pods}},
		{{NamespaceSelector: namespaces}},
		{{NamespaceSelector: namespaces, PodSelector: pods}},
		{{NamespaceSelector: namespaces}, {PodSelector: pods}},
		{{IPBlock: &networkingv1.IPBlock{CIDR: pick(g, networks)}}},
	})
}

func (g *generator) rawPorts() []networkingv1.NetworkPolicyPort {
	port := networkingv1.NetworkPolicyPort{}
	switch g.IntN(4) {
	case 0:
		return nil
	case 1:
		port.Protocol = new(corev1.ProtocolUDP)
	case 2:
		port.Port = new(intstr.FromInt32(pick(g, numbers)))
	default:
		port.Protocol, port.Port = new(pick(g, protocols)), new(intstr.FromInt32(pick(g, numbers)))
	}
	return []networkingv1.NetworkPolicyPort{port}
}
