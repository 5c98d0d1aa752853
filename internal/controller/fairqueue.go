package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// fairQueue serves namespaces in turn, so that one that changes a thousand Microservices does not have the others wait
// for them. It is start-time fair queueing (Goyal, Vin and Cheng, 1996) with items of one size: each item is stamped with
// the turn in which it would be served if all namespaces that wait were served at the same rate, and the lowest stamp is
// next. Nobody starves: a stamp that was given stays, and later ones are higher.
// What has low priority, such as everything at the start, comes after the rest as before, in its order.
type fairQueue struct {
	priorityqueue.PriorityQueue[reconcile.Request]

	mu sync.Mutex
	// turn is that of the last item that was handed out.
	turn int
	// last is the highest stamp of each namespace, where it is not in the past.
	last map[string]int
	// stamped are the items that are to be looked at now, with their stamps; waiting is how many of them nobody works on,
	// by namespace, and busy are the items that somebody works on.
	stamped map[reconcile.Request]int
	waiting map[string]int
	busy    sets.Set[reconcile.Request]
}

// lowest is the priority of everything that has low priority: below every stamp.
const lowest = -1 << 62

func newFairQueue(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	return &fairQueue{
		PriorityQueue: priorityqueue.New(name, func(o *priorityqueue.Opts[reconcile.Request]) { o.RateLimiter = limiter }),
		last:          map[string]int{},
		stamped:       map[reconcile.Request]int{},
		waiting:       map[string]int{},
		busy:          sets.New[reconcile.Request](),
	}
}

// AddWithOpts stamps what is not stamped yet.
func (q *fairQueue) AddWithOpts(o priorityqueue.AddOpts, items ...reconcile.Request) {
	if o.Priority != nil && *o.Priority < 0 {
		o.Priority = new(lowest)
		q.PriorityQueue.AddWithOpts(o, items...)
		return
	}
	for _, item := range items {
		o.Priority = new(-q.stamp(item, o.After > 0 || o.RateLimited))
		q.PriorityQueue.AddWithOpts(o, item)
	}
}

// stamp notes what is to be served now. What comes later does not wait yet, and has nobody stand behind it.
func (q *fairQueue) stamp(item reconcile.Request, later bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if stamp, waits := q.stamped[item]; waits {
		return stamp
	}
	stamp := max(q.turn, q.last[item.Namespace]) + 1
	if !later {
		q.last[item.Namespace], q.stamped[item] = stamp, stamp
		if !q.busy.Has(item) {
			q.waiting[item.Namespace]++
		}
	}
	return stamp
}

// waits says that something of the namespace waits for a worker that does not have low priority.
func (q *fairQueue) waits(namespace string) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.waiting[namespace] > 0
}

// Add is AddWithOpts without options.
func (q *fairQueue) Add(item reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{}, item)
}

// AddAfter is AddWithOpts with a delay.
func (q *fairQueue) AddAfter(item reconcile.Request, after time.Duration) {
	q.AddWithOpts(priorityqueue.AddOpts{After: after}, item)
}

// AddRateLimited is AddWithOpts for a retry.
func (q *fairQueue) AddRateLimited(item reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{RateLimited: true}, item)
}

// GetWithPriority gives the priority with which the item was added, not its stamp: it is added again with that.
func (q *fairQueue) GetWithPriority() (reconcile.Request, int, bool) {
	item, priority, shutdown := q.PriorityQueue.GetWithPriority()
	if shutdown {
		return item, priority, shutdown
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.handOut(item)
	if priority == lowest {
		return item, handler.LowPriority, false
	}
	q.turn = max(q.turn, -priority)
	if q.last[item.Namespace] <= q.turn {
		delete(q.last, item.Namespace)
	}
	return item, 0, false
}

func (q *fairQueue) handOut(item reconcile.Request) {
	q.busy.Insert(item)
	if _, stamped := q.stamped[item]; !stamped {
		return
	}
	delete(q.stamped, item)
	if q.waiting[item.Namespace]--; q.waiting[item.Namespace] == 0 {
		delete(q.waiting, item.Namespace)
	}
}

// Done lets an item that was added meanwhile wait.
func (q *fairQueue) Done(item reconcile.Request) {
	q.mu.Lock()
	q.busy.Delete(item)
	if _, again := q.stamped[item]; again {
		q.waiting[item.Namespace]++
	}
	q.mu.Unlock()
	q.PriorityQueue.Done(item)
}

// Get is GetWithPriority without the priority.
func (q *fairQueue) Get() (reconcile.Request, bool) {
	item, _, shutdown := q.GetWithPriority()
	return item, shutdown
}
