package reachability_test

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
)

var graphs = flag.Int("graphs", 200, "how many random graphs to judge")

// explainedEvery is how many connections pass between two that can-reach is asked about, too: it explains, which takes longer.
const explainedEvery = 101

// maxFailures bounds what is printed of one graph: one fault is often seen on a thousand connections.
const maxFailures = 3

// tally is what was judged, so that a test that judges nothing does not pass.
type tally struct {
	sync.Mutex
	graphs, judged, allowed int
	// ruled are those that have a Microservice's pod at an end: the others no policy can stop.
	ruled, ruledAllowed int
	// reasons count the ruled ones that were allowed, by why each end allowed them.
	reasons map[string]int
}

func (t *tally) count(c connection, r reasons) {
	t.judged++
	if r.allow() {
		t.allowed++
	}
	if c.from.microservice == (key{}) && c.to.microservice == (key{}) {
		return
	}
	t.ruled++
	if r.allow() {
		t.ruledAllowed++
		t.reasons[r.egress]++
		t.reasons[r.ingress]++
	}
}

func (t *tally) add(other *tally) {
	t.Lock()
	defer t.Unlock()
	t.graphs += other.graphs
	t.judged, t.allowed = t.judged+other.judged, t.allowed+other.allowed
	t.ruled, t.ruledAllowed = t.ruled+other.ruled, t.ruledAllowed+other.ruledAllowed
	for reason, n := range other.reasons {
		t.reasons[reason] += n
	}
}

// Engine and model agree on every connection of many random graphs. A failure names the seed of its graph:
// -run 'Random/seed=17$' makes that one again.
func TestRandomGraphs(t *testing.T) {
	total := &tally{reasons: map[string]int{}}
	for seed := range uint64(*graphs) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			total.add(judge(t, generate(seed)))
		})
	}
	t.Cleanup(func() { total.report(t) })
}

// report is for all graphs: of a few one cannot say what should be in them.
func (t *tally) report(test *testing.T) {
	test.Helper()
	test.Logf("%d graphs: %d connections judged, %d allowed", t.graphs, t.judged, t.allowed)
	test.Logf("%d of them from or to a Microservice, %d allowed, because of", t.ruled, t.ruledAllowed)
	for _, reason := range slices.Sorted(maps.Keys(t.reasons)) {
		test.Logf("  %-50s %d", reason, t.reasons[reason])
	}
	if t.graphs == *graphs && t.graphs >= 100 {
		t.check(test)
	}
}

// judge asks engine and model about every connection of a world.
func judge(t *testing.T, w *world) *tally {
	built := build(t, w)
	peers := peersOf(w, built)
	e, m := newEngine(w, built, peers), newModel(w)
	counts := &tally{graphs: 1, reasons: map[string]int{}}
	failures := 0
	w.connections(peers, func(c connection) {
		got, want := e.allows(c), m.judge(c)
		counts.count(c, want)
		if counts.judged%explainedEvery == 0 {
			if explained, err := e.explained(w, c); err != nil || explained != got {
				t.Errorf("can-reach says %t, %v: %s", explained, err, disagreement(c, got, want, built))
			}
		}
		if got == want.allow() {
			return
		}
		if failures++; failures <= maxFailures {
			t.Error(disagreement(c, got, want, built))
		}
	})
	if failures > maxFailures {
		t.Errorf("and %d more disagreements", failures-maxFailures)
	}
	return counts
}

// check sees that everything that opens a way was there, often.
func (t *tally) check(test *testing.T) {
	test.Helper()
	if t.ruled < 20_000*t.graphs || t.ruledAllowed < 2_000*t.graphs || t.ruledAllowed > t.ruled/2 {
		test.Errorf("%d connections from or to a Microservice, %d allowed: that proves little", t.ruled, t.ruledAllowed)
	}
	for _, reason := range everyReason {
		if t.reasons[reason] < t.graphs {
			test.Errorf("%d connections were allowed because of %q: that proves little", t.reasons[reason], reason)
		}
	}
}

// everyReason is all that model.egress and model.ingress may say.
var everyReason = []string{
	"the sender has no policy", "the sender's egress is not isolated", "DNS", "an admitted dependency", "an admitted dependency, by its Service", "a plain Service",
	"a plain Service, by the name of a port", "a network outside", "anywhere outside", "a pod that looks like outside",
	"a raw egress rule", "the receiver has no policy", "the receiver is not isolated", "an admitted dependent",
	"a published port", "a scraper", "a raw ingress rule", "the collector of traces", "the mesh's port beside that of a plain Service",
}
