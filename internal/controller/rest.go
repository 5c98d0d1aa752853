package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// restAfter is how long the numbers of a status must stand still before they are worth a write of their own.
const restAfter = 3 * time.Second

// restTimer knows since when a status that is not written yet says the same.
type restTimer struct {
	mu      sync.Mutex
	waiting map[types.NamespacedName]unwritten
}

type unwritten struct {
	status *v1alpha1.MicroserviceStatus
	since  time.Time
}

// wait is how much longer the status must stay as it is; 0 when it has stood still long enough.
func (t *restTimer) wait(key types.NamespacedName, next *v1alpha1.MicroserviceStatus, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.waiting == nil {
		t.waiting = map[types.NamespacedName]unwritten{}
	}
	known, ok := t.waiting[key]
	if !ok || !sameNumbers(known.status, next) {
		t.waiting[key] = unwritten{status: next, since: now}
		return restAfter
	}
	return max(0, restAfter-now.Sub(known.since))
}

func (t *restTimer) forget(key types.NamespacedName) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.waiting, key)
}

func sameNumbers(a, b *v1alpha1.MicroserviceStatus) bool {
	return a.Replicas == b.Replicas && a.ReadyReplicas == b.ReadyReplicas &&
		a.UpdatedReplicas == b.UpdatedReplicas && a.AvailableReplicas == b.AvailableReplicas &&
		equality.Semantic.DeepEqual(messages(a), messages(b))
}

func messages(s *v1alpha1.MicroserviceStatus) []string {
	var all []string
	for _, c := range s.Conditions {
		all = append(all, c.Message)
	}
	return all
}
