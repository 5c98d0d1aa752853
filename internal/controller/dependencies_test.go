package controller

import (
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// One status write, and one of a policy or a Deployment.
const (
	statusWrite     = "apply microservices/status"
	policyWrite     = "apply networkpolicies"
	deploymentWrite = "apply deployments"
)

// naming makes one that depends on others of its namespace.
func naming(namespace, name string, targets ...string) *v1alpha1.Microservice {
	ms := MakeMicroservice(namespace, name)
	for _, target := range targets {
		ms.Spec.Dependencies = append(ms.Spec.Dependencies, v1alpha1.Dependency{Name: target})
	}
	return ms
}

var _ = Describe("A dependency", func() {
	var ns string
	var orders, payments *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		orders, payments = naming(ns, "orders", "payments"), MakeMicroservice(ns, "payments")
	})

	both := func() {
		GinkgoHelper()
		create(payments)
		eventually(payments, available)
		create(orders)
		eventually(orders, available)
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		requests.Reset()
	}

	It("that appears later opens the network, gives its port with one restart, and is ready when it is available", func() {
		create(orders)
		eventually(orders, available)
		Expect(dependencyState(orders, "payments")()).To(Equal(fmt.Sprintf("NotFound: There is no Microservice %s/payments", ns)))
		Expect(condition(orders, v1alpha1.ConditionDependenciesReady)()).To(Equal("False/DependencyNotFound"))
		Expect(variables(orders)).To(Equal(map[string]string{"PAYMENTS_HOST": "payments." + ns + ".svc"}))
		settled(ns)
		requests.Reset()
		create(payments)
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		eventually(orders, available)
		settled(ns)
		Expect(stored(orders).Status.DependenciesSummary).To(Equal("1/1"))
		Expect(dependents(payments)()).To(Equal([]string{ns + "/orders"}))
		Expect(variables(orders)).To(Equal(map[string]string{
			"PAYMENTS_HOST": "payments." + ns + ".svc", "PAYMENTS_PORT": "80", "PAYMENTS_URL": "http://payments." + ns + ".svc:80",
		}))
		Expect(egressPeers(orders)).To(Equal([]string{ns + "/payments"}))
		Expect(ingressPeers(payments)).To(Equal([]string{ns + "/orders"}))
		By("restarting it once, for the port")
		wrote := sentFor(orders)
		Expect(count(wrote, deploymentWrite)).To(Equal(1))
		Expect(count(wrote, policyWrite)).To(Equal(1))
		Expect(count(wrote, statusWrite)).To(BeNumerically("<=", 3), "not ready and rolling out, ready, rolled out")
		Expect(len(wrote)).To(BeNumerically("<=", 6), "%v: one more, because the Deployment is changed for the first time", wrote)
		Expect(deploymentOf(orders).Generation).To(Equal(int64(2)))
	})

	It("that goes closes the network and restarts nothing, and comes back without a restart", func() {
		both()
		Expect(k8s.Delete(ctx, payments)).To(Succeed())
		Eventually(dependencyState(orders, "payments")).Should(HavePrefix("NotFound"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(egressPeers(orders)).To(BeEmpty())
		Expect(variables(orders)).To(HaveKeyWithValue("PAYMENTS_PORT", "80"), "the last known one is kept")
		Expect(state(orders)()).To(Equal(available))
		By("coming back")
		requests.Reset()
		create(MakeMicroservice(ns, "payments"))
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, statusWrite, policyWrite}), "not ready yet, ready")
		Expect(egressPeers(orders)).To(Equal([]string{ns + "/payments"}))
		Expect(deploymentOf(orders).Generation).To(Equal(int64(1)))
	})

	It("that changes its port number restarts its dependents, and its name of a port none", func() {
		both()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Port = 81 })
		Eventually(func() string { return variables(orders)["PAYMENTS_PORT"] }).Should(Equal("81"))
		eventually(orders, available)
		settled(ns)
		Expect(count(sentFor(orders), deploymentWrite)).To(Equal(1))
		Expect(count(sentFor(orders), policyWrite)).To(BeZero(), "its pods listen on the same port as before")
		By("moving what the pods listen on")
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].TargetPort = 9090 })
		Eventually(func() []string { return sentFor(orders) }).Should(ContainElement(policyWrite))
		settled(ns)
		Expect(sentFor(orders)).To(ContainElement(policyWrite))
		Expect(sentFor(orders)).NotTo(ContainElement(deploymentWrite))
		By("asking for a port by a name that goes")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies[0].Port = "http" })
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		eventually(orders, available)
		settled(ns)
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Name = "web" })
		Eventually(dependencyState(orders, "payments")).Should(Equal(
			fmt.Sprintf("PortNotFound: Microservice %s/payments has no port named http", ns)))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
	})

	It("that flips Available costs a dependent one status write, and what others cannot see nothing", func() {
		both()
		makePods(payments, false)
		Eventually(dependencyState(orders, "payments")).Should(Equal("NotReady: payments is not available"))
		Expect(condition(orders, v1alpha1.ConditionDependenciesReady)()).To(Equal("False/DependencyNotReady"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}))
		Expect(state(orders)()).To(Equal(available), "nothing spreads along the graph")
		requests.Reset()
		makePods(payments, true)
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}))
		By("changing what is of no concern to others")
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/payments:2" })
		eventually(payments, available)
		settled(ns)
		Expect(sentFor(orders)).To(BeEmpty())
		By("parking it")
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(0)) })
		Eventually(dependencyState(orders, "payments")).Should(Equal("NotReady: payments is parked (spec.replicas is 0)"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}))
	})

	It("that withdraws its consent closes both sides, and gives it again", func() {
		both()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromNone}
		})
		Eventually(dependencyState(orders, "payments")).Should(Equal(fmt.Sprintf(
			"NotPermitted: Microservice %s/payments allows no dependents; change its spec.allowedDependents", ns)))
		Eventually(dependents(payments)).Should(Equal([]string{"(" + ns + "/orders)"}))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(egressPeers(orders)).To(BeEmpty())
		Expect(ingressPeers(payments)).To(BeEmpty())
		requests.Reset()
		edit(payments, func(s *v1alpha1.MicroserviceSpec) { s.AllowedDependents = nil })
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(sentFor(payments)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(ingressPeers(payments)).To(Equal([]string{ns + "/orders"}))
	})

	It("that is added and taken out changes both sides and leaves what was before", func() {
		both()
		audit := MakeMicroservice(ns, "audit")
		create(audit)
		eventually(audit, available)
		before := policySpec(orders)
		edit(orders, func(s *v1alpha1.MicroserviceSpec) {
			s.Dependencies = append(s.Dependencies, v1alpha1.Dependency{Name: "audit", Optional: true})
		})
		Eventually(dependents(audit)).Should(Equal([]string{ns + "/orders"}))
		Eventually(func() []string { return egressPeers(orders) }).Should(Equal([]string{ns + "/audit", ns + "/payments"}))
		eventually(orders, available)
		settled(ns)
		requests.Reset()
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = s.Dependencies[:1] })
		Eventually(dependents(audit)).Should(BeEmpty())
		eventually(orders, available)
		settled(ns)
		Expect(sentFor(audit)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(sentFor(payments)).To(BeEmpty())
		Expect(policySpec(orders)).To(Equal(before))
		Expect(stored(orders).Status.Dependencies).To(HaveLen(1))
	})

	It("gives variables that spec.env can use and overrule", func() {
		orders.Spec.Env = []corev1.EnvVar{
			{Name: "PAYMENTS_HOST", Value: "localhost"},
			{Name: "PAY", Value: "$(PAYMENTS_URL)/pay"},
		}
		both()
		Expect(variables(orders)).To(Equal(map[string]string{
			"PAYMENTS_HOST": "localhost", "PAYMENTS_PORT": "80", "PAYMENTS_URL": "http://payments." + ns + ".svc:80", "PAY": "$(PAYMENTS_URL)/pay",
		}))
	})
})

