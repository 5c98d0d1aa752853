package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// traffic is what testdata/traffic.yaml starts in a namespace: the Microservice load calls web at a constant rate, each time with a
// new connection, and tally counts the calls.
type traffic struct{ namespace string }

// calls are what tally has counted: calls that have ended, and those without the answer 200.
type calls struct {
	Sent, Lost int
	Last       string
}

// startTraffic waits until calls are answered.
func startTraffic(ctx context.Context, namespace string) *traffic {
	GinkgoHelper()
	apply(ctx, "testdata/traffic.yaml", namespace)
	t := &traffic{namespace}
	for _, name := range []string{"tally", "web", "load"} {
		ready(ctx, namespace, name)
	}
	t.pass(ctx, 1)
	return t
}

// counted asks the tally.
func (t *traffic) counted(ctx context.Context) (calls, error) {
	pod, err := readyPod(ctx, t.namespace, "tally")
	if err != nil {
		return calls{}, err
	}
	said, err := inPod(ctx, pod, "get", "http://127.0.0.1:8090/")
	if err != nil {
		return calls{}, fmt.Errorf("asking the tally: %w: %s", err, said)
	}
	var c calls
	return c, json.Unmarshal([]byte(said), &c)
}

// pass waits until n more calls have been sent, and returns what has been counted then.
func (t *traffic) pass(ctx context.Context, n int) calls {
	GinkgoHelper()
	first, now := -1, calls{}
	Eventually(ctx, func() (int, error) {
		var err error
		if now, err = t.counted(ctx); err != nil {
			return 0, err
		}
		if first < 0 {
			first = now.Sent
		}
		return now.Sent - first, nil
	}).Should(BeNumerically(">=", n), "calls of namespace %s", t.namespace)
	return now
}

// during returns the calls from before a change until it is done and 50 calls more have ended, and reports them.
func (t *traffic) during(ctx context.Context, what string, change func()) calls {
	GinkgoHelper()
	before := t.pass(ctx, 1)
	begin := time.Now()
	change()
	after := t.pass(ctx, 50)
	c := calls{Sent: after.Sent - before.Sent, Lost: after.Lost - before.Lost}
	if c.Lost > 0 {
		c.Last = after.Last
	}
	AddReportEntry(what, fmt.Sprintf("%d of %d requests lost, in %s %s", c.Lost, c.Sent, time.Since(begin).Round(time.Second), c.Last))
	return c
}

// lossless expects that none is lost until the Microservice web runs as its spec says, with the new pods alone.
func (t *traffic) lossless(ctx context.Context, what string, change func()) {
	GinkgoHelper()
	c := t.during(ctx, what, func() {
		GinkgoHelper()
		change()
		settled(ctx, t.namespace, "web")
	})
	Expect(c.Lost).To(BeZero(), "%s: of %d requests, and the last one: %s", what, c.Sent, c.Last)
}

// settled waits until a Microservice is Ready for what its spec says now, and its old pods are gone.
func settled(ctx context.Context, namespace, name string) {
	GinkgoHelper()
	awaitReason(ctx, namespace, name, v1alpha1.ReasonAvailable)
	ready(ctx, namespace, name)
}

// awaitReason waits until Ready has a reason and words for the newest spec, and returns its message.
func awaitReason(ctx context.Context, namespace, name, reason string, words ...string) string {
	GinkgoHelper()
	var message string
	Eventually(ctx, func(g Gomega) {
		ms := &v1alpha1.Microservice{}
		g.Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, ms)).To(Succeed())
		c := apimeta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
		g.Expect(c).NotTo(BeNil())
		g.Expect(c.ObservedGeneration).To(Equal(ms.Generation), "the operator has not seen the newest spec")
		g.Expect(c.Reason).To(Equal(reason), "%s/%s: %s", namespace, name, c.Message)
		for _, said := range words {
			g.Expect(c.Message).To(ContainSubstring(said))
		}
		message = c.Message
	}).Should(Succeed())
	return message
}
