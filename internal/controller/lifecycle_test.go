package controller

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A Microservice", func() {
	var ns string
	var ms *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		ms = MakeMicroservice(ns, "web")
	})

	It("follows edits", func() {
		create(ms)
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Ports[0].Port = 8000
			s.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("100m")}}
		})
		eventually(ms, available)
		svc := &corev1.Service{}
		Expect(exists(ms, svc)()).To(BeTrue())
		Expect(svc.Spec.Ports).To(HaveLen(1))
		Expect(svc.Spec.Ports[0].Port).To(Equal(int32(8000)))
		Expect(deploymentOf(ms).Spec.Template.Spec.Containers[0].Resources.Requests.Cpu().String()).To(Equal("100m"))
		now := &v1alpha1.Microservice{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), now)).To(Succeed())
		Expect(now.Status.URL).To(Equal("http://web." + ns + ".svc:8000"))
		Expect(now.Status.Selector).To(Equal("apps.microservice.dev/name=web"))
		for _, c := range now.Status.Conditions {
			Expect(c.ObservedGeneration).To(Equal(now.Generation), c.Type)
		}
	})

	It("loses what is taken out of the spec, and gets it back", func() {
		ms.Spec.Replicas = nil
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 4}
		create(ms)
		eventually(ms, available)
		pruned := []client.Object{
			&corev1.ServiceAccount{}, &corev1.Service{}, &networkingv1.NetworkPolicy{},
			&policyv1.PodDisruptionBudget{}, &autoscalingv2.HorizontalPodAutoscaler{},
		}
		for _, child := range pruned {
			Expect(exists(ms, child)()).To(BeTrue(), "%T", child)
		}
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Autoscaling, s.Ports, s.ServiceAccountName = nil, nil, "default"
			s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Isolation: v1alpha1.IsolationNone}
		})
		eventually(ms, available)
		for _, child := range pruned {
			Eventually(exists(ms, child)).Should(BeFalse(), "%T", child)
		}
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			*s = MakeMicroservice(ns, "web").Spec
			s.Replicas = new(int32(2))
		})
		eventually(ms, available)
		for _, child := range pruned[:4] {
			Expect(exists(ms, child)()).To(BeTrue(), "%T", child)
		}
	})

	It("gets back every child that somebody deletes", func() {
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 4}
		create(ms)
		eventually(ms, available)
		for _, child := range childObjects() {
			Expect(exists(ms, child)()).To(BeTrue())
			old := child.GetUID()
			Expect(k8s.Delete(ctx, child)).To(Succeed())
			Eventually(func() bool { return exists(ms, child)() && child.GetUID() != old }).Should(BeTrue(), "%T", child)
		}
		eventually(ms, available)
	})

	It("gets back the labels of its children, without which the cache does not see them", func() {
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 4}
		create(ms)
		eventually(ms, available)
		for _, child := range childObjects() {
			Expect(exists(ms, child)()).To(BeTrue())
			before := child.DeepCopyObject().(client.Object)
			child.SetLabels(nil)
			Expect(k8s.Patch(ctx, child, client.MergeFrom(before))).To(Succeed())
			Eventually(func() map[string]string {
				exists(ms, child)()
				return child.GetLabels()
			}).Should(Equal(before.GetLabels()), "%T", child)
			Expect(child.GetUID()).To(Equal(before.GetUID()))
		}
		eventually(ms, available)
	})

	It("closes a NetworkPolicy that somebody opened", func() {
		create(ms)
		eventually(ms, available)
		policy := &networkingv1.NetworkPolicy{}
		Expect(exists(ms, policy)()).To(BeTrue())
		Expect(policy.Spec.Ingress).To(BeEmpty())
		before := policy.DeepCopy()
		policy.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}}
		policy.Spec.Egress = []networkingv1.NetworkPolicyEgressRule{{}}
		Expect(k8s.Patch(ctx, policy, client.MergeFrom(before))).To(Succeed())
		Eventually(func() networkingv1.NetworkPolicySpec {
			exists(ms, policy)()
			return policy.Spec
		}).Should(Equal(before.Spec))
	})

	It("gets back a Service port that somebody renumbered", func() {
		create(ms)
		eventually(ms, available)
		svc := &corev1.Service{}
		Expect(exists(ms, svc)()).To(BeTrue())
		before := svc.DeepCopy()
		svc.Spec.Ports[0].Port = 81
		Expect(k8s.Patch(ctx, svc, client.MergeFrom(before))).To(Succeed())
		Eventually(func() []int32 {
			exists(ms, svc)()
			var ports []int32
			for _, p := range svc.Spec.Ports {
				ports = append(ports, p.Port)
			}
			return ports
		}).Should(Equal([]int32{80}))
	})

	It("does not undo kubectl rollout restart", func() {
		create(ms)
		eventually(ms, available)
		d := deploymentOf(ms)
		before := d.DeepCopy()
		d.Spec.Template.Annotations = map[string]string{"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
		Expect(k8s.Patch(ctx, d, client.MergeFrom(before))).To(Succeed())
		settled(ns)
		Expect(deploymentOf(ms).Spec.Template.Annotations).To(HaveLen(1))
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, available)
		Expect(deploymentOf(ms).Spec.Template.Annotations).To(HaveLen(1))
	})

	It("that is paused writes no child, names what waits, and tells the truth", func() {
		ms.Spec.Paused = true
		create(ms)
		eventually(ms, "Unknown/Paused")
		Expect(message(ms)).To(Equal("Changes are not applied while spec.paused is true: " +
			"create ServiceAccount, create NetworkPolicy, create Service, create Deployment"))
		Expect(exists(ms, &corev1.Service{})()).To(BeFalse())

		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Paused = false })
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Paused = true })
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, "Unknown/Paused")
		Expect(message(ms)).To(Equal("Changes are not applied while spec.paused is true: update Deployment"))
		Expect(deploymentOf(ms).Spec.Template.Spec.Containers[0].Image).To(Equal("example.com/web:1"))
		now := &v1alpha1.Microservice{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), now)).To(Succeed())
		Expect(meta.IsStatusConditionTrue(now.Status.Conditions, v1alpha1.ConditionAvailable)).To(BeTrue())
	})

	It("whose podTemplate does not fit says so and leaves what runs alone", func() {
		create(ms)
		eventually(ms, available)
		requests.Reset()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Image = "example.com/web:2"
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(`{"tolerationz":[]}`)}}
		})
		eventually(ms, "False/InvalidSpec Stalled")
		Expect(message(ms)).To(containAll("spec.podTemplate.spec", "tolerationz"))
		settled(ns)
		Expect(sent(requests, ns)).To(Equal([]string{"apply microservices/status"}))
		Expect(deploymentOf(ms).Spec.Template.Spec.Containers[0].Image).To(Equal("example.com/web:1"))
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(ms, available)
	})

	It("that the server finds invalid says so in the server's words", func() {
		ms.Spec.Env = []corev1.EnvVar{{Name: "not=valid", Value: "x"}}
		create(ms)
		eventually(ms, "False/InvalidSpec Stalled")
		Expect(message(ms)).To(containAll("env[0].name", "not=valid"))
	})

	It("that depends on itself in its own namespace is invalid", func() {
		ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: "me", Microservice: &v1alpha1.ObjectReference{Name: "web", Namespace: ns}}}
		create(ms)
		eventually(ms, "False/InvalidSpec Stalled")
		Expect(message(ms)).To(containAll("spec.dependencies[0].microservice", "cannot depend on itself"))
	})

	It("whose pods do not become ready stalls at the deadline, and recovers", func() {
		ms.Spec.Rollout = &v1alpha1.Rollout{Strategy: v1alpha1.RolloutRollingUpdate, ProgressDeadlineSeconds: new(int32(2))}
		create(ms)
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{"example.com/stuck": "yes"}}
		})
		eventually(ms, "False/ProgressDeadlineExceeded Stalled")
		Expect(message(ms)).To(containAll("no progress for 2 s", "kubectl describe replicasets,pods"))
		now := &v1alpha1.Microservice{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), now)).To(Succeed())
		Expect(meta.IsStatusConditionTrue(now.Status.Conditions, v1alpha1.ConditionAvailable)).To(BeTrue(), "the old pod serves")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(ms, available)
	})

	It("is not called unavailable while it is scaled up", func() {
		create(ms)
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(5)) })
		eventually(ms, available)
		settled(ns)
		Eventually(eventReasons(ns, "web")).Should(And(ContainElements("RollingOut", "Available"), HaveEach(BeElementOf("RollingOut", "Available"))))
	})

	It("does not let its unready pods flood status", func() {
		ms.Spec.Replicas = new(int32(10))
		create(ms)
		eventually(ms, available)
		requests.Reset()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, available)
		settled(ns)
		Expect(len(sent(requests, ns))).To(BeNumerically("<=", 1+4), "%v", sent(requests, ns))
	})

	It("goes quietly with its namespace", func() {
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		Expect(k8s.Delete(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: ns}})).To(Succeed())
		Eventually(exists(ms, &appsv1.Deployment{}), time.Minute).Should(BeFalse())
		Eventually(exists(ms, &v1alpha1.Microservice{}), time.Minute).Should(BeFalse())
		Expect(sent(requests, ns)).To(BeEmpty())
	})
})

var _ = Describe("An operator for some namespaces", func() {
	It("touches no other", func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		mine, alsoMine, other := newNamespace(), newNamespace(), newNamespace()
		o := startOperator(operatorConfig, mine, alsoMine)
		defer o.stop()
		for _, ns := range []string{mine, alsoMine, other} {
			create(MakeMicroservice(ns, "web"))
		}
		eventually(MakeMicroservice(mine, "web"), available)
		eventually(MakeMicroservice(alsoMine, "web"), available)
		o.settled(mine)
		Expect(exists(MakeMicroservice(other, "web"), &appsv1.Deployment{})()).To(BeFalse())
	})
})

// childObjects returns an empty object of each kind of child.
func childObjects() []client.Object {
	var objects []client.Object
	for _, kind := range childKinds {
		objects = append(objects, kind.newObject())
	}
	return objects
}
