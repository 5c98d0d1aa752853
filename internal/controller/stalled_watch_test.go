package controller

import (
	"io"
	"net/http"
	"strings"
	"sync"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var _ = Describe("A watch that stands still", func() {
	var watches *tap

	BeforeEach(func() {
		operator.stop()
		DeferCleanup(func() { operator = startOperator(requests.Wrap(operatorConfig)) })
		watches = &tap{}
	})
	start := func(workers int, namespaces ...string) *runningOperator {
		o := startOperatorWith(requests.Wrap(watches.Wrap(operatorConfig)), func(o *ctrl.Options) {
			o.Controller.MaxConcurrentReconciles = workers
		}, namespaces...)
		DeferCleanup(func() { o.stop() })
		return o
	}

	It("holds no worker, and is read past after a while", func() {
		ns := newNamespace()
		o := start(1, ns)
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		release := watches.hold("deployments", ns)
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(ms, rollingOut)
		By("changing it again, while the cache does not have the last write")
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:3" })
		By("serving another one meanwhile, with the only worker")
		other := MakeMicroservice(ns, "other")
		create(other)
		Eventually(exists(other, &appsv1.Deployment{})).Should(BeTrue())
		Expect(reconcileOnce(o, ms).RequeueAfter).To(And(BeNumerically(">", settledAfter), BeNumerically("<=", staleAfter)), "it waits for the event")
		Expect(imageOf(ms)).To(Equal("example.com/web:2"))
		By("waiting for longer")
		o.clock.forward(staleAfter)
		_, err := o.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
		Expect(err).NotTo(HaveOccurred())
		Expect(imageOf(ms)).To(Equal("example.com/web:3"))
		By("hearing of everything at last")
		release()
		eventually(ms, available)
		eventually(other, available)
		settled(ns)
		Expect(count(sentFor(ms), deploymentWrite)).To(Equal(2))
		Expect(count(sentFor(ms), policyWrite)).To(BeZero())
		Expect(count(sentFor(other), "create deployments")).To(Equal(1))
	})

	It("is not taken for another namespace's, which goes on", func() {
		late, other := newNamespace(), newNamespace()
		o := start(8, late, other)
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
		Expect(reconcileOnce(o, ms).RequeueAfter).To(BeNumerically(">", 0))
		Expect(sent(requests, late)).To(Equal([]string{"apply microservices/status"}))
		release()
		Eventually(func() ctrl.Result { return reconcileOnce(o, ms) }).Should(Or(BeZero(), HaveField("RequeueAfter", BeNumerically("<=", settledAfter))))
		Expect(sent(requests, late)).To(Equal([]string{"apply microservices/status"}))
		Eventually(func() int { return count(eventReasons(late, "web")(), "Unavailable") }).Should(Equal(1))
	})

	It("does not keep an autoscaler that is gone", func() {
		ns := newNamespace()
		o := start(1, ns)
		ms := MakeMicroservice(ns, "web")
		ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(2)), MaxReplicas: 5}
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		defer watches.hold("horizontalpodautoscalers", ns)()
		edit(ms, func(s *v1alpha1.MicroserviceSpec) { s.Autoscaling, s.Replicas = nil, new(int32(4)) })
		Eventually(func() []string { return sentFor(ms) }).Should(ContainElement("delete horizontalpodautoscalers"))
		o.clock.forward(staleAfter)
		Eventually(func() int32 {
			reconcileOnce(o, ms)
			return *deploymentOf(ms).Spec.Replicas
		}).Should(BeEquivalentTo(4))
		Expect(count(sentFor(ms), "delete horizontalpodautoscalers")).To(Equal(1))
	})

	It("has a status that was computed from an older object refused, and computed again", func() {
		ns := newNamespace()
		start(1, ns)
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		release := watches.hold("microservices", ns)
		By("changing what the cache does not hear of, and what the status says")
		before := ms.DeepCopy()
		ms.Annotations = map[string]string{"example.com/note": "changed"}
		Expect(k8s.Patch(ctx, ms, client.MergeFrom(before))).To(Succeed())
		makePods(ms, false)
		Eventually(func() []string { return sent(requests, ns) }).Should(ContainElement("apply microservices/status -> 409"))
		Expect(state(ms)()).To(Equal(available))
		release()
		eventually(ms, "False/Unavailable Reconciling")
		Expect(stored(ms).Annotations).To(HaveKey("example.com/note"))
	})

	It("has a status computed again whose answer was lost", func() {
		ns := newNamespace()
		answers := &losing{}
		DeferCleanup(startOperator(requests.Wrap(answers.Wrap(watches.Wrap(operatorConfig))), ns).stop)
		ms := MakeMicroservice(ns, "web")
		create(ms)
		eventually(ms, available)
		settled(ns)
		before := succeeded()
		release := watches.hold("microservices", ns)
		By("losing the answer to the write of a child, and to the status that says so")
		answers.lose(policyWrite, statusWrite)
		policy := &networkingv1.NetworkPolicy{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), policy)).To(Succeed())
		was := policy.DeepCopy()
		policy.Spec.PolicyTypes = policy.Spec.PolicyTypes[:1]
		Expect(k8s.Patch(ctx, policy, client.MergeFrom(was))).To(Succeed())
		eventually(ms, "False/ApplyFailed Reconciling")
		By("trying again: the child is in place, and so is the status in the cache")
		Eventually(succeeded).Should(BeNumerically(">", before))
		release()
		eventually(ms, available)
	})
})

// losing loses answers: what was sent is done, and the client hears nothing of it.
type losing struct {
	mu sync.Mutex
	// requests are those whose next answer is lost, as "verb resource".
	requests sets.Set[string]
}

// lose loses the next answer to each of the requests.
func (l *losing) lose(requests ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = sets.New(requests...)
}

// Wrap makes clients of the config lose answers.
func (l *losing) Wrap(config *rest.Config) *rest.Config {
	return cluster.Intercept(config, func(next http.RoundTripper, q *http.Request) (*http.Response, error) {
		answer, err := next.RoundTrip(q)
		request := cluster.ParseRequest(q, nil)
		what := request.Verb + " " + request.Resource
		l.mu.Lock()
		defer l.mu.Unlock()
		if err != nil || !l.requests.Has(what) {
			return answer, err
		}
		l.requests.Delete(what)
		_ = answer.Body.Close()
		return nil, io.ErrUnexpectedEOF
	})
}

// reconcileOnce calls Reconcile by hand. A worker may be at the same Microservice, and then what one of them writes is
// refused.
func reconcileOnce(o *runningOperator, ms *v1alpha1.Microservice) ctrl.Result {
	GinkgoHelper()
	result, err := o.reconciler.Reconcile(ctx, ctrl.Request{NamespacedName: client.ObjectKeyFromObject(ms)})
	if !apierrors.IsConflict(err) {
		Expect(err).NotTo(HaveOccurred())
	}
	return result
}

func imageOf(ms *v1alpha1.Microservice) string {
	GinkgoHelper()
	return deploymentOf(ms).Spec.Template.Spec.Containers[0].Image
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
