package topology

import (
	"context"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// betweenSearches is the minimum time between two searches for cycles: a burst of edits causes one search.
const betweenSearches = time.Second

// cycleDetector finds the cycles of the whole graph. It searches again only after an edge changed, not for a change of health.
type cycleDetector struct {
	index      graphIndex
	namespaces namespaceReader

	mu       sync.Mutex
	searched bool
	byMember map[dependency.Key]*dependency.Cycle
	outdated chan struct{}
}

func newCycleDetector(index graphIndex, namespaces namespaceReader) *cycleDetector {
	return &cycleDetector{index: index, namespaces: namespaces, outdated: make(chan struct{}, 1)}
}

// search reads all Microservices and returns the cycles by member.
func (c *cycleDetector) search(ctx context.Context) (map[dependency.Key]*dependency.Cycle, error) {
	all, err := c.index.list(ctx)
	if err != nil {
		return nil, err
	}
	selected := sets.New[string]()
	if slices.ContainsFunc(all, dependency.SelectsNamespaces) {
		selected = namespacesOf(all)
	}
	namespaces, err := c.namespaces.labels(ctx, selected)
	if err != nil {
		return nil, err
	}
	return dependency.Cycles(all, namespaces), nil
}

// get returns the cycle of a Microservice, or nil. The first call searches, so that no status is written without it.
func (c *cycleDetector) get(ctx context.Context, key dependency.Key) (*dependency.Cycle, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.searched {
		found, err := c.search(ctx)
		if err != nil {
			return nil, err
		}
		c.byMember, c.searched = found, true
	}
	return c.byMember[key], nil
}

// invalidate schedules another search.
func (c *cycleDetector) invalidate() {
	select {
	case c.outdated <- struct{}{}:
	default: // one search is due already
	}
}

// run searches when needed and reports the Microservices whose cycle changed.
func (c *cycleDetector) run(ctx context.Context, changed func(...dependency.Key)) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.outdated:
		}
		found, err := c.search(ctx)
		if err != nil {
			log.FromContext(ctx).Error(err, "Search for dependency cycles failed")
			c.invalidate()
		} else {
			changed(difference(c.replace(found), found)...)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(betweenSearches):
		}
	}
}

// replace stores the cycles and returns the previous ones.
func (c *cycleDetector) replace(found map[dependency.Key]*dependency.Cycle) map[dependency.Key]*dependency.Cycle {
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.byMember
	c.byMember, c.searched = found, true
	return before
}

// difference returns the Microservices whose cycle changed. Two cycles are compared once, not once for each member.
func difference(before, after map[dependency.Key]*dependency.Cycle) []dependency.Key {
	same := map[[2]*dependency.Cycle]bool{}
	changed := sets.New[dependency.Key]()
	for _, members := range []map[dependency.Key]*dependency.Cycle{before, after} {
		for key := range members {
			pair := [2]*dependency.Cycle{before[key], after[key]}
			if _, compared := same[pair]; !compared {
				same[pair] = pair[0].Equal(pair[1])
			}
			if !same[pair] {
				changed.Insert(key)
			}
		}
	}
	return changed.UnsortedList()
}
