package resources_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestLinksInTheNetworkPolicy(t *testing.T) {
	const dns, raw, published, metrics = 53, 8000, 80, 9090
	cases := map[string]struct {
		isolation   v1alpha1.Isolation
		serviceType corev1.ServiceType
		scrapers    []string
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
			wantIngress: []int32{dependentPort, published, metrics, raw},
		},
		"scrapers come between dependents and published ports": {
			isolation:   v1alpha1.IsolationIngress,
			serviceType: corev1.ServiceTypeNodePort,
			scrapers:    []string{"monitoring"},
			wantIngress: []int32{dependentPort, metrics, published, metrics, raw},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			ms := minimal(t)
			ms.Spec.Ports = append(ms.Spec.Ports, v1alpha1.Port{Name: "metrics", Port: metrics})
			ms.Spec.Service = &v1alpha1.ServiceOptions{Type: tc.serviceType}
			rawPort := []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(raw))}}
			ms.Spec.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{
				Isolation: tc.isolation,
				Ingress:   []networkingv1.NetworkPolicyIngressRule{{Ports: rawPort}},
			}
			if tc.isolation != v1alpha1.IsolationIngress {
				ms.Spec.NetworkPolicy.Egress = []networkingv1.NetworkPolicyEgressRule{{Ports: rawPort}}
			}
			in := linked(ms)
			in.Settings.ScraperNamespaces = tc.scrapers
			spec := policySpec(t, in)

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
	in := linked(goldenInputs(t)["isolation-none"].Microservice)
	in.Settings.ScraperNamespaces = []string{"monitoring"}
	if got := build(t, in).NetworkPolicy; got != nil {
		t.Errorf("isolation None has the policy %s", marshal(t, got))
	}
}

const (
	dependentPort = 8080
	targetPort    = 9443
)

// linked is a Microservice with a dependent that is let in, and the dependency payments.
func linked(ms *v1alpha1.Microservice) resources.Input {
	in := alone(ms)
	in.Dependents = []dependency.Dependent{dependent("shop", "orders", tcp(dependentPort))}
	in.Dependencies = []dependency.Resolution{{
		Name: "payments", Host: "payments.shop.svc", Port: 80,
		Network: way("shop", map[string]string{v1alpha1.LabelName: "payments"}, tcp(targetPort)),
	}}
	return in
}

func dependent(namespace, name string, ports ...dependency.NetworkPort) dependency.Dependent {
	return dependency.Dependent{Key: dependency.Key{Namespace: namespace, Name: name}, Permitted: true, Ports: ports}
}

func way(namespace string, labels map[string]string, ports ...dependency.NetworkPort) *dependency.NetworkTarget {
	return &dependency.NetworkTarget{Pods: &dependency.Pods{Namespace: namespace, Labels: labels}, Ports: ports}
}

func tcp(number int32) dependency.NetworkPort {
	return dependency.NetworkPort{Protocol: corev1.ProtocolTCP, Port: intstr.FromInt32(number)}
}

func udp(number int32) dependency.NetworkPort {
	return dependency.NetworkPort{Protocol: corev1.ProtocolUDP, Port: intstr.FromInt32(number)}
}

func policySpec(t testing.TB, in resources.Input) networkingv1.NetworkPolicySpec {
	t.Helper()
	return as[networkingv1.NetworkPolicy](t, build(t, in).NetworkPolicy).Spec
}

func portNumbers(ports []networkingv1.NetworkPolicyPort) []int32 {
	var numbers []int32
	for _, p := range ports {
		numbers = append(numbers, p.Port.IntVal)
	}
	return numbers
}
