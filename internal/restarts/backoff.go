package restarts

import "time"

// The first change of a port restarts at once. The next one waits for firstBackoff since then, the others for twice as long
// each time.
const (
	firstBackoff = 30 * time.Second
	maxBackoff   = 10 * time.Minute
)

// backoff is how long pods are not restarted for a target, since they were for the last time. The zero value is not at all.
type backoff struct {
	since time.Time
	delay time.Duration
}

// next returns the one after a restart now. Who has been quiet for twice the longest time begins anew.
func (b backoff) next(now time.Time) backoff {
	if b.delay == 0 || now.Sub(b.since) > 2*maxBackoff {
		return backoff{since: now, delay: firstBackoff}
	}
	return backoff{since: now, delay: min(2*b.delay, maxBackoff)}
}
