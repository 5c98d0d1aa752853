package controller

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// One process runs these in order: the kinds come and go for the whole cluster.
var _ = Describe("Kinds that a cluster may lack", Ordered, func() {
	AfterAll(func() {
		Expect(kube.RemoveOptional()).To(Succeed())
	})

	It("are told in the status while they are not there, and make nothing unready", func() {
		ns := newNamespace()
		ms := watched(routedTo(MakeMicroservice(ns, "web")))
		create(ms)
		eventually(ms, available)
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/CRDNotInstalled"))
		Expect(condition(ms, v1alpha1.ConditionMonitored)()).To(Equal("False/CRDNotInstalled"))
		Expect(words(ms, v1alpha1.ConditionRouted)).To(Equal(
			"The cluster has no kind HTTPRoute in version v1: install Gateway API (https://gateway-api.sigs.k8s.io/guides/)"))
		settled(ns)
		Expect(logs.linesAbout(ns)).NotTo(ContainElement(ContainSubstring("ERROR")))
		By("installing them: the objects are made without an edit")
		Expect(kube.InstallOptional()).To(Succeed())
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeTrue())
		Eventually(condition(ms, v1alpha1.ConditionMonitored)).Should(Equal("True/Applied"))
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("Unknown/Pending"))
		Expect(condition(ms, v1alpha1.ConditionReady)()).To(Equal("True/Available"))
		settled(ns)
	})

	It("cost one request each, and what a gateway says is in the status", func() {
		ns := newNamespace()
		ms := watched(routedTo(MakeMicroservice(ns, "web")))
		create(ms)
		eventually(ms, available)
		Expect(without(sent(requests, ns), statusWrite)).To(ConsistOf(
			"create serviceaccounts", "create networkpolicies", "create services", "create deployments", "create httproutes", "create podmonitors",
		))
		settled(ns)
		Expect(count(sentFor(ms), statusWrite)).To(BeNumerically("<=", 2))
		Expect(stored(ms).Status.ExternalURL).To(BeEmpty())

		By("accepting the route")
		requests.Reset()
		answer(ms, metav1.ConditionTrue, "Accepted", "")
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("True/Accepted"))
		Expect(stored(ms).Status.ExternalURL).To(Equal("https://shop.example.com"))
		settled(ns)
		Expect(sent(requests, ns)).To(Equal([]string{statusWrite}))

		By("refusing it")
		answer(ms, metav1.ConditionFalse, "NotAllowedByListeners", "No listener admits this namespace")
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/NotAllowedByListeners"))
		Expect(words(ms, v1alpha1.ConditionRouted)).To(Equal("Gateway gateways/public: No listener admits this namespace"))
		Expect(stored(ms).Status.ExternalURL).To(BeEmpty())
		Expect(condition(ms, v1alpha1.ConditionReady)()).To(Equal("True/Available"))

		By("changing the route: what was said of its former version counts no more")
		answer(ms, metav1.ConditionTrue, "Accepted", "")
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("True/Accepted"))
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Route.Hostnames = []string{"www.example.com"} })
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("Unknown/Pending"))
		answer(ms, metav1.ConditionTrue, "Accepted", "")
		Eventually(func() string { return stored(ms).Status.ExternalURL }).Should(Equal("https://www.example.com"))
		settled(ns)

		By("starting another operator, which writes nothing")
		after := cluster.NewRecorder()
		restarted := startOperator(after.Wrap(operatorConfig), ns)
		defer restarted.stop()
		Eventually(func() client.Reader { return restarted.reconciler.Optional.Reader("HTTPRoute") }).ShouldNot(BeNil())
		restarted.settled(ns)
		Expect(sent(after, "")).To(BeEmpty())
	})

	It("are restored, taken away, and exchanged", func() {
		ns := newNamespace()
		ms := watched(routedTo(MakeMicroservice(ns, "web")))
		create(ms)
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeTrue())
		Eventually(exists(ms, &monitoringv1.PodMonitor{})).Should(BeTrue())
		settled(ns)
		By("an edit by hand")
		route := &gatewayv1.HTTPRoute{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), route)).To(Succeed())
		before := route.DeepCopy()
		route.Spec.Hostnames = []gatewayv1.Hostname{"evil.example.com"}
		Expect(k8s.Patch(ctx, route, client.MergeFrom(before))).To(Succeed())
		Eventually(func() []gatewayv1.Hostname {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), route)).To(Succeed())
			return route.Spec.Hostnames
		}).Should(Equal([]gatewayv1.Hostname{"shop.example.com"}))
		By("another kind of route")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Route.Kind = v1alpha1.RouteGRPC })
		Eventually(exists(ms, &gatewayv1.GRPCRoute{})).Should(BeTrue())
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeFalse())
		By("other fields")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Route.Hostnames, s.Observability.Metrics.Interval = []string{"www.example.com"}, "15s"
		})
		Eventually(func(g Gomega) {
			grpc, monitor := &gatewayv1.GRPCRoute{}, &monitoringv1.PodMonitor{}
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), grpc)).To(Succeed())
			g.Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), monitor)).To(Succeed())
			g.Expect(grpc.Spec.Hostnames).To(Equal([]gatewayv1.Hostname{"www.example.com"}))
			g.Expect(monitor.Spec.PodMetricsEndpoints[0].Interval).To(Equal(monitoringv1.Duration("15s")))
		}).Should(Succeed())
		By("none")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Route, s.Observability = nil, nil })
		Eventually(exists(ms, &gatewayv1.GRPCRoute{})).Should(BeFalse())
		Eventually(exists(ms, &monitoringv1.PodMonitor{})).Should(BeFalse())
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(BeEmpty())
		settled(ns)
	})

	It("are taken away after a restart, also if nobody asks for the kind any more", func() {
		ns := newNamespace()
		ms := routedTo(MakeMicroservice(ns, "web"))
		create(ms)
		eventually(ms, available)
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeTrue())
		settled(ns)
		operator.stop()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Route = nil })
		operator = startOperator(requests.Wrap(operatorConfig))
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeFalse())
		settled(ns)
	})

	It("are not touched if they are somebody else's", func() {
		ns := newNamespace()
		at := metav1.ObjectMeta{Namespace: ns, Name: "web"}
		monitor := &monitoringv1.PodMonitor{ObjectMeta: at, Spec: monitoringv1.PodMonitorSpec{PodMetricsEndpoints: []monitoringv1.PodMetricsEndpoint{}}}
		theirs := []client.Object{&gatewayv1.HTTPRoute{ObjectMeta: at}, &gatewayv1.GRPCRoute{ObjectMeta: at}, monitor}
		for _, object := range theirs {
			create(object)
		}
		ms := watched(routedTo(MakeMicroservice(ns, "web")))
		create(ms)
		eventually(ms, available)
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/NameConflict"))
		Eventually(condition(ms, v1alpha1.ConditionMonitored)).Should(Equal("False/NameConflict"))
		Expect(words(ms, v1alpha1.ConditionRouted)).To(ContainSubstring("kubectl delete httproute web"))
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Route.Kind = v1alpha1.RouteGRPC })
		Eventually(func() string { return words(ms, v1alpha1.ConditionRouted) }).Should(ContainSubstring("kubectl delete grpcroute web"))
		for _, object := range theirs {
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), object)).To(Succeed())
			Expect(object.GetOwnerReferences()).To(BeEmpty())
		}
		By("giving way")
		for _, object := range theirs {
			Expect(k8s.Delete(ctx, object)).To(Succeed())
		}
		Eventually(condition(ms, v1alpha1.ConditionRouted), lastRetry*3).Should(Equal("Unknown/Pending"))
		Eventually(condition(ms, v1alpha1.ConditionMonitored), lastRetry*3).Should(Equal("True/Applied"))
	})

	It("may go and come back in the middle of it", func() {
		ns := newNamespace()
		ms := routedTo(MakeMicroservice(ns, "web"))
		create(ms)
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("Unknown/Pending"))
		Expect(kube.RemoveOptional("HTTPRoute")).To(Succeed())
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/CRDNotInstalled"))
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, available)
		Expect(kube.InstallOptional("HTTPRoute")).To(Succeed())
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeTrue())
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("Unknown/Pending"))
		settled(ns)
		Expect(logs.linesAbout(ns)).NotTo(ContainElement(ContainSubstring("ERROR")))
	})

	It("stay in the status while the spec cannot be used", func() {
		ns := newNamespace()
		ms := watched(routedTo(MakeMicroservice(ns, "web")))
		create(ms)
		Eventually(exists(ms, &gatewayv1.HTTPRoute{})).Should(BeTrue())
		answer(ms, metav1.ConditionTrue, "Accepted", "")
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("True/Accepted"))
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: rawJSON(`{"containers": "none"}`)}
		})
		eventually(ms, "False/InvalidSpec Stalled")
		Expect(condition(ms, v1alpha1.ConditionRouted)()).To(Equal("True/Accepted"))
		Expect(condition(ms, v1alpha1.ConditionMonitored)()).To(Equal("True/Applied"))
		Expect(stored(ms).Status.ExternalURL).To(Equal("https://shop.example.com"))
	})

	It("need a Gateway that somebody names", func() {
		ns := newNamespace()
		ms := routedTo(MakeMicroservice(ns, "web"))
		ms.Spec.Route.Gateway = nil
		create(ms)
		eventually(ms, available)
		Eventually(condition(ms, v1alpha1.ConditionRouted)).Should(Equal("False/GatewayNotSet"))
		settled(ns)
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), &gatewayv1.HTTPRoute{})).To(Satisfy(apierrors.IsNotFound))
	})
})

