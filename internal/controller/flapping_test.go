package controller

import (
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// down is the state of an outage.
const down = "False/Unavailable Reconciling"

var _ = Describe("A version that becomes ready and then dies", func() {
	It("is told once, with its cause, and counts as available when it has run for as long as the kubelet would wait", func() {
		ns := newNamespace()
		web, orders := MakeMicroservice(ns, "web"), naming(ns, "orders", "web")
		create(web)
		create(orders)
		eventually(web, available)
		eventually(orders, available)
		settled(ns)
		crash(web, 1)
		eventually(web, down)
		Eventually(func() string { return message(web) }).Should(containAll("0 of 1 replicas are available", "exit code 3", "no database"))
		Eventually(dependencyState(orders, "web")).Should(Equal("NotReady: web is not available"))
		settled(ns)

		By("starting and dying again and again")
		requests.Reset()
		for restarts := int32(2); restarts < 7; restarts++ {
			startAgain(web, restarts, time.Now())
			Eventually(func() int32 { return deploymentOf(web).Status.AvailableReplicas }).Should(Equal(int32(1)))
			settled(ns)
			Expect(state(web)()).To(Equal(down))
			Expect(condition(web, v1alpha1.ConditionAvailable)()).To(Equal("False/Unavailable"))
			crash(web, restarts)
			Eventually(func() int32 { return deploymentOf(web).Status.AvailableReplicas }).Should(BeZero())
			settled(ns)
		}
		Expect(sent(requests, ns)).To(BeEmpty())
		Expect(count(eventReasons(ns, "web")(), v1alpha1.ReasonUnavailable)).To(Equal(1))

		By("running for long enough")
		startAgain(web, 7, time.Now().Add(-5*time.Minute))
		eventually(web, available)
		Eventually(dependencyState(orders, "web")).Should(Equal("Ready"))
	})
})

var _ = Describe("Pods that are evicted again and again", func() {
	It("are told, however soon others take their place", func() {
		ns := newNamespace()
		web := naming(ns, "web")
		create(web)
		eventually(web, available)
		settled(ns)
		makePods(web, false)
		eventually(web, down)
		for n := range 3 {
			evict(web)
			Eventually(func() int { return len(podsOf(deploymentOf(web))) }).Should(Equal(n + 2))
		}
		Eventually(func() int32 { return deploymentOf(web).Status.AvailableReplicas }).Should(Equal(int32(1)))
		Eventually(func() string { return message(web) }).Should(containAll("0 of 1 replicas are available", "The pods keep being evicted: too much storage"))
	})
})

// evict ends the pods of a Microservice, as a kubelet whose disk is full does.
func evict(ms *v1alpha1.Microservice) {
	GinkgoHelper()
	for _, pod := range podsOf(deploymentOf(ms)) {
		if status.Ended(&pod) {
			continue
		}
		before := pod.DeepCopy()
		pod.Status.Phase, pod.Status.Reason, pod.Status.Message = corev1.PodFailed, "Evicted", "too much storage"
		setReady(&pod, false)
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: v1alpha1.ContainerName, Image: ms.Spec.Image, State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, FinishedAt: metav1.Now()},
		}}}
		Expect(k8s.Status().Patch(ctx, &pod, client.StrategicMergeFrom(before))).To(Succeed())
	}
}

// crash ends the containers of a Microservice, as the kubelet tells it.
func crash(ms *v1alpha1.Microservice, restarts int32) {
	GinkgoHelper()
	setContainers(ms, false, corev1.ContainerStatus{
		RestartCount: restarts,
		State:        corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}},
		LastTerminationState: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
			ExitCode: 3, Reason: "Error", Message: "no database",
		}},
	})
}

// startAgain has them run again, ready, since a time.
func startAgain(ms *v1alpha1.Microservice, restarts int32, since time.Time) {
	GinkgoHelper()
	setContainers(ms, true, corev1.ContainerStatus{
		Ready:        true,
		RestartCount: restarts,
		State:        corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: metav1.NewTime(since)}},
	})
}

func setContainers(ms *v1alpha1.Microservice, ready bool, c corev1.ContainerStatus) {
	GinkgoHelper()
	c.Name, c.Image = v1alpha1.ContainerName, ms.Spec.Image
	pods := podsOf(deploymentOf(ms))
	Expect(pods).NotTo(BeEmpty())
	for i := range pods {
		before := pods[i].DeepCopy()
		pods[i].Status.ContainerStatuses = []corev1.ContainerStatus{c}
		Expect(k8s.Status().Patch(ctx, &pods[i], client.MergeFrom(before))).To(Succeed())
	}
	makePods(ms, ready)
}
