package controller

import (
	"fmt"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A Service as a dependency", func() {
	var ns string
	var orders *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		orders = MakeMicroservice(ns, "orders")
		orders.Spec.Dependencies = []v1alpha1.Dependency{{Name: "orders-db", Service: &v1alpha1.ObjectReference{Name: "db"}}}
	})

	It("is followed from its birth on: selector, port by name, endpoints", func() {
		create(orders)
		eventually(orders, available)
		Expect(dependencyState(orders, "orders-db")()).To(Equal(fmt.Sprintf("NotFound: There is no Service %s/db", ns)))
		settled(ns)
		requests.Reset()
		create(database(ns, "db"))
		Eventually(dependencyState(orders, "orders-db")).Should(Equal(fmt.Sprintf("NotReady: Service %s/db has no ready endpoints", ns)))
		eventually(orders, available)
		settled(ns)
		Expect(count(sentFor(orders), deploymentWrite)).To(Equal(1), "one restart, for the port")
		Expect(count(sentFor(orders), policyWrite)).To(Equal(1))
		Expect(variables(orders)).To(Equal(map[string]string{
			"ORDERS_DB_HOST": "db." + ns + ".svc", "ORDERS_DB_PORT": "5432", "ORDERS_DB_URL": "tcp://db." + ns + ".svc:5432",
		}))
		rule := policySpec(orders).Egress[1]
		Expect(rule.To[0].PodSelector.MatchLabels).To(Equal(map[string]string{"app": "db"}))
		Expect(rule.To[0].NamespaceSelector.MatchLabels).To(Equal(map[string]string{corev1.LabelMetadataName: ns}))
		Expect(*rule.Ports[0].Port).To(Equal(intstr.FromString("postgres")))
		By("getting a pod behind it, and losing it")
		requests.Reset()
		server := databaseServer(ns, "db")
		create(server)
		Eventually(dependencyState(orders, "orders-db")).Should(Equal("Ready"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}))
		requests.Reset()
		Expect(k8s.Delete(ctx, server)).To(Succeed())
		Eventually(dependencyState(orders, "orders-db")).Should(HavePrefix("NotReady"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}))
		By("changing its selector")
		requests.Reset()
		svc := database(ns, "db")
		before := svc.DeepCopy()
		svc.Spec.Selector = map[string]string{"app": "db2"}
		Expect(k8s.Patch(ctx, svc, client.MergeFrom(before))).To(Succeed())
		Eventually(func() []string { return sentFor(orders) }).Should(Equal([]string{policyWrite}))
		settled(ns)
		Expect(policySpec(orders).Egress[1].To[0].PodSelector.MatchLabels).To(Equal(map[string]string{"app": "db2"}))
		By("going")
		requests.Reset()
		Expect(k8s.Delete(ctx, svc)).To(Succeed())
		Eventually(dependencyState(orders, "orders-db")).Should(HavePrefix("NotFound"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}), "no restart")
	})

	It("of another namespace needs an annotation there", func() {
		there := newNamespace()
		orders.Spec.Dependencies[0].Service.Namespace = there
		svc := database(there, "db")
		create(svc)
		create(databaseServer(there, "db"))
		create(orders)
		eventually(orders, available)
		Expect(dependencyState(orders, "orders-db")()).To(Equal(fmt.Sprintf(
			"NotPermitted: Service %s/db does not exist or does not admit namespace %s; its team can admit it with the annotation "+
				"apps.microservice.dev/allowed-dependents: %s, or with spec.allowedDependents if it is a Microservice's", there, ns, ns)))
		Expect(policySpec(orders).Egress).To(HaveLen(1), "DNS")
		settled(ns)
		requests.Reset()
		annotate(svc, "elsewhere, "+ns)
		Eventually(dependencyState(orders, "orders-db")).Should(Equal("Ready"))
		eventually(orders, available)
		Expect(policySpec(orders).Egress).To(HaveLen(2))
		settled(ns)
		requests.Reset()
		annotate(svc, "elsewhere")
		Eventually(dependencyState(orders, "orders-db")).Should(HavePrefix("NotPermitted"))
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite, policyWrite}))
		Expect(policySpec(orders).Egress).To(HaveLen(1))
		Expect(sent(requests, there)).To(BeEmpty())
	})

	It("is the Microservice to which it belongs, in health, in consent and on both sides of the way", func() {
		payments := MakeMicroservice(ns, "payments")
		create(payments)
		eventually(payments, available)
		orders.Spec.Dependencies = []v1alpha1.Dependency{{Name: "payments", Service: &v1alpha1.ObjectReference{Name: "payments"}}}
		create(orders)
		eventually(orders, available)
		Eventually(dependencyState(orders, "payments")).Should(Equal("Ready"))
		settled(ns)
		Expect(stored(orders).Status.Dependencies[0].Target).To(Equal("Microservice/" + ns + "/payments"))
		Expect(stored(payments).Status.DependentCount).To(BeEquivalentTo(1))
		out, in := policySpec(orders).Egress, policySpec(payments).Ingress
		By("saying the same in the usual way: nothing changes")
		requests.Reset()
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = []v1alpha1.Dependency{{Name: "payments"}} })
		eventually(orders, available)
		settled(ns)
		Expect(sentFor(orders)).To(Equal([]string{statusWrite}), "observedGeneration")
		Expect(policySpec(orders).Egress).To(Equal(out))
		Expect(policySpec(payments).Ingress).To(Equal(in))
		By("withdrawing consent")
		edit(orders, func(s *v1alpha1.MicroserviceSpec) {
			s.Dependencies = []v1alpha1.Dependency{{Name: "payments", Service: &v1alpha1.ObjectReference{Name: "payments"}}}
		})
		edit(payments, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromNone}
		})
		Eventually(dependencyState(orders, "payments")).Should(Equal(fmt.Sprintf(
			"NotPermitted: Microservice %s/payments allows no dependents; change its spec.allowedDependents", ns)))
		Eventually(func() int { return len(policySpec(orders).Egress) }).Should(Equal(1), "DNS")
	})

	It("is refused where it selects another's pods, and cannot be followed without a selector", func() {
		create(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "payments"},
			Spec: corev1.ServiceSpec{
				Selector: map[string]string{v1alpha1.LabelName: "billing"}, Ports: []corev1.ServicePort{{Port: 80}},
			},
		})
		create(&corev1.Service{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "mail"},
			Spec:       corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "mail.example.com"},
		})
		orders.Spec.Dependencies = []v1alpha1.Dependency{
			{Name: "pay", Service: &v1alpha1.ObjectReference{Name: "payments"}},
			{Name: "mail", Service: &v1alpha1.ObjectReference{Name: "mail"}, Optional: true},
		}
		create(orders)
		eventually(orders, available)
		Expect(dependencyState(orders, "pay")()).To(Equal(fmt.Sprintf(
			"NotPermitted: Service %s/payments belongs to Microservice billing; declare it as microservice", ns)))
		Expect(dependencyState(orders, "mail")()).To(HavePrefix("Unverified"))
		Expect(dependencyState(orders, "mail")()).To(HaveSuffix("declare it as external"))
		Expect(condition(orders, v1alpha1.ConditionDependenciesReady)()).To(Equal("False/DependencyNotPermitted"))
		Expect(policySpec(orders).Egress).To(HaveLen(1), "DNS")
	})

	It("holds a first start, and is followed for the one that still names it", func() {
		orders.Spec.Dependencies[0].StartPolicy = v1alpha1.StartAfterAvailable
		other := orders.DeepCopy()
		other.Name = "other"
		create(orders)
		create(other)
		eventually(orders, held)
		eventually(other, held)
		create(database(ns, "db"))
		create(databaseServer(ns, "db"))
		eventually(orders, available)
		eventually(other, available)
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Dependencies = nil })
		eventually(orders, available)
		Expect(k8s.Delete(ctx, other)).To(Succeed())
	})

	It("costs two watches in all, however many are named, and none before", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		after := cluster.NewRecorder()
		o := startOperator(after.Wrap(operatorConfig), ns)
		defer o.stop()
		alone := MakeMicroservice(ns, "alone")
		create(alone)
		eventually(alone, available)
		watches := func(resource string) int {
			return len(slices.DeleteFunc(after.Everything(), func(q cluster.Request) bool {
				return q.Verb != "watch" || q.Resource != resource
			}))
		}
		Expect(watches("endpointslices")).To(BeZero())
		Expect(watches("services")).To(Equal(1), "our own children")
		for i := range 10 {
			name := fmt.Sprintf("db-%d", i)
			create(database(ns, name))
			ms := MakeMicroservice(ns, fmt.Sprintf("orders-%d", i))
			ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "db", Service: &v1alpha1.ObjectReference{Name: name}}}
			create(ms)
			eventually(ms, available)
			Expect(dependencyState(ms, "db")()).To(HavePrefix("NotReady"))
		}
		Expect(watches("endpointslices")).To(Equal(1))
		Expect(watches("services")).To(Equal(2), "our own children, and all")
	})

	It("that the operator may not read leaves everything as it is, and says so", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		role := &rbacv1.ClusterRole{}
		Expect(k8s.Get(ctx, client.ObjectKey{Name: "manager-role"}, role)).To(Succeed())
		complete := role.DeepCopy()
		for i := range role.Rules {
			if role.Rules[i].Resources[0] == "endpointslices" {
				role.Rules[i].Verbs = []string{"get"}
			}
		}
		Expect(k8s.Update(ctx, role)).To(Succeed())
		restore := func() {
			Expect(k8s.Get(ctx, client.ObjectKey{Name: "manager-role"}, role)).To(Succeed())
			role.Rules = complete.Rules
			Expect(k8s.Update(ctx, role)).To(Succeed())
		}
		DeferCleanup(restore)
		o := startOperator(requests.Wrap(operatorConfig))
		defer o.stop()
		create(orders)
		eventually(orders, "False/ApplyFailed Reconciling")
		Expect(message(orders)).To(containAll("reading Service "+ns+"/db", "endpointslices", "forbidden"))
		restore()
		eventually(orders, available)
	})
})

// database is a Service as a chart makes it: the port of the pods has a name.
func database(namespace, name string) *corev1.Service {
	return &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: corev1.ServiceSpec{
			Selector: map[string]string{"app": name},
			Ports:    []corev1.ServicePort{{Name: "tcp", Port: 5432, TargetPort: intstr.FromString("postgres")}},
		},
	}
}

// databaseServer is what runs behind it.
func databaseServer(namespace, name string) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: appsv1.DeploymentSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec: corev1.PodSpec{Containers: []corev1.Container{{
					Name: "db", Image: "example.com/db:1", Ports: []corev1.ContainerPort{{Name: "postgres", ContainerPort: 5432}},
				}}},
			},
		},
	}
}

func annotate(svc *corev1.Service, consent string) {
	GinkgoHelper()
	before := svc.DeepCopy()
	svc.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: consent}
	Expect(k8s.Patch(ctx, svc, client.MergeFrom(before))).To(Succeed())
}

func rawJSON(s string) *runtime.RawExtension {
	return &runtime.RawExtension{Raw: []byte(s)}
}
