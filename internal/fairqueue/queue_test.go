package fairqueue

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

func startQueue(t *testing.T) *queue {
	t.Helper()
	limiter := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](time.Millisecond, time.Second)
	q := New("", limiter).(*queue)
	t.Cleanup(q.ShutDown)
	return q
}

func item(namespace string, i int) reconcile.Request {
	return reconcile.Request{NamespacedName: types.NamespacedName{Namespace: namespace, Name: fmt.Sprint(i)}}
}

// take hands out n items.
func take(t *testing.T, q *queue, n int) []string {
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

func TestQueueServesNamespacesInTurn(t *testing.T) {
	q := startQueue(t)
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
func TestQueueCountsAnItemOnce(t *testing.T) {
	q := startQueue(t)
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
func TestQueueStarvesNobody(t *testing.T) {
	q := startQueue(t)
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

func TestQueueKeepsLowPriorityLast(t *testing.T) {
	q := startQueue(t)
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
