package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// handoverAfter is how long after the end of an autoscaler the number of replicas is sent. Its controller works from a
// cache of its own, and for a moment may still answer a new number with the autoscaler's.
const handoverAfter = time.Second

// handovers knows whose autoscaler has just been deleted.
type handovers struct {
	mu    sync.Mutex
	since map[types.NamespacedName]time.Time
}

// begin is called when an autoscaler has been deleted.
func (h *handovers) begin(key types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since == nil {
		h.since = map[types.NamespacedName]time.Time{}
	}
	h.since[key] = time.Now()
}

// left is how long the number has to wait; 0 is not any more.
func (h *handovers) left(key types.NamespacedName) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	since, found := h.since[key]
	if !found {
		return 0
	}
	left := handoverAfter - time.Since(since)
	if left <= 0 {
		delete(h.since, key)
		return 0
	}
	return left
}

func (h *handovers) forget(key types.NamespacedName) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.since, key)
}
