// Package fairqueue serves namespaces in turn.
package fairqueue

import (
	"sync"
	"time"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// queue serves namespaces in turn, so that a namespace with a thousand changes does not delay the others. It is start-time fair
// queueing (Goyal, Vin and Cheng, 1996) with items of one size: each item is stamped with the turn in which it would be served
// if all waiting namespaces were served at the same rate, and the lowest stamp is next. Nobody starves: stamps do not change,
// and later ones are higher. Items with low priority, such as all of them at the start, come after the others, in order.
type queue struct {
	priorityqueue.PriorityQueue[reconcile.Request]

	mu sync.Mutex
	// turns is the stamp of the last item that was handed out.
	turns int
	// last is the highest stamp of each namespace, if it is not in the past.
	last map[string]int
	// stamped are the stamps of the items that wait for a worker.
	stamped map[reconcile.Request]int
}

// lowest is the priority of all items with low priority, below every stamp.
const lowest = -1 << 62

// New returns a queue. It is the NewQueue of controller.Options; name is used for metrics.
func New(name string, limiter workqueue.TypedRateLimiter[reconcile.Request]) workqueue.TypedRateLimitingInterface[reconcile.Request] {
	return &queue{
		PriorityQueue: priorityqueue.New(name, func(o *priorityqueue.Opts[reconcile.Request]) { o.RateLimiter = limiter }),
		last:          map[string]int{},
		stamped:       map[reconcile.Request]int{},
	}
}

// AddWithOpts adds items with their stamps.
func (q *queue) AddWithOpts(o priorityqueue.AddOpts, items ...reconcile.Request) {
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

// stamp returns the stamp of an item. A delayed item does not count as waiting yet.
func (q *queue) stamp(item reconcile.Request, later bool) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	if stamp, waits := q.stamped[item]; waits {
		return stamp
	}
	stamp := max(q.turns, q.last[item.Namespace]) + 1
	if !later {
		q.last[item.Namespace], q.stamped[item] = stamp, stamp
	}
	return stamp
}

// Add adds an item without options.
func (q *queue) Add(item reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{}, item)
}

// AddAfter adds an item with a delay.
func (q *queue) AddAfter(item reconcile.Request, after time.Duration) {
	q.AddWithOpts(priorityqueue.AddOpts{After: after}, item)
}

// AddRateLimited adds an item for a retry.
func (q *queue) AddRateLimited(item reconcile.Request) {
	q.AddWithOpts(priorityqueue.AddOpts{RateLimited: true}, item)
}

// GetWithPriority returns the priority that the item was added with, not its stamp: the item may be added again with it.
func (q *queue) GetWithPriority() (reconcile.Request, int, bool) {
	item, priority, shutdown := q.PriorityQueue.GetWithPriority()
	if shutdown {
		return item, priority, shutdown
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.stamped, item)
	if priority == lowest {
		return item, handler.LowPriority, false
	}
	q.turns = max(q.turns, -priority)
	if q.last[item.Namespace] <= q.turns {
		delete(q.last, item.Namespace)
	}
	return item, 0, false
}

// Get returns the next item.
func (q *queue) Get() (reconcile.Request, bool) {
	item, _, shutdown := q.GetWithPriority()
	return item, shutdown
}
