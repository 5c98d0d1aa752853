package main

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// plan are the sizes of a series.
type plan struct {
	// burst is how many are created at once; pairs is how often that is done beside the bare client, others how often the
	// other baselines are.
	burst, pairs, others int
	// bigBurst is created once; 0 is not.
	bigBurst int
	// sizes are at which memory is weighed.
	sizes []int
	// many is the size, one of sizes, at which the operator is left alone, asked for nothing, and started again.
	many int
	// unrelated is how many Deployments, Secrets and ConfigMaps there are, of each.
	unrelated int
	steady    time.Duration
	// churn is how many changes are sent, one each churnEvery.
	churn      int
	churnEvery time.Duration
	flood      int
	hub        int
	chain      int
	graph      int
	rollouts   int
	// services is how many depend on a Service of their own.
	services int
	shards   int
}

var plans = map[string]plan{
	"short": {
		burst: 1000, pairs: 3, others: 1,
		sizes: []int{500, 1500}, many: 1500, unrelated: 500, steady: 15 * time.Second,
		churn: 400, churnEvery: 50 * time.Millisecond, flood: 500,
		hub: 1000, chain: 50, graph: 500, rollouts: 50, services: 200, shards: 200,
	},
	"full": {
		burst: 1000, pairs: 7, others: 2, bigBurst: 5000,
		sizes: []int{1000, 2500, 5000, 10000}, many: 5000, unrelated: 20000, steady: 5 * time.Minute,
		churn: 3600, churnEvery: 50 * time.Millisecond, flood: 2000,
		hub: 1000, chain: 500, graph: 5000, rollouts: 200, services: 1000, shards: 1000,
	},
}

// overrides are what is said of a plan on the command line; what is zero stays as the series has it.
type overrides struct {
	burst, pairs int
	sizes        string
	steady       time.Duration
}

// planOf is that of a series, with what was said otherwise.
func planOf(series string, o overrides) (plan, error) {
	p, found := plans[series]
	if !found {
		return plan{}, fmt.Errorf("-series=%q: must be short or full", series)
	}
	if o.burst < 0 || o.pairs < 0 || o.steady < 0 {
		return plan{}, fmt.Errorf("-burst=%d -pairs=%d -steady=%s: none may be below 0: leave out what the series shall say", o.burst, o.pairs, o.steady)
	}
	if o.burst > 0 {
		p.burst, p.bigBurst = o.burst, 0
	}
	if o.pairs > 0 {
		p.pairs, p.others = o.pairs, o.pairs
	}
	if o.steady > 0 {
		p.steady = o.steady
	}
	if o.sizes == "" {
		return p, nil
	}
	p.sizes = nil
	for _, word := range split(o.sizes) {
		size, err := strconv.Atoi(word)
		if err != nil || size <= 0 || (len(p.sizes) > 0 && size <= slices.Max(p.sizes)) {
			return plan{}, fmt.Errorf("-sizes=%q: %q is no number above 0 and above those before it: write them as 100,500", o.sizes, word)
		}
		p.sizes, p.many = append(p.sizes, size), size
	}
	if len(p.sizes) == 0 {
		return plan{}, fmt.Errorf("-sizes=%q: has no number: write them as 100,500", o.sizes)
	}
	return p, nil
}

// turn are the systems of a round of the burst. Every other round goes the other way, so that nobody always comes first.
func (b *bench) turn(round int) []*System {
	turn := []*System{b.system}
	for i, s := range b.baselines {
		if i == 0 || round < b.plan.others {
			turn = append(turn, s)
		}
	}
	if round%2 == 1 {
		slices.Reverse(turn)
	}
	return turn
}
