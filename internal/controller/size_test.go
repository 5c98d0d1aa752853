package controller

import (
	"fmt"
	"slices"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// Steps of a size: each is an edit, and the number of replicas that it must end in. Without metrics an
// autoscaler still keeps the number between its bounds.
type step struct {
	what string
	edit func(*v1alpha1.MicroserviceSpec)
	ends int32
}

func fixed(n int32) func(*v1alpha1.MicroserviceSpec) {
	return func(s *v1alpha1.MicroserviceSpec) { s.Replicas, s.Autoscaling = &n, nil }
}

func autoscaled(low, high int32) func(*v1alpha1.MicroserviceSpec) {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.Replicas, s.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: &low, MaxReplicas: high}
	}
}

var journey = []step{
	{"fixed at 7", fixed(7), 7},
	{"autoscaled, with the number within the bounds", autoscaled(2, 9), 7},
	{"autoscaled, with a higher minimum", autoscaled(8, 9), 8},
	{"autoscaled, with a new image", func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" }, 8},
	{"fixed at 3", fixed(3), 3},
	{"parked", fixed(0), 0},
	{"autoscaled from 0", autoscaled(2, 5), 2},
	{"autoscaled, with a minimum of 4", autoscaled(4, 5), 4},
	{"neither", func(s *v1alpha1.MicroserviceSpec) { s.Replicas, s.Autoscaling = nil, nil }, 1},
	{"autoscaled from 1", autoscaled(3, 5), 3},
}

// sizes are the values that spec.replicas of a Deployment had, from birth on, without repeats.
type sizes struct {
	mu    sync.Mutex
	seen  []int32
	watch watch.Interface
}

func watchSizes(namespace string) *sizes {
	GinkgoHelper()
	w, err := k8s.Watch(ctx, &appsv1.DeploymentList{}, client.InNamespace(namespace))
	Expect(err).NotTo(HaveOccurred())
	s := &sizes{watch: w}
	go func() {
		for event := range w.ResultChan() {
			if d, ok := event.Object.(*appsv1.Deployment); ok {
				s.add(*d.Spec.Replicas)
			}
		}
	}()
	DeferCleanup(w.Stop)
	return s
}

func (s *sizes) add(n int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.seen) == 0 || s.seen[len(s.seen)-1] != n {
		s.seen = append(s.seen, n)
	}
}

func (s *sizes) all() []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.seen)
}

// travel takes the Microservice through the journey. alive is called again and again on the way.
func travel(ms *v1alpha1.Microservice, alive func()) {
	GinkgoHelper()
	for i, s := range journey {
		if i == 0 {
			s.edit(&ms.Spec)
			create(ms)
		} else {
			edit(ms, s.edit)
		}
		arrive(ms, s, alive)
	}
}

// arrive waits until the size is as expected and the Microservice reports it. The autoscaler must have
// had its say, too: it is the one that could disagree.
func arrive(ms *v1alpha1.Microservice, s step, alive func()) {
	GinkgoHelper()
	want := available
	if s.ends == 0 {
		want = "True/Parked"
	}
	Eventually(func() string {
		alive()
		d := &appsv1.Deployment{}
		if err := k8s.Get(ctx, client.ObjectKeyFromObject(ms), d); err != nil {
			return err.Error()
		}
		return fmt.Sprintf("%d %s %s", *d.Spec.Replicas, state(ms)(), autoscalerSays(ms))
	}, time.Minute).Should(Equal(fmt.Sprintf("%d %s settled", s.ends, want)), s.what)
}

// autoscalerSays "settled" where there is none, or it has observed its spec and wants the number that is there.
func autoscalerSays(ms *v1alpha1.Microservice) string {
	hpa := &autoscalingv2.HorizontalPodAutoscaler{}
	wanted := ms.Spec.Autoscaled() && !ms.Spec.ScaledExternally()
	err := k8s.Get(ctx, client.ObjectKeyFromObject(ms), hpa)
	switch {
	case (err == nil) != wanted:
		return "pending"
	case err != nil:
		return "settled"
	case len(hpa.Status.Conditions) == 0 || hpa.Status.CurrentReplicas < *hpa.Spec.MinReplicas || hpa.Status.CurrentReplicas > hpa.Spec.MaxReplicas:
		return "working"
	}
	return "settled"
}

var _ = Describe("The number of replicas", func() {
	const (
		// writesOfJourney is the most that an operator writes on the journey.
		writesOfJourney = 60
		parts           = 5
	)
	wanted := []int32{7, 8, 3, 0, 2, 4, 1, 3}

	It("passes through nothing that nobody asked for", func() {
		ns := newNamespace()
		seen := watchSizes(ns)
		travel(MakeMicroservice(ns, "web"), func() {})
		Eventually(seen.all).Should(Equal(wanted))
		Expect(len(sent(requests, ns))).To(And(BeNumerically(">", 25), BeNumerically("<=", writesOfJourney)))
	})

	It("sends a fixed number only when the autoscaler has been gone for a second: its controller may answer with the old minimum until then", func() {
		ms := MakeMicroservice(newNamespace(), "web")
		autoscaled(3, 5)(&ms.Spec)
		create(ms)
		eventually(ms, available)
		operator.clock.freeze()
		DeferCleanup(func() { operator.clock.run() })
		edit(ms, fixed(2))
		Eventually(exists(ms, &autoscalingv2.HorizontalPodAutoscaler{})).Should(BeFalse())
		Eventually(func() int64 { return stored(ms).Status.ObservedGeneration }).Should(Equal(stored(ms).Generation))
		Expect(*deploymentOf(ms).Spec.Replicas).To(Equal(int32(3)))
		operator.clock.run()
		Eventually(func() int32 { return *deploymentOf(ms).Spec.Replicas }).Should(Equal(int32(2)))
		eventually(ms, available)
	})

	// In several parts, which can run in several processes.
	for part := range parts {
		It(fmt.Sprintf("does so also when the operator dies after any of its writes (part %d of %d)", part+1, parts), func() {
			operator.stop()
			DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
			var journeys sync.WaitGroup
			for n := 1 + part; n <= writesOfJourney; n += parts {
				ns := newNamespace()
				seen := watchSizes(ns)
				journeys.Go(func() {
					defer GinkgoRecover()
					travelWithCrash(ns, n)
					Eventually(seen.all).Should(Equal(wanted), "crash after write %d", n)
				})
			}
			journeys.Wait()
		})
	}
})

// travelWithCrash has the operator die right after its n-th write, before it hears the answer, and another one go on.
func travelWithCrash(namespace string, n int) {
	GinkgoHelper()
	fault := cluster.NewRecorder()
	fault.FailAfter(n)
	o := startOperator(fault.Wrap(operatorConfig), namespace)
	dead := false
	travel(MakeMicroservice(namespace, "web"), func() {
		if fault.Crashed() && !dead {
			dead = true
			o.stop()
			o = startOperator(operatorConfig, namespace)
		}
	})
	o.stop()
	// Its autoscaler would keep the controllers busy for as long as the suite runs.
	Expect(client.IgnoreNotFound(k8s.Delete(ctx, &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "web"}}))).To(Succeed())
}
