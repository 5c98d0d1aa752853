package controller

import (
	"fmt"
	"path/filepath"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/meta"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("The graph", func() {
	It("names a cycle on every member while it is there, and changes nothing else", func() {
		ns := newNamespace()
		orders, payments, ledger := naming(ns, "orders", "payments"), naming(ns, "payments", "ledger"), MakeMicroservice(ns, "ledger")
		shop := naming(ns, "shop", "orders")
		all := []*v1alpha1.Microservice{orders, payments, ledger, shop}
		for _, ms := range all {
			create(ms)
		}
		for _, ms := range all {
			eventually(ms, available)
		}
		settled(ns)
		requests.Reset()
		edit(ledger, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = []v1alpha1.Dependency{{Name: "orders"}} })
		Eventually(cycle(orders)).Should(Equal("orders -> payments -> ledger -> orders"))
		Eventually(cycle(payments)).Should(Equal("payments -> ledger -> orders -> payments"))
		Eventually(cycle(ledger)).Should(Equal("ledger -> orders -> payments -> ledger"))
		settled(ns)
		Expect(cycle(shop)()).To(BeEmpty(), "it leads to the cycle and is no part of it")
		Expect(sentFor(payments)).To(Equal([]string{statusWrite}))
		Expect(sentFor(shop)).To(BeEmpty())
		for _, ms := range all {
			Eventually(state(ms)).Should(Equal(available))
		}
		for _, ms := range []*v1alpha1.Microservice{orders, payments, ledger} {
			Expect(count(eventReasons(ns, ms.Name)(), v1alpha1.ReasonDependencyCycle)).To(Equal(1))
		}
		By("flipping the health of a member, which is no reason to search again")
		requests.Reset()
		makePods(payments, false)
		Eventually(dependencyState(orders, "payments")).Should(HavePrefix("NotReady"))
		makePods(payments, true)
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		Expect(sentFor(ledger)).To(BeEmpty())
		By("breaking it")
		edit(ledger, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = nil })
		for _, ms := range []*v1alpha1.Microservice{orders, payments, ledger} {
			Eventually(cycle(ms)).Should(BeEmpty())
		}
		settled(ns)
		By("making it again by consent alone")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromNone}
		})
		edit(ledger, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = []v1alpha1.Dependency{{Name: "orders"}} })
		Eventually(dependencyState(ledger, "orders")).Should(HavePrefix("NotPermitted"))
		settled(ns)
		Expect(cycle(ledger)()).To(BeEmpty(), "what is refused is no edge")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.AllowedDependents = nil })
		Eventually(cycle(payments)).Should(Equal("payments -> ledger -> orders -> payments"))
	})

	It("costs each of 200 dependents one status write when their hub flips", func() {
		const dependents = 200
		ns := newNamespace()
		hub := MakeMicroservice(ns, "hub")
		create(hub)
		eventually(hub, available)
		var all []*v1alpha1.Microservice
		for i := range dependents {
			ms := naming(ns, fmt.Sprintf("spoke-%d", i), "hub")
			ms.Spec.Replicas = new(int32(0)) // it has no pods, which play no part here
			create(ms)
			all = append(all, ms)
		}
		for _, ms := range all {
			eventually(ms, "True/Parked")
		}
		Eventually(func() int32 { return stored(hub).Status.DependentCount }).Should(Equal(int32(dependents)))
		settled(ns)
		Expect(stored(hub).Status.Dependents).To(HaveLen(50))
		Expect(ingressPeers(hub)).To(HaveLen(dependents))
		Expect(policySpec(hub).Ingress).To(HaveLen(1), "they ask for the same port")
		for _, ready := range []bool{false, true} {
			requests.Reset()
			makePods(hub, ready)
			want := map[bool]string{true: "True/DependenciesAvailable", false: "False/DependencyNotReady"}[ready]
			for _, ms := range all {
				Eventually(condition(ms, v1alpha1.ConditionDependenciesReady)).Should(Equal(want))
			}
			settled(ns)
			for _, ms := range all {
				Expect(sentFor(ms)).To(Equal([]string{statusWrite}))
			}
			Expect(sentFor(hub)).To(HaveEach(statusWrite))
			Expect(len(sent(requests, ns))).To(BeNumerically("<=", dependents+2))
		}
		By("changing what its dependents cannot see")
		requests.Reset()
		edit(hub, func(s *v1alpha1.MicroserviceSpec) { s.Env = nil; s.Image = "example.com/hub:2" })
		eventually(hub, available)
		settled(ns)
		Expect(sent(requests, ns)).To(HaveLen(len(sentFor(hub))))
	})

	It("costs nothing when it is in place, nor after a restart", func() {
		ns, other := newNamespace(), newNamespace()
		a, b := naming(ns, "a", "b"), naming(ns, "b", "a", "missing")
		b.Spec.Dependencies = append(b.Spec.Dependencies,
			v1alpha1.Dependency{Name: "db", Service: &v1alpha1.ObjectReference{Name: "db"}},
			v1alpha1.Dependency{Name: "far", Microservice: &v1alpha1.ObjectReference{Namespace: other, Name: "c"}},
			v1alpha1.Dependency{Name: "rates", External: &v1alpha1.ExternalDependency{Host: "rates.example.com"}})
		c := naming(other, "c")
		c.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		create(database(ns, "db"))
		all := []*v1alpha1.Microservice{a, b, c}
		for _, ms := range all {
			create(ms)
		}
		for _, ms := range all {
			eventually(ms, available)
		}
		Eventually(cycle(a)).ShouldNot(BeEmpty())
		settled(ns)
		requests.Reset()
		for _, ms := range all {
			_, err := operator.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(append(sent(requests, ns), sent(requests, other)...)).To(BeEmpty())
		operator.stop()
		operator = startOperator(requests.Wrap(operatorConfig))
		settled(ns)
		Expect(append(sent(requests, ns), sent(requests, other)...)).To(BeEmpty())
	})

	It("has the edges of Online Boutique and no others", func() {
		ns := newNamespace()
		shop := onlineBoutique(ns)
		Expect(shop).To(HaveLen(12), filepath.Join(cluster.Root(), "config", "samples"))
		reversed := map[string][]string{}
		for _, ms := range shop {
			create(ms)
		}
		for _, ms := range shop {
			eventually(ms, available)
			Eventually(condition(ms, v1alpha1.ConditionDependenciesReady)).Should(HavePrefix("True/"))
			var targets []string
			for _, d := range ms.Spec.Dependencies {
				targets = append(targets, ns+"/"+d.Name)
				reversed[d.Name] = append(reversed[d.Name], ns+"/"+ms.Name)
			}
			Expect(egressPeers(ms)).To(ConsistOf(targets))
		}
		for _, ms := range shop {
			Expect(ingressPeers(ms)).To(ConsistOf(reversed[ms.Name]))
			Expect(dependents(ms)()).To(ConsistOf(reversed[ms.Name]))
		}
	})
})

// cycle is the path of the condition, empty without.
func cycle(ms *v1alpha1.Microservice) func() string {
	return func() string {
		c := meta.FindStatusCondition(stored(ms).Status.Conditions, v1alpha1.ConditionDependencyCycle)
		if c == nil {
			return ""
		}
		return c.Message
	}
}
