package topology

import (
	"sync"
	"time"

	"k8s.io/utils/clock"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// arrivals records, per namespace, when the address of a Microservice last changed, since the operator started.
type arrivals struct {
	clock clock.PassiveClock

	mu   sync.Mutex
	last map[string]time.Time
}

func (a *arrivals) observe(before, after *v1alpha1.Microservice) {
	if !dependency.AddressChanged(before, after) {
		return
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.last[after.Namespace] = a.clock.Now()
}

// LastArrival returns when the address of a Microservice in a namespace last changed; the zero time means not since the
// operator started.
func (r *Resolver) LastArrival(namespace string) time.Time {
	r.arrivals.mu.Lock()
	defer r.arrivals.mu.Unlock()
	return r.arrivals.last[namespace]
}
