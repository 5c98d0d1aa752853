package controller

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A child's name that is taken", func() {
	for kind := range Foreigners("", "") {
		It("leaves the foreign "+kind+" alone, says so, and recovers when it goes", func() {
			ns := newNamespace()
			theirs := Foreigners(ns, "web")[kind]
			Expect(k8s.Create(ctx, theirs)).To(Succeed())
			ms := MakeMicroservice(ns, "web")
			ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 3}
			create(ms)
			eventually(ms, "False/NameConflict Stalled")
			Expect(message(ms)).To(containAll("web exists and does not belong", "kubectl delete "+kind+" web -n "+ns))
			if kind == "serviceaccount" || kind == "networkpolicy" {
				Expect(exists(ms, &appsv1.Deployment{})()).To(BeFalse(), "no pod may run without it")
			}
			now := theirs.DeepCopyObject().(client.Object)
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(theirs), now)).To(Succeed())
			Expect(now.GetLabels()).To(Equal(theirs.GetLabels()))
			Expect(now.GetOwnerReferences()).To(BeEmpty())
			for _, e := range now.GetManagedFields() {
				Expect(e.Manager).NotTo(Equal(FieldOwner))
			}

			Expect(k8s.Delete(ctx, theirs)).To(Succeed())
			Eventually(state(ms), 30*time.Second).Should(Equal(available))
		})
	}

	It("leaves the foreign object alone when the Microservice is deleted", func() {
		ns := newNamespace()
		theirs := Foreigners(ns, "web")["service"]
		Expect(k8s.Create(ctx, theirs)).To(Succeed())
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, "False/NameConflict Stalled")
		Expect(k8s.Delete(ctx, ms)).To(Succeed())
		Eventually(exists(ms, &appsv1.Deployment{})).Should(BeFalse())
		Expect(exists(ms, &corev1.Service{})()).To(BeTrue())
	})

	It("gives up a child whose owner reference somebody removed", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		d := deploymentOf(ms)
		before := d.DeepCopy()
		d.OwnerReferences = nil
		Expect(k8s.Patch(ctx, d, client.MergeFrom(before))).To(Succeed())
		eventually(ms, "False/NameConflict Stalled")
		Expect(message(ms)).To(ContainSubstring("nobody controls it"))
	})

	It("does not take the children of a deleted Microservice of the same name for foreign", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		Expect(k8s.Delete(ctx, ms)).To(Succeed())
		again := MakeMicroservice(ns, "web")
		create(again)
		Eventually(func() string {
			now := state(again)()
			Expect(now).NotTo(ContainSubstring("Stalled"))
			return now
		}).Should(Equal(available))
	})
})

var _ = Describe("A child that the server refuses", func() {
	for resource, group := range map[string]string{"networkpolicies": "networking.k8s.io", "serviceaccounts": ""} {
		It("leaves no pod without its "+resource, func() {
			ns := newNamespace()
			policy := refuse(ns, group, resource)
			ms := MakeMicroservice(ns, "web")
			create(ms)
			eventually(ms, "False/ApplyFailed Reconciling")
			Expect(message(ms)).To(containAll("house rules forbid it", "no pod is started or changed without it"))
			Expect(exists(ms, &appsv1.Deployment{})()).To(BeFalse())
			Expect(exists(ms, &corev1.Service{})()).To(BeTrue(), "the other children do not wait")

			By("allowing it again")
			allow(policy)
			eventually(ms, available)

			By("refusing it again, with a new image to roll out")
			refuse(ns, group, resource)
			Expect(k8s.Delete(ctx, map[string]client.Object{
				"networkpolicies": &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}},
				"serviceaccounts": &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}},
			}[resource])).To(Succeed())
			edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
			eventually(ms, "False/ApplyFailed Reconciling")
			Expect(deploymentOf(ms).Spec.Template.Spec.Containers[0].Image).To(Equal("example.com/web:1"))

			By("parking it: no pod would run")
			edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(0)) })
			Eventually(func() int32 { return *deploymentOf(ms).Spec.Replicas }).Should(BeZero())
		})
	}

	It("is retried, and the others are written", func() {
		ns := newNamespace()
		policy := refuse(ns, "apps", "deployments")
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, "False/ApplyFailed Reconciling")
		Expect(message(ms)).To(ContainSubstring("house rules forbid it"))
		Expect(exists(ms, &corev1.Service{})()).To(BeTrue())
		allow(policy)
		eventually(ms, available)
	})
})

var _ = Describe("A child that is no longer wanted", func() {
	It("stays while another one cannot be written, and goes then", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		policy := refuse(ns, "apps", "deployments")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Ports = nil })
		eventually(ms, "False/ApplyFailed Reconciling")
		Eventually(func() int { return count(sent(requests, ns), "patch deployments -> 422") }).Should(BeNumerically(">", 1))
		Expect(exists(ms, &corev1.Service{})()).To(BeTrue(), "the pods that run still listen")
		allow(policy)
		eventually(ms, available)
		Eventually(exists(ms, &corev1.Service{})).Should(BeFalse())
	})
})

// refuse makes a policy that refuses to write a kind of object in a namespace, with the default answer. It returns when
// the server enforces it.
func refuse(namespace, group, resource string) *admissionregistrationv1.ValidatingAdmissionPolicy {
	GinkgoHelper()
	name := "refuse-" + resource + "-in-" + namespace
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		ObjectMeta: metav1.ObjectMeta{GenerateName: name + "-"},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
				ResourceRules: []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: admissionregistrationv1.RuleWithOperations{
					Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
					Rule:       admissionregistrationv1.Rule{APIGroups: []string{group}, APIVersions: []string{"*"}, Resources: []string{resource}},
				}}},
			},
			Validations: []admissionregistrationv1.Validation{{Expression: "false", Message: "house rules forbid it"}},
		},
	}
	Expect(k8s.Create(ctx, policy)).To(Succeed())
	Expect(k8s.Create(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
		ObjectMeta: metav1.ObjectMeta{Name: policy.Name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        policy.Name,
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		},
	})).To(Succeed())
	probe := map[string]string{"networkpolicies": "networkpolicy", "serviceaccounts": "serviceaccount", "deployments": "deployment"}[resource]
	Eventually(func() error {
		return k8s.Create(ctx, Foreigners(namespace, "probe")[probe], client.DryRunAll)
	}).Should(MatchError(ContainSubstring("house rules")))
	return policy
}

func allow(policy *admissionregistrationv1.ValidatingAdmissionPolicy) {
	GinkgoHelper()
	Expect(k8s.Delete(ctx, &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: policy.Name}})).To(Succeed())
	Expect(k8s.Delete(ctx, policy)).To(Succeed())
}
