package faults

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// TestZombieLeader stops the leader for longer than its lease lasts, and has it go on when another leads (F14). It ends,
// and at most the write that it was about to send arrives.
func TestZombieLeader(t *testing.T) {
	t.Parallel()
	p := openPair(t)
	ms := MakeMicroservice(p.Namespace, "web")
	if err := lab.Kube.Create(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	go p.load(ctx, ms)
	leader := p.leader(t)
	zombie := p.operators[leader]
	zombie.Pause()
	p.next(t, 1-leader, time.Now())
	before, starts := len(p.proxies[leader].Sent(writes)), zombie.Starts()
	zombie.Resume()
	for range 400 {
		if zombie.Starts() > starts {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	if zombie.Starts() == starts {
		t.Fatal("who lost the lease goes on")
	}
	if ends := zombie.Ends(); len(ends) != 1 || !strings.Contains(ends[0], "leader election lost") {
		t.Errorf("it ended with %q", ends)
	}
	// One write for each worker may have been on its way; here there is one Microservice, and so one worker.
	if after := p.proxies[leader].Sent(writes); len(after) > before+1 {
		t.Errorf("it wrote %d times after another led: %v", len(after)-before, after[before:])
	}
}
