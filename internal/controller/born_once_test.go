package controller

import (
	"fmt"
	"math/rand"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A system that is applied at once", func() {
	var ns string

	BeforeEach(func() {
		ns = newNamespace()
		// However slow the machine is, there is no time in which the system could count as complete.
		operator.clock.freeze()
		DeferCleanup(func() { operator.clock.run() })
	})

	// revisions returns how many templates each Deployment has had.
	revisions := func() map[string]int {
		sets := &appsv1.ReplicaSetList{}
		Expect(k8s.List(ctx, sets, client.InNamespace(ns))).To(Succeed())
		n := map[string]int{}
		for i := range sets.Items {
			n[sets.Items[i].Labels[v1alpha1.LabelName]]++
		}
		return n
	}
	once := func(all []*v1alpha1.Microservice) map[string]int {
		n := map[string]int{}
		for _, ms := range all {
			n[ms.Name] = 1
		}
		return n
	}

	It("is rolled out once, in the worst order", func() {
		shop := onlineBoutique(ns)
		for _, ms := range dependentsFirst(shop) {
			create(ms)
		}
		for _, ms := range shop {
			eventually(ms, available)
		}
		operator.clock.run()
		settled(ns)
		Expect(revisions()).To(Equal(once(shop)))
	})

	for seed := range 4 {
		It(fmt.Sprintf("is rolled out once, whatever its graph and its order are, also when the operator dies on the way (%d)", seed), func() {
			random := rand.New(rand.NewSource(int64(seed)))
			system := randomSystem(random, ns, 4+random.Intn(12))
			dies := random.Intn(len(system))
			for i, ms := range system {
				create(ms)
				if i == dies {
					operator.stop()
					operator = startOperator(requests.Wrap(operatorConfig))
					operator.clock.freeze()
				}
			}
			for _, ms := range system {
				eventually(ms, available)
			}
			operator.clock.run()
			settled(ns)
			Expect(revisions()).To(Equal(once(system)))
		})
	}

	It("says what the first start waits for, and starts without what never comes", func() {
		orders := naming(ns, "orders", "payments", "ghost")
		create(orders)
		eventually(orders, held)
		create(MakeMicroservice(ns, "payments"))
		Eventually(dependencyState(orders, "payments")).Should(HavePrefix("Ready"))
		Expect(exists(orders, &appsv1.Deployment{})()).To(BeFalse())
		Expect(message(orders)).To(Equal(fmt.Sprintf(
			"The first start waits for ghost (NotFound): There is no Microservice %s/ghost; waiting until no address has changed for 2s", ns)))
		operator.clock.run()
		eventually(orders, available)
		settled(ns)
		Expect(revisions()).To(HaveKeyWithValue("orders", 1))
		Expect(variables(orders)).To(HaveKeyWithValue("PAYMENTS_PORT", "80"))
	})

	It("restarts a dependent once for targets that come late, one after the other", func() {
		targets := []string{"ghost"}
		for i := range 10 {
			targets = append(targets, fmt.Sprintf("late-%d", i))
		}
		orders := naming(ns, "orders", targets...)
		create(orders)
		eventually(orders, held)
		operator.clock.run()
		eventually(orders, available)
		operator.clock.freeze()
		for _, name := range targets[1:] {
			late := MakeMicroservice(ns, name)
			create(late)
			eventually(late, available)
		}
		Eventually(dependencyState(orders, "late-9")).Should(Equal(
			"NotReady: The pods still have the old address, and will be restarted with http://late-9." + ns + ".svc:80: waiting until no address has changed for 2s"))
		Expect(variables(orders)).NotTo(HaveKey("LATE_0_PORT"))
		operator.clock.run()
		Eventually(func() map[string]string { return variables(orders) }).Should(HaveKeyWithValue("LATE_9_PORT", "80"))
		eventually(orders, available)
		Eventually(dependencyState(orders, "late-9")).Should(HavePrefix("Ready"))
		settled(ns)
		Expect(revisions()).To(HaveKeyWithValue("orders", 2))
	})

	It("does not hold an edit, and takes with it what waits", func() {
		orders := naming(ns, "orders", "payments", "ghost")
		create(orders)
		eventually(orders, held)
		operator.clock.run()
		eventually(orders, available)
		operator.clock.freeze()
		create(MakeMicroservice(ns, "payments"))
		Eventually(dependencyState(orders, "payments")).Should(ContainSubstring("still have the old address"))
		edit(orders, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		Eventually(func() string { return deploymentOf(orders).Spec.Template.Spec.Containers[0].Image }).Should(Equal("example.com/web:2"))
		eventually(orders, available)
		Expect(variables(orders)).To(HaveKeyWithValue("PAYMENTS_PORT", "80"))
		operator.clock.run()
		settled(ns)
		Expect(revisions()).To(HaveKeyWithValue("orders", 2))
	})

	It("does not wait where it is parked or all is there, and waits no second time after a Deployment is deleted", func() {
		create(MakeMicroservice(ns, "payments"))
		orders := naming(ns, "orders", "payments")
		create(orders)
		eventually(orders, available)
		Expect(eventReasons(ns, "orders")()).NotTo(ContainElement(v1alpha1.ReasonWaitingForDependency))
		edit(orders, func(s *v1alpha1.MicroserviceSpec) {
			s.Dependencies = append(s.Dependencies, v1alpha1.Dependency{Name: "ghost"})
		})
		Eventually(func() map[string]string { return variables(orders) }).Should(HaveKey("GHOST_HOST"))
		eventually(orders, available)
		deleteDeployment(orders)
	})
})

