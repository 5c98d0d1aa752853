package controller

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// faulty has pods with a fault that the node plays.
func faulty(fault string) func(*v1alpha1.MicroserviceSpec) {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{"example.com/fault": fault}}
	}
}

var _ = Describe("Pods that do not become ready", func() {
	DescribeTable("are the reason, in their words, while the old ones serve",
		func(change func(*v1alpha1.MicroserviceSpec), reason string, words ...string) {
			ns := newNamespace()
			ms := MakeMicroservice(ns, "web")
			create(ms)
			eventually(ms, available)
			edit(ms, change)
			eventually(ms, "False/"+reason+" Reconciling")
			Expect(message(ms)).To(containAll(words...))
			Expect(condition(ms, v1alpha1.ConditionAvailable)()).To(Equal("True/Available"), "the old pod serves")
			By("staying so, without another word, however often it is looked at")
			settled(ns)
			requests.Reset()
			for range 3 {
				operator.clock.forward(time.Minute)
				reconcileOnce(operator, ms)
			}
			Expect(state(ms)()).To(Equal("False/" + reason + " Reconciling"))
			Expect(count(sent(requests, ns), statusWrite)).To(BeZero())
			By("recovering")
			edit(ms, func(s *v1alpha1.MicroserviceSpec) { *s = MakeMicroservice(ns, "web").Spec })
			eventually(ms, available)
		},
		Entry("image", faulty("image"), "ImagePullFailed", "Container app", "example.com/web:1", "not found", "imagePullSecrets"),
		Entry("crash", faulty("crash"), "CrashLooping", "Container app", "exit code 3", "no database", "kubectl logs", "-c app --tail=20 --ignore-errors"),
		Entry("missing key", faulty("config"), "ContainerConfigError", "couldn't find key password in Secret shop/db"),
		Entry("missing key of credentials", func(s *v1alpha1.MicroserviceSpec) {
			faulty("config")(s)
			s.Dependencies = []v1alpha1.Dependency{{
				Name: "db", External: &v1alpha1.ExternalDependency{Host: "db.example.com"},
				Credentials: &v1alpha1.Credentials{Secret: "db", Env: map[string]v1alpha1.SecretKey{"PASSWORD": "password"}, Mount: true, Type: "postgresql"},
			}}
		}, "ContainerConfigError", "couldn't find key password in Secret shop/db"),
		Entry("an image that runs as root", faulty("root"), "ContainerConfigError", "image will run as root; use an image", "runAsUser"),
		Entry("missing pull secret", faulty("pull-secret"), "ImagePullFailed", "denied; the pull secrets regcred are not there"),
		Entry("liveness", faulty("liveness"), "CrashLooping", "exit code 137; Liveness probe failed: HTTP probe failed with statuscode: 500", "--tail=20"),
		Entry("an init container that hangs", func(s *v1alpha1.MicroserviceSpec) {
			faulty("init")(s)
			s.PodTemplate.Spec = rawJSON(`{"initContainers":[{"name":"migrate","image":"example.com/migrate:1"}]}`)
		}, "PodNotStarting", "Init container migrate has not finished since", "the other containers wait for it"),
		Entry("a scheduling gate", func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: rawJSON(`{"schedulingGates":[{"name":"example.com/wait"}]}`)}
		}, "Unschedulable", "scheduling gates", "example.com/wait"),
		Entry("probe", faulty("probe"), "ReadinessFailing", "Readiness probe failed", "503"),
		Entry("volume", faulty("volume"), "VolumeNotReady", `configmap "settings" not found`),
		Entry("no room", func(s *v1alpha1.MicroserviceSpec) {
			s.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("5000")}}
		}, "Unschedulable", "No node can run the pods", "Insufficient cpu"),
		Entry("refused by admission", func(s *v1alpha1.MicroserviceSpec) {
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: rawJSON(`{"priorityClassName":"none-such"}`)}
		}, "PodRefused", "none-such", "Pods cannot be created"),
	)

	It("say so from the first start on, with a quota that is used up", func() {
		ns := newNamespace()
		quota := &corev1.ResourceQuota{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "small"},
			Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse("0")}},
		}
		create(quota)
		ms := MakeMicroservice(ns, "web")
		Eventually(func() bool {
			stored := &corev1.ResourceQuota{}
			return k8s.Get(ctx, client.ObjectKeyFromObject(quota), stored) == nil && len(stored.Status.Hard) > 0
		}).Should(BeTrue())
		create(ms)
		eventually(ms, "False/QuotaExceeded Reconciling")
		Expect(message(ms)).To(containAll("a pod", "exceeded quota: small"))
		Expect(k8s.Delete(ctx, quota)).To(Succeed())
		Eventually(state(ms), time.Minute).Should(Equal(available))
	})

	It("are named behind the deadline, and behind an outage", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Rollout = &v1alpha1.Rollout{Strategy: v1alpha1.RolloutRollingUpdate, ProgressDeadlineSeconds: new(int32(5))}
		create(ms)
		eventually(ms, available)
		edit(ms, faulty("crash"))
		eventually(ms, "False/CrashLooping Reconciling")
		eventually(ms, "False/ProgressDeadlineExceeded Stalled")
		Eventually(func() string { return message(ms) }).Should(containAll("made no progress for 5 s", "exit code 3"))
		By("losing the pod that served")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		eventually(ms, available)
		makePods(ms, false)
		eventually(ms, "False/Unavailable Reconciling")
		makePods(ms, true)
		eventually(ms, available)
	})

	It("cost no look while all goes well", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, available)
		settled(ns)
		Expect(requests.Lists("pods", ns)).To(BeEmpty())
		Expect(requests.Lists("replicasets", ns)).To(BeEmpty())
	})
})
