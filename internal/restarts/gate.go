// Package restarts decides when pods get new addresses, for which they are restarted. It waits until a system that is created
// piece by piece is complete, and limits the restarts that a changed port number causes.
package restarts

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/unchanged"
)

const (
	// Quiet is how long no address may have changed for a system to count as complete, although some port is unknown.
	Quiet = 2 * time.Second
	// maxSettling bounds that wait: where systems are created and deleted all the time there is never quiet.
	maxSettling = 30 * time.Second
	// turnInterval is how often Microservices that wait for others are reconciled.
	turnInterval = 2 * time.Second
)

// Gate decides which Microservices may restart for new addresses. Its state is in memory: after a restart of the operator they
// wait for quiet again, and backoffs start from zero. It is safe for concurrent use.
type Gate struct {
	limit     int
	clock     clock.PassiveClock
	addresses *unchanged.Since[string]
	settling  *unchanged.Since[struct{}]

	mu sync.Mutex
	// turns are the targets for which a Microservice was let through since it was last observed.
	turns    map[dependency.Key][]dependency.Target
	backoffs map[dependency.Key]map[dependency.Target]backoff
}

// Wait is how long to wait, 0 for not at all, and why.
type Wait struct {
	For    time.Duration
	Reason string
}

// NewGate returns a gate that lets at most limit dependents of one target restart at the same time; 0 is no limit.
func NewGate(limit int, clock clock.PassiveClock) *Gate {
	return &Gate{
		limit:     limit,
		clock:     clock,
		addresses: unchanged.New[string](clock),
		settling:  unchanged.New[struct{}](clock),
		turns:     map[dependency.Key][]dependency.Target{},
		backoffs:  map[dependency.Key]map[dependency.Target]backoff{},
	}
}

// Settle returns how long a Microservice has to wait for the wanted addresses while the port of some target is unknown. changed
// is when an address in its namespace last changed. It may go on when that, and the last change of wanted, are Quiet ago.
func (g *Gate) Settle(key dependency.Key, wanted dependency.Addresses, changed time.Time) Wait {
	waited := g.settling.Observe(key, struct{}{})
	quiet := min(g.addresses.Observe(key, wanted.String()), g.clock.Since(changed))
	left := min(Quiet-quiet, maxSettling-waited)
	if left <= 0 {
		g.settling.Forget(key)
		return Wait{}
	}
	return Wait{For: left, Reason: fmt.Sprintf("waiting until no address has changed for %s", Quiet)}
}

// Turn returns how long a Microservice has to wait whose targets have other ports than its pods know. restarting returns the
// dependents of a target whose pods are being replaced. A Microservice that is let through counts as one of them until it is
// observed again.
func (g *Gate) Turn(key dependency.Key, targets []dependency.Target, restarting func(dependency.Target) (sets.Set[dependency.Key], error)) (Wait, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, target := range targets {
		b := g.backoffs[key][target]
		if left := b.delay - g.clock.Since(b.since); left > 0 {
			return Wait{For: left, Reason: fmt.Sprintf("its port changes often, so dependents are restarted at most once in %s", b.delay)}, nil
		}
	}
	for _, target := range targets {
		full, err := g.full(key, target, restarting)
		if err != nil {
			return Wait{}, err
		}
		if full {
			return Wait{For: turnInterval, Reason: fmt.Sprintf("at most %d dependents of a target are restarted at the same time", g.limit)}, nil
		}
	}
	g.turns[key] = targets
	return Wait{}, nil
}

// full reports whether the limit of restarting dependents of a target is reached.
func (g *Gate) full(key dependency.Key, target dependency.Target, restarting func(dependency.Target) (sets.Set[dependency.Key], error)) (bool, error) {
	if g.limit == 0 {
		return false, nil
	}
	busy, err := restarting(target)
	if err != nil {
		return false, err
	}
	for other, granted := range g.turns {
		if slices.Contains(granted, target) {
			busy.Insert(other)
		}
	}
	return busy.Delete(key).Len() >= g.limit, nil
}

// Observe ends the turn of a Microservice: its Deployment in the cache is newer than that. renumbered are the targets that have
// other ports than its pods know; for all others its pods have been restarted.
func (g *Gate) Observe(key dependency.Key, renumbered []dependency.Target) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, target := range g.turns[key] {
		if slices.Contains(renumbered, target) {
			continue
		}
		if g.backoffs[key] == nil {
			g.backoffs[key] = map[dependency.Target]backoff{}
		}
		g.backoffs[key][target] = g.backoffs[key][target].next(g.clock.Now())
	}
	delete(g.turns, key)
}

// Forget drops the state kept for a Microservice that is gone.
func (g *Gate) Forget(key dependency.Key) {
	g.addresses.Forget(key)
	g.settling.Forget(key)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.turns, key)
	delete(g.backoffs, key)
}
