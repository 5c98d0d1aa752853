package controller

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// stopwatch knows since when something of a Microservice has been what it is. It is safe for concurrent use.
type stopwatch[T comparable] struct {
	mu    sync.Mutex
	known map[types.NamespacedName]lap[T]
}

type lap[T comparable] struct {
	value T
	since time.Time
}

// of is how long it has been that value; 0 when it was another before.
func (s *stopwatch[T]) of(key types.NamespacedName, value T) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[types.NamespacedName]lap[T]{}
	}
	if at, found := s.known[key]; found && at.value == value {
		return time.Since(at.since)
	}
	s.known[key] = lap[T]{value: value, since: time.Now()}
	return 0
}

// running is how long it has been what it is, where that is known.
func (s *stopwatch[T]) running(key types.NamespacedName) (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, found := s.known[key]
	return time.Since(at.since), found
}

func (s *stopwatch[T]) forget(key types.NamespacedName) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.known, key)
}
