// Package unchanged tracks since when a value has not changed.
package unchanged

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
)

// Since tracks, per object, since when a value has not changed. Its state is in memory. It is safe for concurrent use.
type Since[T comparable] struct {
	clock clock.PassiveClock

	mu     sync.Mutex
	values map[types.NamespacedName]timed[T]
}

type timed[T comparable] struct {
	value T
	since time.Time
}

// New returns an empty tracker.
func New[T comparable](clock clock.PassiveClock) *Since[T] {
	return &Since[T]{clock: clock, values: map[types.NamespacedName]timed[T]{}}
}

// Observe records a value and returns for how long it has not changed, 0 if it changed now.
func (s *Since[T]) Observe(key types.NamespacedName, value T) time.Duration {
	return s.ObserveFrom(key, value, s.clock.Now())
}

// ObserveFrom does the same, but takes the time of the first value from the caller; the zero time means unknown.
func (s *Since[T]) ObserveFrom(key types.NamespacedName, value T, first time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, found := s.values[key]
	switch {
	case !found && !first.IsZero():
		last = timed[T]{value: value, since: first}
	case !found || last.value != value:
		last = timed[T]{value: value, since: s.clock.Now()}
	}
	s.values[key] = last
	return max(s.clock.Since(last.since), 0)
}

// For returns for how long the last value has not changed; false if none is recorded.
func (s *Since[T]) For(key types.NamespacedName) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last, found := s.values[key]
	return s.clock.Since(last.since), found
}

// Forget drops the value of an object.
func (s *Since[T]) Forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.values, key)
}