// variables are those of the application container.
func variables(ms *v1alpha1.Microservice) map[string]string {
	GinkgoHelper()
	all := map[string]string{}
	for _, v := range deploymentOf(ms).Spec.Template.Spec.Containers[0].Env {
		all[v.Name] = v.Value
	}
	return all
}

func policySpec(ms *v1alpha1.Microservice) networkingv1.NetworkPolicySpec {
	GinkgoHelper()
	policy := &networkingv1.NetworkPolicy{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), policy)).To(Succeed())
	return policy.Spec
}

// ingressPeers are the Microservices that the policy lets in, as namespace/name.
func ingressPeers(ms *v1alpha1.Microservice) []string {
	GinkgoHelper()
	var all []string
	for _, rule := range policySpec(ms).Ingress {
		all = append(all, peerNames(rule.From)...)
	}
	return all
}

// egressPeers are the Microservices that the policy opens the way to.
func egressPeers(ms *v1alpha1.Microservice) []string {
	GinkgoHelper()
	var all []string
	for _, rule := range policySpec(ms).Egress {
		all = append(all, peerNames(rule.To)...)
	}
	return all
}

func peerNames(peers []networkingv1.NetworkPolicyPeer) []string {
	var all []string
	for _, p := range peers {
		if p.NamespaceSelector == nil || p.PodSelector == nil || p.PodSelector.MatchLabels[v1alpha1.LabelName] == "" {
			continue
		}
		all = append(all, types.NamespacedName{
			Namespace: p.NamespaceSelector.MatchLabels[corev1.LabelMetadataName],
			Name:      p.PodSelector.MatchLabels[v1alpha1.LabelName],
		}.String())
	}
	return all
}

func count(words []string, word string) int {
	n := 0
	for _, w := range words {
		if w == word {
			n++
		}
	}
	return n
}