func routedTo(ms *v1alpha1.Microservice) *v1alpha1.Microservice {
	ms.Spec.Route = &v1alpha1.Route{
		Hostnames: []string{"shop.example.com"}, Gateway: &v1alpha1.GatewayReference{Namespace: "gateways", Name: "public"},
	}
	return ms
}

func watched(ms *v1alpha1.Microservice) *v1alpha1.Microservice {
	ms.Spec.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{Port: ms.Spec.Ports[0].Name}}
	return ms
}

// words is the message of a condition.
func words(ms *v1alpha1.Microservice, conditionType string) string {
	GinkgoHelper()
	c := meta.FindStatusCondition(stored(ms).Status.Conditions, conditionType)
	Expect(c).NotTo(BeNil(), conditionType)
	return c.Message
}

// answer says what the controller of a Gateway says of a route.
func answer(ms *v1alpha1.Microservice, accepted metav1.ConditionStatus, reason, message string) {
	GinkgoHelper()
	route := &gatewayv1.HTTPRoute{}
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), route)).To(Succeed())
	before := route.DeepCopy()
	said := func(conditionType gatewayv1.RouteConditionType, status metav1.ConditionStatus, reason, message string) metav1.Condition {
		return metav1.Condition{
			Type: string(conditionType), Status: status, Reason: reason, Message: message,
			ObservedGeneration: route.Generation, LastTransitionTime: metav1.Now(),
		}
	}
	route.Status.Parents = []gatewayv1.RouteParentStatus{{
		ParentRef: route.Spec.ParentRefs[0], ControllerName: "example.com/gateway",
		Conditions: []metav1.Condition{
			said(gatewayv1.RouteConditionAccepted, accepted, reason, message),
			said(gatewayv1.RouteConditionResolvedRefs, metav1.ConditionTrue, "ResolvedRefs", ""),
		},
	}}
	Expect(k8s.Status().Patch(ctx, route, client.MergeFrom(before))).To(Succeed())
}
