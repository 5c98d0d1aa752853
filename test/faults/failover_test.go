package faults

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// The lease: who does not hear of the leader for 15 s tries, every second with a jitter of up to 1.2 times as much again.
const (
	leaseDuration = 15 * time.Second
	retryPeriod   = time.Second
	jitter        = 1.2
	// atWork is what starting to work may take once the lease is held.
	atWork = 3 * time.Second
)

// pair are two managers that compete for the lease of one namespace, under load.
type pair struct {
	*Run
	operators [2]*Operator
	proxies   [2]*Proxy
}

// openPair starts them, and has users change the image of web ten times a second until the test is over.
func openPair(t *testing.T) *pair {
	t.Helper()
	s := env.openFor(t, Options{LeaderElection: true})
	proxy, err := StartProxy(env.Config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Stop)
	second, err := RunOperator(env.Program, proxy, t.TempDir(), s.args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := second.Stop(); err != nil {
			t.Error(err)
		}
	})
	p := &pair{Run: s, operators: [2]*Operator{s.Operator, second}, proxies: [2]*Proxy{s.Proxy, proxy}}
	s.change(t, create("web", func(*v1alpha1.MicroserviceSpec) {}))
	go p.load(t.Context())
	return p
}

// leader is the one that wrote last.
func (p *pair) leader(t *testing.T) int {
	t.Helper()
	leader := 0
	p.until(t, "somebody leads", func() bool {
		var last [2]time.Time
		for i, proxy := range p.proxies {
			if sent := proxy.Sent(writes); len(sent) > 0 {
				last[i] = sent[len(sent)-1].At
			}
		}
		leader = last[1].Compare(last[0])
		return leader != 0
	})
	return max(leader, 0)
}

// load changes the image of web until the context ends.
func (p *pair) load(ctx context.Context) {
	for i := 0; ctx.Err() == nil; i++ {
		_ = edit("web", func(s *v1alpha1.MicroserviceSpec) { s.Image = fmt.Sprintf("example.com/web:%d", i) })(ctx, env.Kube, p.Namespace)
		time.Sleep(100 * time.Millisecond)
	}
}

// next is how long after a moment the first write of a manager came.
func (p *pair) next(t *testing.T, i int, from time.Time) time.Duration {
	t.Helper()
	var pause time.Duration
	p.until(t, "the other manager takes over", func() bool {
		for _, sent := range p.proxies[i].Sent(writes) {
			if sent.At.After(from) {
				pause = sent.At.Sub(from)
				return true
			}
		}
		return false
	})
	return pause
}

// TestFailOver has the leader go under load, at once and politely (F13). FAULTS=full does each twenty times.
func TestFailOver(t *testing.T) {
	t.Parallel()
	times := 2
	if full() {
		times = 20
	}
	for _, way := range []struct {
		name string
		end  func(*Operator)
		// longest is how long nobody may write.
		longest time.Duration
	}{
		{"killed", (*Operator).Vanish, leaseDuration + time.Duration(float64(retryPeriod)*(1+jitter)) + atWork},
		{"asked to end", (*Operator).Leave, 3 * time.Second},
	} {
		t.Run(way.name, func(t *testing.T) {
			t.Parallel()
			p := openPair(t)
			var took []time.Duration
			for range times {
				time.Sleep(time.Second)
				leader := p.leader(t)
				from := time.Now()
				way.end(p.operators[leader])
				pause := p.next(t, 1-leader, from)
				if pause > way.longest {
					t.Errorf("nobody wrote for %v, more than %v", pause, way.longest)
				}
				took = append(took, pause)
				p.operators[leader].Return()
				time.Sleep(3 * time.Second) // the old leader is back, as a follower
			}
			slices.Sort(took)
			t.Logf("%d times: median %v, longest %v", times, took[len(took)/2], took[len(took)-1])
		})
	}
}
