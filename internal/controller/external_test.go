package controller

import (
	"fmt"
	"math/rand"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	scaleclient "k8s.io/client-go/scale"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// scaledExternally leaves the number to a controller of the user's.
func scaledExternally(guaranteed int32) func(*v1alpha1.MicroserviceSpec) {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.Replicas, s.Autoscaling = nil, &v1alpha1.Autoscaling{External: &v1alpha1.ExternalAutoscaler{MinReplicas: &guaranteed}}
	}
}

// scale does what an autoscaler does, and KEDA between 0 and 1: it reads the scale of the Deployment and updates it, by client-go's
// own client:
// https://github.com/kedacore/keda/blob/v2.21.0/pkg/scaling/executor/scale_scaledobjects.go
func scale(ms *v1alpha1.Microservice, n int32) {
	GinkgoHelper()
	all, err := discovery.NewDiscoveryClientForConfig(kube.Config)
	Expect(err).NotTo(HaveOccurred())
	scales, err := scaleclient.NewForConfig(kube.Config, k8s.RESTMapper(), dynamic.LegacyAPIPathResolverFunc, scaleclient.NewDiscoveryScaleKindResolver(all))
	Expect(err).NotTo(HaveOccurred())
	deployments := schema.GroupResource{Group: "apps", Resource: "deployments"}
	Eventually(func() error { // somebody else may write at the same time
		now, err := scales.Scales(ms.Namespace).Get(ctx, deployments, ms.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		now.Spec.Replicas = n
		_, err = scales.Scales(ms.Namespace).Update(ctx, deployments, now, metav1.UpdateOptions{})
		return err
	}, time.Minute).Should(Succeed())
}

// size is one way to decide the number of replicas, and what a Deployment of so many has then.
type size struct {
	name string
	edit func(*v1alpha1.MicroserviceSpec)
	// scaled are the numbers that an autoscaler of the user's sets before the next one takes over.
	scaled []int32
	born   int32
	from   func(live int32) int32
}

// stays leaves the number as it is.
func stays(live int32) int32 { return live }

func becomes(n int32) func(int32) int32 { return func(int32) int32 { return n } }

var sizeKinds = []size{
	{name: "fixed", edit: fixed(7), born: 7, from: becomes(7)},
	{name: "autoscaled", edit: autoscaled(2, 9), born: 2, from: func(live int32) int32 { return max(live, 2) }},
	{name: "external, not scaled yet", edit: scaledExternally(0), born: 1, from: stays},
	{name: "external at 5", edit: scaledExternally(0), scaled: []int32{5}, born: 1, from: stays},
	{name: "external at 0", edit: scaledExternally(0), scaled: []int32{4, 0}, born: 1, from: stays},
	{name: "external with a minimum", edit: scaledExternally(3), born: 3, from: stays},
	{name: "parked", edit: fixed(0), born: 0, from: becomes(0)},
}

// want is Ready with so many replicas that all run.
func (s size) want(live int32) string {
	ms := &v1alpha1.Microservice{}
	s.edit(&ms.Spec)
	switch {
	case ms.Spec.Parked():
		return "True/Parked"
	case live == 0 && ms.Spec.GuaranteedReplicas() == 0:
		return "True/ScaledToZero"
	case live+1 < ms.Spec.GuaranteedReplicas():
		return "False/Unavailable Reconciling"
	default:
		return available
	}
}

// handOver has one way follow the other, and returns the numbers that were asked for.
func handOver(ms *v1alpha1.Microservice, from, to size) []int32 {
	GinkgoHelper()
	arrives := func(at size, live int32) {
		GinkgoHelper()
		Eventually(func() string {
			return fmt.Sprintf("%d %s %s", *deploymentOf(ms).Spec.Replicas, state(ms)(), autoscalerSays(ms))
		}, 5*time.Minute).Should(Equal(fmt.Sprintf("%d %s settled", live, at.want(live))), "%s, then %s", from.name, to.name)
	}
	from.edit(&ms.Spec)
	create(ms)
	Eventually(exists(ms, &appsv1.Deployment{}), time.Minute).Should(BeTrue())
	asked := []int32{from.born}
	arrives(from, from.born)
	for _, n := range from.scaled {
		scale(ms, n)
		arrives(from, n)
		asked = append(asked, n)
	}
	live := to.from(asked[len(asked)-1])
	edit(ms, to.edit)
	arrives(to, live)
	edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
	Eventually(func() string { return deploymentOf(ms).Spec.Template.Spec.Containers[0].Image }, time.Minute).Should(Equal("example.com/web:2"))
	arrives(to, live)
	return slices.Compact(append(asked, live))
}

var _ = Describe("A number of replicas that belongs to somebody else", func() {
	It("passes through nothing that nobody asked for, whoever had it before and has it afterwards", func() {
		var pairs sync.WaitGroup
		for _, from := range sizeKinds {
			for _, to := range sizeKinds {
				if from.name == to.name || len(to.scaled) > 0 { // what it was scaled to makes no difference afterwards
					continue
				}
				ns := newNamespace()
				seen := watchSizes(ns)
				pairs.Go(func() {
					defer GinkgoRecover()
					ms := MakeMicroservice(ns, "web")
					asked := handOver(ms, from, to)
					Eventually(seen.all, time.Minute).Should(Equal(asked), "%s, then %s", from.name, to.name)
					Expect(k8s.Delete(ctx, ms)).To(Succeed()) // its autoscaler would keep the controllers busy
				})
			}
		}
		pairs.Wait()
	})

	for seed := range 3 {
		It(fmt.Sprintf("is what the scaler asks for, whatever else is written, and whenever the operator dies (%d)", seed), func() {
			operator.stop()
			DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
			ns := newNamespace()
			seen := watchSizes(ns)
			random := rand.New(rand.NewSource(int64(seed)))
			start := func() (*runningOperator, *cluster.Recorder) {
				fault := cluster.NewRecorder()
				fault.FailAfter(1 + random.Intn(12))
				return startOperator(fault.Wrap(operatorConfig), ns), fault
			}
			o, fault := start()
			defer func() { o.stop() }()
			revive := func() {
				if fault.Crashed() {
					o.stop()
					o, fault = start()
				}
			}
			ms := MakeMicroservice(ns, "web")
			scaledExternally(0)(&ms.Spec)
			create(ms)
			Eventually(func() bool { revive(); return exists(ms, &appsv1.Deployment{})() }, time.Minute).Should(BeTrue())
			asked := []int32{1}
			for range 60 {
				n := int32(random.Intn(51))
				scale(ms, n)
				asked = append(asked, n)
				// A write of the Deployment that makes no pods: their controllers are the slowest part.
				limit := int32(random.Intn(100))
				edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Rollout = &v1alpha1.Rollout{RevisionHistoryLimit: &limit} })
				if random.Intn(3) == 0 {
					Eventually(func() int32 { revive(); return *deploymentOf(ms).Spec.RevisionHistoryLimit }, time.Minute).Should(Equal(limit))
				}
				revive()
			}
			scale(ms, 0)
			asked = append(asked, 0)
			Eventually(func() string { revive(); return state(ms)() }, 5*time.Minute).Should(Equal("True/ScaledToZero"))
			Eventually(seen.all, time.Minute).Should(Equal(slices.Compact(asked)))
		})
	}

	It("costs what a fixed one costs, and an operator that starts again at 0 writes nothing", func() {
		ns := newNamespace()
		ms := MakeMicroservice(ns, "web")
		scaledExternally(0)(&ms.Spec)
		create(ms)
		eventually(ms, available)
		Expect(without(sent(requests, ns), statusWrite)).To(ConsistOf("create serviceaccounts", policyWrite, "create services", "create deployments"))
		Expect(count(sentFor(ms), statusWrite)).To(BeNumerically("<=", 2))
		Expect(condition(ms, v1alpha1.ConditionAutoscaling)()).To(Equal("True/External"))

		scale(ms, 0)
		eventually(ms, "True/ScaledToZero")
		Eventually(func() int32 { return deploymentOf(ms).Status.Replicas }).Should(BeZero())
		settled(ns)
		after := cluster.NewRecorder()
		restarted := startOperator(after.Wrap(operatorConfig), ns)
		_, err := restarted.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
		Expect(err).NotTo(HaveOccurred())
		restarted.settled(ns)
		Expect(sent(after, "")).To(BeEmpty())
		restarted.stop()
	})

	It("may go to 0 and back, and nobody who depends on it is told", func() {
		ns := newNamespace()
		web, orders := MakeMicroservice(ns, "web"), naming(ns, "orders", "web")
		scaledExternally(0)(&web.Spec)
		create(web)
		create(orders)
		eventually(web, available)
		eventually(orders, available)
		Eventually(dependencyState(orders, "web")).Should(Equal("Ready"))
		scale(web, 0)
		eventually(web, "True/ScaledToZero")
		edit(web, func(s *v1alpha1.MicroserviceSpec) { // so that there is a time in which it starts
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Annotations: map[string]string{"example.com/stuck": "yes"}}
		})
		eventually(web, "True/ScaledToZero")
		settled(ns)
		requests.Reset()
		for range 2 {
			scale(web, 1)
			eventually(web, rollingOut)
			Expect(condition(web, v1alpha1.ConditionAvailable)()).To(Equal("False/StartingFromZero"))
			settled(ns)
			free(web)
			eventually(web, available)
			scale(web, 0)
			eventually(web, "True/ScaledToZero")
			settled(ns)
		}
		Expect(sentFor(orders)).To(BeEmpty())
		Expect(dependencyState(orders, "web")()).To(Equal("Ready"))
		Expect(without(sentFor(web), statusWrite)).To(BeEmpty())
		// It starts, its counters settle, it is available, it goes to 0, its counters settle.
		Expect(len(sentFor(web))).To(BeNumerically("<=", 2*5))
	})

	It("is that of an autoscaler of another name", func() {
		ns := newNamespace()
		seen := watchSizes(ns)
		ms := MakeMicroservice(ns, "web")
		scaledExternally(0)(&ms.Spec)
		create(ms)
		eventually(ms, available)
		create(&autoscalingv2.HorizontalPodAutoscaler{
			ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "by-requests"},
			Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
				ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web"},
				MinReplicas:    new(int32(3)),
				MaxReplicas:    5,
			},
		})
		Eventually(func() int32 { return stored(ms).Status.AvailableReplicas }, 2*time.Minute).Should(Equal(int32(3)))
		eventually(ms, available)
		settled(ns)
		Expect(seen.all()).To(Equal([]int32{1, 3}))
		Expect(condition(ms, v1alpha1.ConditionAutoscaling)()).To(Equal("True/External"))
		Expect(sent(requests, ns)).NotTo(ContainElement(deploymentWrite))
	})
})

// free lets the pods of a Microservice become ready that an annotation holds back.
func free(ms *v1alpha1.Microservice) {
	GinkgoHelper()
	Eventually(func() int { return len(podsOf(deploymentOf(ms))) }).Should(Equal(1))
	pods := podsOf(deploymentOf(ms))
	Expect(k8s.Patch(ctx, &pods[0], client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"annotations":{"example.com/stuck":null}}}`)))).To(Succeed())
}
