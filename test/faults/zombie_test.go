package faults

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestZombieLeader stops the leader for longer than its lease lasts, and has it go on when another leads (F14). It ends,
// and at most the write that it was about to send arrives.
func TestZombieLeader(t *testing.T) {
	t.Parallel()
	p := openPair(t)
	leader := p.leader(t)
	zombie := p.operators[leader]
	zombie.Pause()
	p.next(t, 1-leader, time.Now())
	arrived := func(r cluster.Request) bool { return writes(r) && r.Code < http.StatusMultipleChoices }
	before, starts := len(p.proxies[leader].Sent(arrived)), zombie.Starts()
	zombie.Resume()
	p.until(t, "who lost the lease ends", func() bool { return zombie.Starts() > starts })
	if ends := zombie.Ends(); len(ends) != 1 || !strings.Contains(ends[0], "leader election lost") {
		t.Errorf("it ended with %q", ends)
	}
	// One write for each worker may have been on its way; here there is one Microservice, and so one worker.
	if after := p.proxies[leader].Sent(arrived); len(after) > before+1 {
		t.Errorf("it wrote %d times after another led: %v", len(after)-before, after[before:])
	}
}
