package ui

import (
	"sync"
	"time"
)

// idle counts the pages that are open, and tells when there has been none for a while.
type idle struct {
	mu    sync.Mutex
	open  int
	limit time.Duration
	timer *time.Timer
}

// newIdle calls over when no page has been open for as long as limit, 0 for never.
func newIdle(limit time.Duration, over func()) *idle {
	i := &idle{limit: limit}
	if limit > 0 {
		i.timer = time.AfterFunc(limit, over)
	}
	return i
}

// enter counts a page until leave is called.
func (i *idle) enter() (leave func()) {
	i.count(1)
	return func() { i.count(-1) }
}

func (i *idle) count(n int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.open += n
	switch {
	case i.timer == nil:
	case i.open > 0:
		i.timer.Stop()
	default:
		i.timer.Reset(i.limit)
	}
}
