package controller

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A watch that stands still", func() {
	const timeout = time.Second

	var watches *tap
	impatient := func(workers int) func(*ctrl.Options) {
		return func(o *ctrl.Options) {
			o.Controller.ReconciliationTimeout, o.Controller.MaxConcurrentReconciles = timeout, workers
		}
	}

	BeforeEach(func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		watches = &tap{}
	})

	It("is not taken for another namespace's, which goes on", func() {
		late, other := newNamespace(), newNamespace()
		o := startOperatorWith(requests.Wrap(watches.Wrap(operatorConfig)), impatient(8), late, other)
		defer o.stop()
		ms := MakeMicroservice(late, "web")
		create(ms)
		eventually(ms, available)
		settled(late)
		requests.Reset()
		release := watches.hold("microservices", late)
		By("writing a status that the cache does not hear of")
		makePods(ms, false)
		eventually(ms, "False/Unavailable Reconciling")
		By("having the other namespace hear of later writes")
		ahead := MakeMicroservice(other, "ahead")
		create(ahead)
		eventually(ahead, available)
		Expect(lookOnce(o, ms, timeout)).To(Succeed())
		Expect(sent(requests, late)).To(Equal([]string{"apply microservices/status", "get microservices"}), "it looks past the cache")
		release()
		Eventually(func() error { return lookOnce(o, ms, timeout) }).Should(Succeed())
		Expect(sent(requests, late)).To(Equal([]string{"apply microservices/status", "get microservices"}))
		Eventually(eventReasons(late, "web")).Should(ConsistOf("RollingOut", "Available", "Unavailable"))
	})

	It("holds a worker for a moment only, is looked past, and costs nothing in the end", func() {
		ns := newNamespace()
		o := startOperatorWith(requests.Wrap(watches.Wrap(operatorConfig)), impatient(1), ns)
		defer o.stop()
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		release := watches.hold("deployments", ns)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, rollingOut)
		By("having the only worker wait for a write that it does not hear of")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:3" })
		Eventually(func() string { return deploymentOf(ms).Spec.Template.Spec.Containers[0].Image }, 5*timeout).Should(Equal("example.com/web:3"))
		Expect(logs.linesAbout(ns)).To(ContainElement(ContainSubstring("Looking past the cache")))
		By("looking after another one in between")
		other := MakeMicroservice(ns, "other")
		create(other)
		Eventually(exists(other, &appsv1.Deployment{}), 5*timeout).Should(BeTrue())
		By("hearing of everything at last")
		release()
		eventually(ms, available)
		eventually(other, available)
		silence(ns)
		Expect(count(sentFor(ms), deploymentWrite)).To(Equal(2))
		Expect(count(sentFor(ms), policyWrite)).To(BeZero())
		Expect(sentFor(other)).To(Or( // it stands back with its first report when the worker has the first one to look at
			ConsistOf("apply serviceaccounts", policyWrite, "apply services", deploymentWrite, statusWrite),
			ConsistOf("apply serviceaccounts", policyWrite, "apply services", deploymentWrite, statusWrite, statusWrite),
		))
	})

	It("does not keep an autoscaler that is gone", func() {
		ns := newNamespace()
		o := startOperatorWith(requests.Wrap(watches.Wrap(operatorConfig)), impatient(1), ns)
		defer o.stop()
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(2)), MaxReplicas: 5}
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		defer watches.hold("horizontalpodautoscalers", ns)()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Autoscaling, s.Replicas = nil, new(int32(4)) })
		Eventually(func() int32 { return *deploymentOf(ms).Spec.Replicas }, 5*timeout).Should(BeEquivalentTo(4))
		Expect(count(sentFor(ms), "delete horizontalpodautoscalers")).To(Equal(1))
	})

	It("lets dependents hear of what no event tells, once", func() {
		ns := newNamespace()
		o := startOperatorWith(requests.Wrap(watches.Wrap(operatorConfig)), impatient(2), ns)
		defer o.stop()
		chicken, egg := MakeMicroservice(ns, "chicken"), MakeMicroservice(ns, "egg")
		chicken.Spec.Dependencies = []v1alpha1.Dependency{{Name: "egg"}}
		egg.Spec.Dependencies = []v1alpha1.Dependency{{Name: "chicken"}}
		create(chicken)
		create(egg)
		eventually(chicken, available)
		eventually(egg, available)
		settled(ns)
		defer watches.hold("microservices", ns)()
		for _, ms := range []*v1alpha1.Microservice{chicken, egg} {
			makePods(ms, false)
			eventually(ms, "False/Unavailable Reconciling")
		}
		for _, ms := range []*v1alpha1.Microservice{chicken, egg} {
			Expect(lookOnce(o, ms, timeout)).To(Succeed())
		}
		Eventually(dependencyState(chicken, "egg")).Should(HavePrefix("NotReady"))
		Eventually(dependencyState(egg, "chicken")).Should(HavePrefix("NotReady"))
		By("not telling each other for ever")
		time.Sleep(2 * restAfter) // numbers that move are written when they rest
		silence(ns)
	})
})

func lookOnce(o *runningOperator, ms *v1alpha1.Microservice, timeout time.Duration) error {
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := o.reconciler.Reconcile(limited, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
	return err
}

// tap can hold back what the watches of one resource in one namespace tell.
type tap struct {
	mu sync.Mutex
	// held is the end of the paths of those watches; opened is closed when they go on.
	held   string
	opened chan struct{}
}

// hold begins now. What it returns ends it.
func (t *tap) hold(resource, namespace string) (release func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held, t.opened = "/namespaces/"+namespace+"/"+resource, make(chan struct{})
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.held = ""
		close(t.opened)
	})
}

// Wrap makes the tap guard the watches of clients of the config.
func (t *tap) Wrap(config *rest.Config) *rest.Config {
	return cluster.Intercept(config, func(next http.RoundTripper, q *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(q)
		if err == nil && q.URL.Query().Has("watch") {
			answer.Body = &tappedBody{ReadCloser: answer.Body, tap: t, request: q}
		}
		return answer, err
	})
}

type tappedBody struct {
	io.ReadCloser
	tap     *tap
	request *http.Request
}

// Read waits with what it has read: a read may have begun before the tap was closed.
func (b *tappedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.tap.mu.Lock()
	held := b.tap.held != "" && strings.HasSuffix(b.request.URL.Path, b.tap.held)
	opened := b.tap.opened
	b.tap.mu.Unlock()
	if held {
		select {
		case <-opened:
		case <-b.request.Context().Done():
		}
	}
	return n, err
}
