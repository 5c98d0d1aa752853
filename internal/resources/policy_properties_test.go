package resources_test

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// A cache gives dependents in any order, and a user may sort the dependencies: the traffic is the same.
func TestTheOrderOfNeighboursDoesNotMatter(t *testing.T) {
	for name, in := range goldenInputs(t) {
		if len(in.Dependencies)+len(in.Dependents) == 0 {
			continue
		}
		before := build(t, in)
		for range 100 {
			rand.Shuffle(len(in.Dependents), func(i, j int) {
				in.Dependents[i], in.Dependents[j] = in.Dependents[j], in.Dependents[i]
			})
			if diff := cmp.Diff(marshal(t, before), marshal(t, build(t, in))); diff != "" {
				t.Fatalf("%s: another order of dependents gave other children (-first +later):\n%s", name, diff)
			}
		}
		for range 100 {
			rand.Shuffle(len(in.Dependencies), func(i, j int) {
				in.Dependencies[i], in.Dependencies[j] = in.Dependencies[j], in.Dependencies[i]
			})
			after := build(t, in)
			if diff := cmp.Diff(marshal(t, before.NetworkPolicy), marshal(t, after.NetworkPolicy)); diff != "" {
				t.Fatalf("%s: another order of dependencies gave another policy (-first +later):\n%s", name, diff)
			}
			if diff := cmp.Diff(before.Deployment.Annotations, after.Deployment.Annotations); diff != "" {
				t.Fatalf("%s: another order of dependencies gave other annotations (-first +later):\n%s", name, diff)
			}
		}
	}
}

func TestApartFromPublishedPortsAndRawRulesNoRuleIsOpen(t *testing.T) {
	published := map[corev1.ServiceType]bool{corev1.ServiceTypeNodePort: true, corev1.ServiceTypeLoadBalancer: true}
	for name, in := range goldenInputs(t) {
		ms := in.Microservice
		if ms.Spec.NetworkPolicy != nil {
			ms.Spec.NetworkPolicy.Ingress, ms.Spec.NetworkPolicy.Egress = nil, nil
		}
		more := linked(ms)
		in.Dependencies = append(in.Dependencies, more.Dependencies...)
		in.Dependencies = append(in.Dependencies, dependency.Resolution{Network: way("shop", nil)}, dependency.Resolution{Network: &dependency.NetworkTarget{}})
		in.Dependents = append(in.Dependents, more.Dependents...)
		in.Dependents = append(in.Dependents, dependent("shop", "portless"))
		in.Settings.ScraperNamespaces = []string{"monitoring"}
		set := build(t, in)
		if set.NetworkPolicy == nil {
			continue
		}
		rules := as[networkingv1.NetworkPolicy](t, set.NetworkPolicy).Spec
		open, wantOpen := 0, 0
		if o := ms.Spec.Service; o != nil && len(ms.Spec.Ports) > 0 && published[o.Type] {
			wantOpen = 1
		}
		for _, rule := range rules.Ingress {
			if len(rule.Ports) == 0 {
				t.Errorf("%s: an ingress rule is open on every port: %v", name, rule)
			}
			if len(rule.From) == 0 {
				open++
			}
		}
		if open != wantOpen {
			t.Errorf("%s: %d ingress rules are open to everyone, want %d", name, open, wantOpen)
		}
		for _, rule := range rules.Egress {
			if len(rule.Ports) == 0 || len(rule.To) == 0 {
				t.Errorf("%s: an egress rule is open to everywhere: %v", name, rule)
			}
		}
	}
}
