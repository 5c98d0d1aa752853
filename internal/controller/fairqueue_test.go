package controller

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

func startFairQueue(t *testing.T) *fairQueue {
	t.Helper()
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](time.Millisecond, time.Second)
	q := newFairQueue("", limiter).(*fairQueue)
	t.Cleanup(q.ShutDown)
	return q
}

func item(namespace string, i int) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: fmt.Sprint(i)}}
}

// take hands out n items.
func take(t *testing.T, q *fairQueue, n int) []string {
	t.Helper()
	var names []string
	for range n {
		got, shutdown := q.Get()
		if shutdown {
			t.Fatal("the queue is shut down")
		}
		names = append(names, got.String())
		q.Done(got)
	}
	return names
}

func TestFairQueueServesNamespacesInTurn(t *testing.T) {
	q := startFairQueue(t)
	for i := range 1000 {
		q.Add(item("flood", i))
	}
	take(t, q, 100)
	for i := range 3 {
		q.Add(item("calm", i))
	}
	got := take(t, q, 7)
	for i, name := range []string{"calm/0", "calm/1", "calm/2"} {
		if at := indexOf(got, name); at < 0 || at > 2*i+1 {
			t.Errorf("%s is number %d of %v", name, at, got)
		}
	}
	if rest := take(t, q, 896); rest[len(rest)-1] != "flood/999" {
		t.Errorf("the last is %s", rest[len(rest)-1])
	}
	if q.Len() != 0 || len(q.stamped) != 0 || len(q.last) != 0 {
		t.Errorf("%d items, %d stamps and %d namespaces are left", q.Len(), len(q.stamped), len(q.last))
	}
}

func indexOf(all []string, one string) int {
	for i, name := range all {
		if name == one {
			return i
		}
	}
	return -1
}

// Ten events about one Microservice are one turn, not ten.
func TestFairQueueCountsAnItemOnce(t *testing.T) {
	q := startFairQueue(t)
	for range 10 {
		q.Add(item("a", 0))
	}
	q.Add(item("b", 0))
	q.Add(item("a", 1))
	q.Add(item("b", 1))
	got := take(t, q, 4)
	if indexOf(got, "a/1") < 2 || indexOf(got, "b/1") < 2 || indexOf(got, "a/1") > indexOf(got, "b/1") {
		t.Errorf("handed out %v", got)
	}
}

// A namespace that changes more and more does not have its own first ones wait for ever, nor those of others.
func TestFairQueueStarvesNobody(t *testing.T) {
	q := startFairQueue(t)
	for i := range 50 {
		q.Add(item("burst", i))
	}
	served := map[string]bool{}
	for i := range 200 {
		q.Add(item("flood", 2*i))
		q.Add(item("flood", 2*i+1))
		served[take(t, q, 1)[0]] = true
	}
	for _, name := range []string{"burst/49", "flood/0", "flood/50"} {
		if !served[name] {
			t.Errorf("%s is not served after 200 turns", name)
		}
	}
}

func TestFairQueueKeepsLowPriorityLast(t *testing.T) {
	q := startFairQueue(t)
	q.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, item("a", 0), item("b", 0))
	for i := range 10 {
		q.Add(item("c", i))
	}
	q.Add(item("b", 0)) // an edit
	got := take(t, q, 12)
	if indexOf(got, "a/0") != 11 || indexOf(got, "b/0") == 11 {
		t.Errorf("handed out %v", got)
	}
	q.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, item("a", 0))
	if _, priority, _ := q.GetWithPriority(); priority != handler.LowPriority {
		t.Errorf("the priority is %d, want %d: a retry would come before edits", priority, handler.LowPriority)
	}
}

// Only what waits for a worker now has others stand back: two reports that stood back for a retry would go round for as
// long as it takes.
func TestFairQueueKnowsWhoWaits(t *testing.T) {
	q := startFairQueue(t)
	if q.waits("a") {
		t.Error("somebody waits in an empty queue")
	}
	q.AddAfter(item("a", 0), time.Hour)
	q.AddWithOpts(priorityqueue.AddOpts{After: time.Hour, RateLimited: true}, item("a", 1))
	q.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, item("a", 2))
	q.Add(item("b", 0))
	if q.waits("a") {
		t.Error("what comes later, or last, counts as waiting")
	}
	q.Add(item("a", 3))
	q.Add(item("a", 2))
	if !q.waits("a") || !q.waits("b") {
		t.Error("nobody waits")
	}
	take(t, q, 3)
	if q.waits("a") || q.waits("b") || len(q.stamped) != 0 {
		t.Errorf("what was handed out waits: %v, %v", q.last, q.stamped)
	}
}

// What is worked on is not waiting, even where it is to be looked at again: who stood back for it would go round until it
// is done.
func TestFairQueueDoesNotWaitForWhatIsWorkedOn(t *testing.T) {
	q := startFairQueue(t)
	q.Add(item("a", 0))
	got, _ := q.Get()
	q.Add(got)
	if q.waits("a") {
		t.Error("what is worked on waits")
	}
	q.Done(got)
	if !q.waits("a") {
		t.Error("what is to be looked at again does not wait")
	}
	take(t, q, 1)
	if q.waits("a") || len(q.stamped)+len(q.waiting)+len(q.busy) != 0 {
		t.Errorf("%v, %v and %v are left", q.stamped, q.waiting, q.busy)
	}
}
