package controller

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// oldPodsGone is how long it may take until old pods count as gone: where Kubernetes does not count those that are being
// stopped, which is before 1.35, the operator waits for 30 s.
const oldPodsGone = 2 * time.Minute

// Pods of two revisions listen on different ports. Each is reached where it listens, until the last of the old ones is gone.
var _ = Describe("A targetPort that is edited", func() {
	var ns string
	var web, orders *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		web = MakeMicroservice(ns, "web")
		web.Spec.Ports = []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}}
		orders = naming(ns, "orders", "web")
		create(web)
		create(orders)
		eventually(web, available)
		eventually(orders, available)
		settled(ns)
		Expect(targetPort(web)()).To(Equal("http"))
		Expect(admitted(web)()).To(Equal("8080"))
		Expect(opened(orders)()).To(Equal("8080"))
	})

	to := func(port int32) func(*v1alpha1.MicroserviceSpec) {
		return func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].TargetPort = port }
	}
	previous := func() string { return deploymentOf(web).Annotations[v1alpha1.AnnotationPreviousPorts] }

	It("is opened on both sides beside the old one while old pods run, and alone after that", func() {
		requests.Reset()
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			faulty("probe")(s)
			to(8081)(s)
		})
		Eventually(admitted(web)).Should(Equal("8080 8081"))
		Eventually(opened(orders)).Should(Equal("8080 8081"))
		eventually(web, "False/ReadinessFailing Reconciling")
		Expect(targetPort(web)()).To(Equal("http"))
		Expect(previous()).To(Equal("http=8080/TCP"))
		Expect(condition(web, v1alpha1.ConditionAvailable)()).To(Equal("True/Available"))

		By("being edited once more on the way")
		edit(web, to(8082))
		Eventually(admitted(web)).Should(Equal("8080 8081 8082"))
		Eventually(opened(orders)).Should(Equal("8080 8081 8082"))

		By("the operator being started again on the way")
		operator.stop()
		operator = startOperator(requests.Wrap(operatorConfig))
		settled(ns)
		Expect(admitted(web)()).To(Equal("8080 8081 8082"))
		Expect(opened(orders)()).To(Equal("8080 8081 8082"))

		By("coming to an end")
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(web, available)
		Eventually(admitted(web), oldPodsGone).Should(Equal("8082"))
		Eventually(opened(orders), oldPodsGone).Should(Equal("8082"))
		settled(ns)
		Expect(previous()).To(BeEmpty())
		Expect(deploymentOf(orders).Generation).To(Equal(int64(1)), "the dependent is not restarted")
	})

	It("goes back where the edit is taken back", func() {
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			faulty("image")(s)
			to(8081)(s)
		})
		Eventually(admitted(web)).Should(Equal("8080 8081"))
		eventually(web, "False/ImagePullFailed Reconciling")
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = nil
			to(8080)(s)
		})
		eventually(web, available)
		Eventually(admitted(web), oldPodsGone).Should(Equal("8080"))
		Eventually(opened(orders), oldPodsGone).Should(Equal("8080"))
		settled(ns)
		Expect(previous()).To(BeEmpty())
	})

	It("keeps the number while pods have it under another name", func() {
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			faulty("probe")(s)
			s.Ports[0].Name = "web"
		})
		Eventually(targetPort(web)).Should(Equal("8080"))
		eventually(web, "False/ReadinessFailing Reconciling")
		Expect(admitted(web)()).To(Equal("8080"))
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(web, available)
		Eventually(targetPort(web), oldPodsGone).Should(Equal("web"))
		settled(ns)
	})

	It("costs a policy on each side and the notes, once in and once out", func() {
		requests.Reset()
		edit(web, to(8081))
		eventually(web, available)
		Eventually(opened(orders), oldPodsGone).Should(Equal("8081"))
		settled(ns)
		count := func(ms *v1alpha1.Microservice, words string) int { return count(sentFor(ms), words) }
		Expect(count(web, policyWrite)).To(Equal(2))
		Expect(count(orders, policyWrite)).To(Equal(2))
		Expect(count(web, deploymentWrite)).To(Equal(2))
		Expect(sentFor(web)).NotTo(ContainElement("apply services"))
		Expect(count(orders, deploymentWrite)).To(BeZero())
	})
})

// targetPort returns that of the Service's first port.
func targetPort(ms *v1alpha1.Microservice) func() string {
	return func() string {
		svc := &corev1.Service{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), svc)).To(Succeed())
		return svc.Spec.Ports[0].TargetPort.String()
	}
}

// admitted returns the ports on which dependents are let in.
func admitted(ms *v1alpha1.Microservice) func() string {
	return func() string { return portNumbers(policySpec(ms).Ingress[0].Ports) }
}

// opened returns the ports that the last egress rule opens.
func opened(ms *v1alpha1.Microservice) func() string {
	return func() string {
		rules := policySpec(ms).Egress
		return portNumbers(rules[len(rules)-1].Ports)
	}
}

func portNumbers(ports []networkingv1.NetworkPolicyPort) string {
	words := ""
	for _, p := range ports {
		words += " " + p.Port.String()
	}
	return words[min(len(words), 1):]
}
