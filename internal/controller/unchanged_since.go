package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// unchangedSince tells since when something of each Microservice has had the same value. It is safe for concurrent use.
type unchangedSince[T comparable] struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	values map[types.NamespacedName]timed[T]
}

type timed[T comparable] struct {
	value T
	since time.Time
}

// observe records a value, and returns for how long it has been the same; 0 when it was another before.
func (u *unchangedSince[T]) observe(key types.NamespacedName, value T) time.Duration {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.values == nil {
		u.values = map[types.NamespacedName]timed[T]{}
	}
	if last, found := u.values[key]; found && last.value == value {
		return u.clock.Since(last.since)
	}
	u.values[key] = timed[T]{value: value, since: u.clock.Now()}
	return 0
}

// since returns for how long the last value has been the same; false if none is recorded.
func (u *unchangedSince[T]) since(key types.NamespacedName) (time.Duration, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	last, found := u.values[key]
	return u.clock.Since(last.since), found
}

func (u *unchangedSince[T]) forget(key types.NamespacedName) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.values, key)
}
