package controller

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

const held = "False/WaitingForDependency Reconciling"

var _ = Describe("startPolicy AfterAvailable", func() {
	var ns string
	var orders, payments *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		orders, payments = waiting(ns, "orders", "payments"), MakeMicroservice(ns, "payments")
	})

	It("holds the first Deployment, with everything else in place, until the dependency is available", func() {
		orders.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 3}
		create(orders)
		eventually(orders, held)
		Expect(message(orders)).To(Equal(fmt.Sprintf(
			"The first start waits for payments (NotFound): There is no Microservice %s/payments", ns)))
		Expect(condition(orders, v1alpha1.ConditionAvailable)()).To(Equal("False/WaitingForDependency"))
		for _, child := range []client.Object{&corev1.ServiceAccount{}, &networkingv1.NetworkPolicy{}, &corev1.Service{}} {
			Expect(exists(orders, child)()).To(BeTrue(), "%T", child)
		}
		settled(ns)
		for _, child := range []client.Object{&appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{}} {
			Expect(exists(orders, child)()).To(BeFalse(), "%T", child)
		}
		By("telling whom it waits for")
		Eventually(eventReasons(ns, "orders")).Should(Equal([]string{v1alpha1.ReasonWaitingForDependency}))
		told := eventsOf(ns, "orders")[0]
		Expect(told.Type).To(Equal(corev1.EventTypeNormal))
		Expect(told.Related).NotTo(BeNil())
		Expect(told.Related.Kind + "/" + told.Related.Name).To(Equal("Microservice/payments"))
		By("starting, with the address, so that it need not restart")
		create(payments)
		eventually(orders, available)
		settled(ns)
		Expect(variables(orders)).To(HaveKeyWithValue("PAYMENTS_PORT", "80"))
		Expect(deploymentOf(orders).Generation).To(Equal(int64(1)))
		Expect(exists(orders, &autoscalingv2.HorizontalPodAutoscaler{})()).To(BeTrue())
	})

	It("holds the first start only: a Deployment that somebody deletes comes back at once", func() {
		create(payments)
		create(orders)
		eventually(orders, available)
		Expect(k8s.Delete(ctx, payments)).To(Succeed())
		Eventually(dependencyState(orders, "payments")).Should(HavePrefix("NotFound"))
		deleteDeployment(orders)
		eventually(orders, available)
		Expect(eventReasons(ns, "orders")()).To(HaveEach(Not(Equal(v1alpha1.ReasonUnavailable))))
	})

	It("is still a first start after problems, a pause and a spec that could not be used", func() {
		orders.Spec.Paused = true
		orders.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{}
		orders.Spec.PodTemplate.Spec = rawJSON(`{"containers":"none"}`)
		create(orders)
		eventually(orders, "False/InvalidSpec Stalled")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(orders, "Unknown/Paused")
		Expect(message(orders)).NotTo(ContainSubstring("Deployment"), "it would not be written without the pause either")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Paused = false })
		eventually(orders, held)
		settled(ns)
		Expect(exists(orders, &appsv1.Deployment{})()).To(BeFalse())
		create(payments)
		eventually(orders, available)
	})

	It("is known after a restart of the operator", func() {
		create(orders)
		eventually(orders, held)
		settled(ns)
		operator.stop()
		requests.Reset()
		operator = startOperator(requests.Wrap(operatorConfig))
		settled(ns)
		Expect(sent(requests, ns)).To(BeEmpty())
		Expect(exists(orders, &appsv1.Deployment{})()).To(BeFalse())
		create(payments)
		eventually(orders, available)
	})

	It("holds nothing between members of a cycle, and what is outside of it", func() {
		a, b, c := waiting(ns, "a", "b"), waiting(ns, "b", "a"), waiting(ns, "c", "a")
		create(c)
		create(a)
		eventually(a, held)
		create(b)
		for _, ms := range []*v1alpha1.Microservice{a, b, c} {
			eventually(ms, available)
		}
	})

	It("does not hold what is parked, nor waits where it is told not to any more", func() {
		orders.Spec.Replicas = new(int32(0))
		create(orders)
		eventually(orders, "True/Parked")
		other := waiting(ns, "other", "payments")
		create(other)
		eventually(other, held)
		edit(other, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies[0].StartPolicy = v1alpha1.StartImmediate })
		eventually(other, available)
	})
})

// waiting makes one whose first start waits for another.
func waiting(namespace, name, target string) *v1alpha1.Microservice {
	ms := naming(namespace, name, target)
	ms.Spec.Dependencies[0].StartPolicy = v1alpha1.StartAfterAvailable
	return ms
}
