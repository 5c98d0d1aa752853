package controller

import (
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// Whatever a spec did: of a Microservice the operator owns the status and nothing else.
var _ = AfterEach(func() {
	all := &v1alpha1.MicroserviceList{}
	Expect(k8s.List(ctx, all)).To(Succeed())
	for i := range all.Items {
		for _, e := range all.Items[i].ManagedFields {
			if e.Manager != FieldOwner {
				continue
			}
			var fields map[string]any
			Expect(yaml.Unmarshal(e.FieldsV1.GetRawBytes(), &fields)).To(Succeed())
			Expect(fields).To(And(HaveLen(1), HaveKey("f:status")), "%s/%s", all.Items[i].Namespace, all.Items[i].Name)
			Expect(e.Subresource).To(Equal("status"))
		}
	}
})

var _ = Describe("Ready and Available", func() {
	It("stay True while pods are lost, drained and added, as long as the minimum is there", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(3)), MaxReplicas: 9}
		create(ms)
		eventually(ms, available)
		settled(ns)
		seen := watchVersions(ns)
		By("losing a pod")
		Expect(k8s.Delete(ctx, &podsOf(ms)[0])).To(Succeed())
		settled(ns)
		By("draining the node, one pod after the other")
		for _, pod := range podsOf(ms) {
			Eventually(func() error {
				return k8s.SubResource("eviction").Create(ctx, &pod, &policyv1.Eviction{ObjectMeta: pod.ObjectMeta})
			}).Should(Succeed())
		}
		settled(ns)
		By("scaling up, as an autoscaler does, and down again")
		scale(ms, 8)
		Eventually(func() int { return len(podsOf(ms)) }).Should(Equal(8))
		settled(ns)
		scale(ms, 3)
		settled(ns)
		seen.mu.Lock()
		defer seen.mu.Unlock()
		for _, object := range seen.microservices {
			version := &v1alpha1.Microservice{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, version)).To(Succeed())
			for _, condition := range []string{v1alpha1.ConditionReady, v1alpha1.ConditionAvailable} {
				Expect(meta.IsStatusConditionTrue(version.Status.Conditions, condition)).To(BeTrue(), "%s in %v", condition, version.Status.Conditions)
			}
		}
	})

	It("are False below the minimum, with the reason, and Stalled never flaps", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Replicas = new(int32(3))
		create(ms)
		eventually(ms, available)
		makePods(ms, false)
		eventually(ms, "False/Unavailable Reconciling")
		Eventually(func() string { return message(ms) }).Should(HavePrefix("0 of 3 replicas are available, at least 2 are needed"))
		Expect(condition(ms, v1alpha1.ConditionAvailable)()).To(Equal("False/Unavailable"))
		makePods(ms, true)
		eventually(ms, available)
		By("standing still past the deadline, with pods that come and go")
		seen := watchVersions(ns)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.Rollout = &v1alpha1.Rollout{Strategy: v1alpha1.RolloutRollingUpdate, ProgressDeadlineSeconds: new(int32(3))}
			faulty("crash")(s)
		})
		eventually(ms, "False/ProgressDeadlineExceeded Stalled")
		for range 3 {
			for _, pod := range podsOf(ms) {
				if pod.Annotations["example.com/fault"] != "" {
					Expect(client.IgnoreNotFound(k8s.Delete(ctx, &pod))).To(Succeed())
				}
			}
			settled(ns)
		}
		Expect(state(ms)()).To(Equal("False/ProgressDeadlineExceeded Stalled"))
		seen.mu.Lock()
		defer seen.mu.Unlock()
		flips, stalled := 0, false
		for _, object := range seen.microservices {
			version := &v1alpha1.Microservice{}
			Expect(runtime.DefaultUnstructuredConverter.FromUnstructured(object.Object, version)).To(Succeed())
			if now := meta.IsStatusConditionTrue(version.Status.Conditions, v1alpha1.ConditionStalled); now != stalled {
				flips, stalled = flips+1, now
			}
		}
		Expect(flips).To(Equal(1))
	})
})

// podsOf are those that are not being deleted.
func podsOf(owner client.Object) []corev1.Pod {
	GinkgoHelper()
	pods := &corev1.PodList{}
	Expect(k8s.List(ctx, pods, client.InNamespace(owner.GetNamespace()), client.MatchingLabels{v1alpha1.LabelName: owner.GetName()})).To(Succeed())
	var all []corev1.Pod
	for _, pod := range pods.Items {
		if pod.DeletionTimestamp == nil {
			all = append(all, pod)
		}
	}
	return all
}
