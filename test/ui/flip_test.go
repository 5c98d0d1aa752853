package ui_test

import (
	"slices"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// setReady changes the status as the operator does.
func setReady(ms *v1alpha1.Microservice, ready bool) {
	c := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable, Message: "1 of 1 replicas are available"}
	ms.Status.Replicas, ms.Status.AvailableReplicas = 1, 1
	if !ready {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "0 of 1 replicas are available, at least 1 are needed"
		ms.Status.AvailableReplicas = 0
	}
	ms.Status.ObservedGeneration = ms.Generation
	meta.SetStatusCondition(&ms.Status.Conditions, c)
}

// painted has the page keep when each look of a card was painted.
func painted(id string) string {
	return `{
		const card = ` + card(id) + `;
		window.paintings = [];
		new MutationObserver(() => {
			const look = card.getAttribute('class');
			requestAnimationFrame(() => setTimeout(() => window.paintings.push({look, at: performance.timeOrigin + performance.now()})));
		}).observe(card, {attributes: true, attributeFilter: ['class']});
	}`
}

// testFlip: a change of a status is seen within 200 ms, from when the API server has it. One follows the other at once, so that each has
// to wait for what the server sends together.
func (l *live) testFlip(t *testing.T) {
	const namespace, flips, bound = "flips", 20, 200 * time.Millisecond
	l.newNamespace(t, namespace)
	ms := wrappers.MakeMicroservice(namespace, "web")
	l.create(t, ms)
	p := open(t, l.browser, l.serve(t, "-n", namespace), laptop)
	p.await(t, card(namespace+"/web"))
	p.do(t, painted(namespace+"/web"))
	var took []time.Duration
	for i := range flips {
		look := []string{"ready", "notready"}[i%2]
		setReady(ms, look == "ready")
		l.status(t, ms)
		acknowledged := time.Now()
		p.await(t, "window.paintings.some((painting) => painting.look.split(' ').includes("+quoted(look)+"))")
		at := read[float64](t, p, "window.paintings.splice(0).find((painting) => painting.look.split(' ').includes("+quoted(look)+")).at")
		took = append(took, time.UnixMicro(int64(at*1000)).Sub(acknowledged))
	}
	slices.Sort(took)
	median := took[len(took)/2]
	t.Logf("%d flips were painted within %s, %s, %s (least, median, most)", flips, took[0], median, took[len(took)-1])
	if *timed && median > bound {
		t.Errorf("half of the flips took %s and more, want less than %s: %v", median, bound, took)
	}
}
