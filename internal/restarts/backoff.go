package restarts

import "time"

// The first change of a port restarts dependents at once, the next one after firstBackoff, each later one after twice as long.
const (
	firstBackoff = 30 * time.Second
	maxBackoff   = 10 * time.Minute
)

// backoff is how long pods are not restarted again for a target. The zero value allows a restart at once.
type backoff struct {
	since time.Time
	delay time.Duration
}

// next returns the backoff after a restart now. A target without changes for twice the longest delay starts again from zero.
func (b backoff) next(now time.Time) backoff {
	if b.delay == 0 || now.Sub(b.since) > 2*maxBackoff {
		return backoff{since: now, delay: firstBackoff}
	}
	return backoff{since: now, delay: min(2*b.delay, maxBackoff)}
}
