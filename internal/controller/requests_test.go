package controller

import (
	"os"
	"path/filepath"
	"slices"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	eventsv1 "k8s.io/api/events/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("What it costs", func() {
	It("creates each child with one request and writes status at most twice", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(3)), MaxReplicas: 5}
		create(ms)
		eventually(ms, available)
		Expect(without(sent(requests, ns), statusWrite)).To(ConsistOf(
			"create serviceaccounts", policyWrite, "create services", "create poddisruptionbudgets",
			"create deployments", "create horizontalpodautoscalers",
		))
		Expect(count(sentFor(ms), statusWrite)).To(BeNumerically("<=", 2))
		By("hearing the autoscaler's first word, which may come after Ready")
		Eventually(func() string { return autoscalerSays(ms) }).Should(Equal("settled"))
		settled(ns)
		Expect(len(sent(requests, ns))).To(BeNumerically("<=", 9))
		Eventually(eventReasons(ns, "web")).Should(Or(Equal([]string{"Available"}), ConsistOf("RollingOut", "Available")))
	})

	It("writes what a field affects and nothing else", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		By("changing the image")
		requests.Reset()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, available)
		settled(ns)
		Expect(sent(requests, ns)).To(Equal([]string{"patch deployments", deploymentWrite, statusWrite, statusWrite}))
		By("changing it once more, when all that was created is ours as an applier")
		requests.Reset()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:3" })
		eventually(ms, available)
		settled(ns)
		Expect(sent(requests, ns)).To(Equal([]string{deploymentWrite, statusWrite, statusWrite}))
		By("changing something that no child shows")
		requests.Reset()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) {
			s.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromAll}
		})
		eventually(ms, available)
		settled(ns)
		Expect(sent(requests, ns)).To(Equal([]string{"apply microservices/status"}))
	})

	It("sends nothing for a system that is in place, nor after a restart", func() {
		ns := newNamespace()
		shop := onlineBoutique(ns)
		Expect(shop).To(HaveLen(12))
		for _, ms := range shop {
			create(ms)
		}
		for _, ms := range shop {
			eventually(ms, available)
		}
		settled(ns)
		By("looking at each once more")
		requests.Reset()
		for _, ms := range shop {
			_, err := operator.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
			Expect(err).NotTo(HaveOccurred())
		}
		Expect(sent(requests, ns)).To(BeEmpty())
		By("starting another operator, which knows nothing")
		after := cluster.NewRecorder()
		restarted := startOperator(after.Wrap(operatorConfig), ns)
		for _, ms := range shop {
			_, err := restarted.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
			Expect(err).NotTo(HaveOccurred())
		}
		restarted.settled(ns)
		Expect(sent(after, "")).To(BeEmpty())
		restarted.stop()
	})

	It("owns nothing of a Microservice but its status", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Replicas = new(int32(2)) })
		eventually(ms, available)
		stored := &v1alpha1.Microservice{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), stored)).To(Succeed())
		ours := 0
		for _, e := range stored.ManagedFields {
			if e.Manager != FieldOwner {
				continue
			}
			ours++
			var fields map[string]any
			Expect(yaml.Unmarshal(e.FieldsV1.GetRawBytes(), &fields)).To(Succeed())
			Expect(fields).To(HaveLen(1))
			Expect(fields).To(HaveKey("f:status"))
			Expect(e.Subresource).To(Equal("status"))
		}
		Expect(ours).To(Equal(1))
	})
})

// onlineBoutique is the demo, in a namespace.
func onlineBoutique(namespace string) []*v1alpha1.Microservice {
	GinkgoHelper()
	files, err := filepath.Glob(filepath.Join(cluster.Root(), "config", "samples", "online-boutique", "*.yaml"))
	Expect(err).NotTo(HaveOccurred())
	var all []*v1alpha1.Microservice
	for _, file := range files {
		raw, err := os.ReadFile(file)
		Expect(err).NotTo(HaveOccurred())
		ms := &v1alpha1.Microservice{}
		if err := yaml.UnmarshalStrict(raw, ms); err != nil || ms.Kind != "Microservice" {
			continue
		}
		ms.Namespace = namespace
		all = append(all, ms)
	}
	return all
}

// eventReasons are those of the events about a Microservice.
func eventReasons(namespace, name string) func() []string {
	return func() []string {
		var reasons []string
		for _, e := range eventsOf(namespace, name) {
			reasons = append(reasons, e.Reason)
		}
		return reasons
	}
}

// notes are the messages of events of one reason.
func notes(namespace, name, reason string) func() []string {
	return func() []string {
		var all []string
		for _, e := range eventsOf(namespace, name) {
			if e.Reason == reason {
				all = append(all, e.Note)
			}
		}
		return all
	}
}

func eventsOf(namespace, name string) []eventsv1.Event {
	GinkgoHelper()
	list := &eventsv1.EventList{}
	Expect(k8s.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	return slices.DeleteFunc(list.Items, func(e eventsv1.Event) bool {
		return e.Regarding.Kind != "Microservice" || e.Regarding.Name != name
	})
}
