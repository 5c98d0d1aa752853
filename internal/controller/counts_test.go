package controller

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/util/intstr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("What a change costs", func() {
	It("is the child that shows the field, the first time with one request more, and at most two status writes", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(2)), MaxReplicas: 4}
		create(ms)
		eventually(ms, available)
		for _, change := range []struct {
			field string
			edit  func(*v1alpha1.MicroserviceSpec)
			wrote []string
		}{
			{"a port", func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Port = 81 }, []string{"patch services", "apply services"}},
			{"a port again", func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Port = 82 }, []string{"apply services"}},
			{"the most replicas", func(s *v1alpha1.MicroserviceSpec) { s.Autoscaling.MaxReplicas = 5 }, []string{"patch horizontalpodautoscalers", "apply horizontalpodautoscalers"}},
			{"the budget of disruptions", func(s *v1alpha1.MicroserviceSpec) {
				s.DisruptionBudget = &v1alpha1.DisruptionBudget{MaxUnavailable: new(intstr.FromInt32(2))}
			}, []string{"patch poddisruptionbudgets", "apply poddisruptionbudgets"}},
			{"the network", func(s *v1alpha1.MicroserviceSpec) {
				s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Isolation: v1alpha1.IsolationIngress}
			}, []string{policyWrite}},
		} {
			By("changing " + change.field)
			settled(ns)
			requests.Reset()
			edit(ms, change.edit)
			eventually(ms, available)
			settled(ns)
			wrote := sentFor(ms)
			Expect(without(wrote, statusWrite)).To(ConsistOf(change.wrote))
			Expect(count(wrote, statusWrite)).To(And(BeNumerically(">=", 1), BeNumerically("<=", 2)))
		}
	})

	It("is no more than lists after a restart, one of each kind", func() {
		ns := newNamespace()
		var all []*v1alpha1.Microservice
		for i := range 10 {
			ms := MakeMicroservice(ns, fmt.Sprintf("web-%d", i))
			create(ms)
			all = append(all, ms)
		}
		for _, ms := range all {
			eventually(ms, available)
		}
		settled(ns)
		after := cluster.NewRecorder()
		restarted := startOperator(after.Wrap(operatorConfig), ns)
		defer restarted.stop()
		for _, ms := range all {
			_, err := restarted.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
			Expect(err).NotTo(HaveOccurred())
		}
		restarted.settled(ns)
		Expect(sent(after, "")).To(BeEmpty())
		for _, resource := range []string{"microservices", "deployments", "services", "serviceaccounts", "networkpolicies",
			"poddisruptionbudgets", "horizontalpodautoscalers"} {
			Expect(len(after.Lists(resource, ns))).To(BeNumerically("<=", 1), resource)
		}
		for _, resource := range []string{"pods", "replicasets", "endpointslices"} {
			Expect(after.Lists(resource, ns)).To(BeEmpty(), resource)
		}
	})

	It("is a status write for each dependent when their hub is parked, and at most two when it wakes up", func() {
		ns := newNamespace()
		hub := MakeMicroservice(ns, "hub")
		create(hub)
		eventually(hub, available)
		var spokes []*v1alpha1.Microservice
		for i := range 20 {
			ms := naming(ns, fmt.Sprintf("spoke-%d", i), "hub")
			ms.Spec.Replicas = new(int32(0)) // it has no pods, which play no part here
			create(ms)
			spokes = append(spokes, ms)
		}
		see := func(state string) {
			for _, ms := range spokes {
				Eventually(dependencyState(ms, "hub")).Should(HavePrefix(state))
			}
			settled(ns)
		}
		see("Ready")
		By("parking it")
		requests.Reset()
		edit(hub, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(0)) })
		see("NotReady: hub is parked")
		for _, ms := range spokes {
			Expect(sentFor(ms)).To(Equal([]string{statusWrite}))
		}
		By("waking it up: it is not available, then it is")
		requests.Reset()
		edit(hub, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = nil })
		see("Ready")
		for _, ms := range spokes {
			Expect(len(sentFor(ms))).To(BeNumerically("<=", 2), "%v", sentFor(ms))
			Expect(sentFor(ms)).To(HaveEach(statusWrite))
		}
		By("flipping it while they are refused, which looks the same as ever")
		edit(hub, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromNone}
		})
		see("NotPermitted")
		requests.Reset()
		makePods(hub, false)
		Eventually(condition(hub, v1alpha1.ConditionAvailable)).Should(HavePrefix("False/"))
		settled(ns)
		for _, ms := range spokes {
			Expect(sentFor(ms)).To(BeEmpty())
		}
	})
})

// without leaves a word out.
func without(words []string, word string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w == word })
}
