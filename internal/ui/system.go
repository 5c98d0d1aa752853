// Package ui is the local web page of kubectl msvc ui: a system of Microservices with its live health. It only reads, with the rights of
// who starts it, and answers on the loopback interface alone. What the page shows comes from package explain.
package ui

import (
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// Scope is what the page is about.
type Scope struct {
	// Context is the kubeconfig's, or the folders of the files.
	Context string `json:"context"`
	// Namespace is the one to begin with, empty for all.
	Namespace string `json:"namespace"`
	// Files is set if the system is read from files.
	Files bool `json:"files,omitempty"`
}

// Comparison is what a system is compared with.
type Comparison struct {
	// Base is the earlier system.
	Base explain.World
	// Diffs are what becomes of the objects of a Microservice, as unified differences.
	Diffs map[dependency.Key]string
}

// System is what is known of all Microservices, as it changes. It is safe for concurrent use.
type System struct {
	scope      Scope
	comparison *Comparison
	now        func() time.Time

	mu            sync.Mutex
	microservices map[dependency.Key]*v1alpha1.Microservice
	// only is the namespace that the user may read, if it is not all of them.
	only    string
	changes changes
	// problem is why the system may be out of date, empty if it is not.
	problem     string
	subscribers map[chan struct{}]struct{}
}

// NewSystem returns a system of these Microservices, which Watch changes. comparison is nil for none.
func NewSystem(scope Scope, comparison *Comparison, all ...*v1alpha1.Microservice) *System {
	return &System{
		scope: scope, comparison: comparison, now: time.Now,
		microservices: explain.NewWorld(all...).Microservices, subscribers: map[chan struct{}]struct{}{},
	}
}

// Subscribe returns a channel that tells that something has changed since it was last read, until cancel is called.
func (s *System) Subscribe() (changed <-chan struct{}, cancel func()) {
	c := make(chan struct{}, 1)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.subscribers[c] = struct{}{}
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.subscribers, c)
	}
}

// notify is called with the lock.
func (s *System) notify() {
	for c := range s.subscribers {
		select {
		case c <- struct{}{}:
		default: // it has not read the last one yet
		}
	}
}

// set records a Microservice as it is now. What was there at the beginning is no change, unless it happened shortly before.
func (s *System) set(ms *v1alpha1.Microservice, atStart bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := dependency.KeyOf(ms)
	if atStart {
		s.changes.begin(ms, s.now())
	} else {
		s.changes.compare(s.microservices[key], ms, s.now())
	}
	s.microservices[key] = ms
	s.notify()
}

// remove records that a Microservice is gone.
func (s *System) remove(key dependency.Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.microservices[key] != nil {
		s.changes.add(Event{At: s.now(), ID: key.String(), Look: "missing", Words: "deleted"})
		delete(s.microservices, key)
		s.notify()
	}
}

// setProblem records why the system may be out of date.
func (s *System) setProblem(problem string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.problem != problem {
		s.problem = problem
		s.notify()
	}
}

// moment is a system at one time.
type moment struct {
	world   explain.World
	events  []Event
	problem string
}

// moment returns the system as it is now. Its Microservices are shared, and must not be modified.
func (s *System) moment() moment {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := explain.NewWorld()
	maps.Copy(w.Microservices, s.microservices)
	if s.only != "" {
		w.HideOthers(s.only)
	}
	return moment{world: w, events: s.changes.since(s.now().Add(-remembered)), problem: s.problem}
}

// graph returns the graph of the Microservices of a namespace, empty for all, with what a comparison found.
func (s *System) graph(w explain.World, namespace string) explain.Graph {
	g := graphOf(w, namespace)
	if s.comparison == nil {
		return g
	}
	changed := sets.New[string]()
	for key := range s.comparison.Diffs {
		changed.Insert(key.String())
	}
	return explain.Compare(graphOf(s.comparison.Base, namespace), g, changed)
}

func graphOf(w explain.World, namespace string) explain.Graph {
	if namespace == "" {
		return explain.NewGraph(w)
	}
	part := explain.NewWorld()
	for key, ms := range w.Microservices {
		if key.Namespace == namespace {
			part.Microservices[key] = ms
		}
	}
	return explain.NewGraph(part)
}

// why answers from what is known. What is not known does not exist: the watch delivers all that the user may read.
func why(w explain.World, key dependency.Key) explain.Answer {
	for {
		answer := explain.Why(w, key)
		if len(answer.Load) == 0 {
			return answer
		}
		w.Absent.Insert(answer.Load...)
	}
}

// ready returns since when the condition Ready has been as it is, and its message.
func ready(ms *v1alpha1.Microservice) (since time.Time, message string) {
	if c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady); c != nil {
		return c.LastTransitionTime.Time, c.Message
	}
	return ms.CreationTimestamp.Time, "no status yet"
}