// dependentsFirst sorts a system so that whatever is named comes after all that name it, but for cycles.
func dependentsFirst(system []*v1alpha1.Microservice) []*v1alpha1.Microservice {
	byName, done := map[string]*v1alpha1.Microservice{}, map[string]bool{}
	for _, ms := range system {
		byName[ms.Name] = ms
	}
	var sorted []*v1alpha1.Microservice
	var visit func(ms *v1alpha1.Microservice)
	visit = func(ms *v1alpha1.Microservice) {
		if ms == nil || done[ms.Name] {
			return
		}
		done[ms.Name] = true
		for _, d := range ms.Spec.Dependencies {
			visit(byName[d.Name])
		}
		sorted = append([]*v1alpha1.Microservice{ms}, sorted...)
	}
	for _, ms := range system {
		visit(ms)
	}
	return sorted
}

// randomSystem returns Microservices that depend on each other at random, also in cycles, in a random order.
func randomSystem(random *rand.Rand, namespace string, n int) []*v1alpha1.Microservice {
	var system []*v1alpha1.Microservice
	for i := range n {
		var targets []string
		for target := range n {
			if target != i && random.Intn(n) < 3 {
				targets = append(targets, fmt.Sprintf("m%d", target))
			}
		}
		system = append(system, naming(namespace, fmt.Sprintf("m%d", i), targets...))
	}
	random.Shuffle(n, func(i, j int) { system[i], system[j] = system[j], system[i] })
	return system
}

var _ = Describe("A hub whose port gets another number", func() {
	const dependents = 200

	It("restarts at most 10 of its dependents at a time, and each once, also when the operator dies on the way", func() {
		ns := newNamespace()
		hub := MakeMicroservice(ns, "hub")
		create(hub)
		var all []*v1alpha1.Microservice
		for i := range dependents {
			ms := naming(ns, fmt.Sprintf("d%03d", i), "hub")
			ms.Spec.Ports = nil
			create(ms)
			all = append(all, ms)
		}
		for _, ms := range all {
			eventually(ms, available)
		}
		settled(ns)

		restarts := watchRestarts(ns)
		edit(hub, func(s *v1alpha1.MicroserviceSpec) { s.Ports[0].Port = 81 })
		Eventually(dependencyState(all[dependents-1], "hub"), time.Minute).Should(Or(
			ContainSubstring("at most 10 dependents of a target are restarted at the same time"), Equal("Ready")))
		Eventually(restarts.begun, time.Minute).Should(BeNumerically(">=", dependents/10))
		operator.stop()
		operator = startOperator(requests.Wrap(operatorConfig))
		for _, ms := range all {
			Eventually(func() map[string]string { return variables(ms) }, 5*time.Minute).Should(HaveKeyWithValue("HUB_PORT", "81"))
			eventually(ms, available)
		}
		settled(ns)
		restarts.stop()
		Expect(restarts.most).To(And(BeNumerically(">", 1), BeNumerically("<=", 10)))
		Expect(restarts.begun()).To(Equal(dependents))
	})
})

// restartWatch watches the Deployments of a namespace, of which all are at rest.
type restartWatch struct {
	watch watch.Interface
	done  chan struct{}
	now   map[string]bool
	// most is how many were being rolled out at the same time, began how often one began to be.
	most  int
	began atomic.Int64
}

func (r *restartWatch) begun() int { return int(r.began.Load()) }

func watchRestarts(namespace string) *restartWatch {
	GinkgoHelper()
	w, err := k8s.Watch(ctx, &appsv1.DeploymentList{}, client.InNamespace(namespace))
	Expect(err).NotTo(HaveOccurred())
	r := &restartWatch{watch: w, done: make(chan struct{}), now: map[string]bool{}}
	go func() {
		defer close(r.done)
		for event := range w.ResultChan() {
			if d, ok := event.Object.(*appsv1.Deployment); ok {
				r.observe(d)
			}
		}
	}()
	DeferCleanup(w.Stop)
	return r
}

func (r *restartWatch) observe(d *appsv1.Deployment) {
	if status.CountersSettled(d) {
		delete(r.now, d.Name)
		return
	}
	if !r.now[d.Name] {
		r.began.Add(1)
	}
	r.now[d.Name] = true
	r.most = max(r.most, len(r.now))
}

// stop ends the watch, after which nothing changes any more.
func (r *restartWatch) stop() {
	r.watch.Stop()
	<-r.done
}
