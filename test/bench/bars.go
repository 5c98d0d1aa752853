package main

import (
	"cmp"
	"fmt"
	"slices"
)

// bar is one line of what the operator may cost at most.
type bar struct {
	Work, Bar, Measured string
	// Met is nil where nothing was measured.
	Met *bool
}

// bars compare a run with what docs/contributing/performance/README.md promises.
func (run *Run) bars() []bar {
	var all []bar
	add := func(work, limit string, found bool, met func() (string, bool)) {
		line := bar{Work: work, Bar: limit, Measured: "not in this run"}
		if found {
			measured, ok := met()
			line.Measured, line.Met = measured, &ok
		}
		all = append(all, line)
	}
	if r := run.last("create-one"); true {
		add("requests to create one Microservice with an autoscaler", "8: 1 per child, 2 status; 0 GET, 0 conflicts", r != nil, func() (string, bool) {
			each := float64(r.writes()) / float64(r.N)
			return fmt.Sprintf("%.2f writes, %d GET, %d conflicts over %d", each, r.reads(), r.conflicts(), r.N),
				each <= 8 && r.reads() == 0 && r.conflicts() == 0
		})
	}
	if r := run.last("no-op"); true {
		add("a reconcile that changes nothing: requests", "0", r != nil, func() (string, bool) {
			n := workOf(r.Requests) + r.sum("list")
			return fmt.Sprintf("%d in %d reconciles; %.0f us of CPU each, with the decoding of the watch event", n, r.N, 1e6*r.CPU/float64(r.N)), n == 0
		})
	}
	run.goBars(add)
	if r := run.last("restart"); true {
		add("restart: writes", "0", r != nil, func() (string, bool) {
			return fmt.Sprintf("%d writes, %d GET with %d in place; %.1f s of CPU", r.writes(), r.reads(), r.Present, r.CPU), r.writes() == 0
		})
	}
	if r := run.last("restart-and-create"); true {
		add("restart, and one is created meanwhile: writes", "8, all for the new one", r != nil, func() (string, bool) {
			return fmt.Sprintf("%d writes, %d GET with %d in place; ready after %.1f s", r.writes(), r.reads(), r.Present, percentile(r.Times, 99)),
				r.writes() > 0 && r.writes() <= 8
		})
	}
	if r := run.last("one-field"); true {
		add("one field changed for the first time since the creation", "4: taking over what the POST owns, the child, 2 status", r != nil, func() (string, bool) {
			each := float64(r.writes()) / float64(r.N)
			return fmt.Sprintf("%.2f writes, %d GET, among %d", each, r.reads(), r.Present), each <= 4
		})
	}
	if r := run.last("random-create"); true {
		add("a graph is created: rollouts beside the first of each Deployment", "0", r != nil, func() (string, bool) {
			return fmt.Sprintf("%d with %d in place", r.Rewritten, r.Present), r.Rewritten == 0
		})
	}
	run.burstBars(add)
	run.memoryBars(add)
	run.serviceBars(add)
	run.hubBars(add)
	return all
}

type addBar func(work, limit string, found bool, met func() (string, bool))

func (run *Run) goBars(add addBar) {
	for _, b := range []struct {
		work, name, limit string
		ns                float64
		allocs            uint64
	}{
		{"a reconcile that changes nothing, among 1,000: time and allocations", "ReconcileInPlace/without,_among_1000_more", "250 us, 1,000 allocations", 250e3, 1000},
		{"the same, with a podTemplate", "ReconcileInPlace/with_a_podTemplate", "250 us, 1,000 allocations", 250e3, 1000},
		{"dependents of one change among 10,000 with 40,000 edges", "FanOut/of_anyone", "1 ms", 1e6, 0},
		{"cycles after an edge change, the same graph", "Cycles/random", "150 ms", 150e6, 0},
	} {
		result := run.benchmark(b.name)
		add(b.work, b.limit, result != nil, func() (string, bool) {
			return fmt.Sprintf("%s, %d allocations", duration(result.NsPerOp), result.AllocsPerOp),
				result.NsPerOp <= b.ns && (b.allocs == 0 || result.AllocsPerOp <= b.allocs)
		})
	}
}

func (run *Run) burstBars(add addBar) {
	ours, bare := run.all("create", run.System), run.all("create", "bare-client")
	found := len(ours) > 0 && len(bare) > 0
	naive := run.all("create", "naive")
	add("create burst: until 99 % are Ready", "1.1 x a CreateOrUpdate reconciler", len(ours) > 0 && len(naive) > 0, func() (string, bool) {
		ratio := median(ratios(ours, naive, func(r *Result) float64 { return percentile(r.Times, 99) }))
		return fmt.Sprintf("%.2f x, median of %d pairs", ratio, min(len(ours), len(naive))), ratio <= 1.1
	})
	add("create burst: CPU of the operator", "2 x a bare client", found, func() (string, bool) {
		ratio := median(ratios(ours, bare, func(r *Result) float64 { return r.CPU / float64(r.N) }))
		return fmt.Sprintf("%.2f x, median of %d pairs", ratio, min(len(ours), len(bare))), ratio <= 2
	})
}

func (run *Run) memoryBars(add addBar) {
	sizes := run.all("memory", run.System)
	slices.SortFunc(sizes, func(a, b *Result) int { return cmp.Compare(a.Present, b.Present) })
	var x, heap []float64
	for _, r := range sizes {
		x, heap = append(x, float64(r.Present)), append(heap, float64(r.Heap))
	}
	add("memory: live heap per Microservice", "40 KiB", len(sizes) > 1, func() (string, bool) {
		_, slope := line(x, heap)
		return fmt.Sprintf("%.1f KiB over 0 to %d", slope/1024, sizes[len(sizes)-1].Present), slope <= 40<<10
	})
	add("memory: base", "50 MiB live heap", len(sizes) > 0, func() (string, bool) {
		r := sizes[0]
		return fmt.Sprintf("%.1f MiB live heap, %.1f MiB resident", mib(r.Heap), mib(r.Resident)), mib(r.Heap) <= 50
	})
	others := run.last("memory-among-others")
	var alone *Result
	if others != nil {
		alone = run.with("memory", others.Present)
	}
	add("memory: beside unrelated objects", "nothing", alone != nil, func() (string, bool) {
		more := mib(others.Heap - alone.Heap)
		return fmt.Sprintf("%+.1f MiB with %d, %s", more, others.Present, run.Unrelated), more <= 1
	})
}

func (run *Run) serviceBars(add addBar) {
	named := run.last("services-named")
	var none, without *Result
	if named != nil {
		none, without = run.with("services", 0), run.with("services", named.N)
	}
	found := none != nil && without != nil
	add("Services that dependencies name: watches", "2 more, for all", found, func() (string, bool) {
		n := named.sum("watch", "services", "endpointslices")
		return fmt.Sprintf("%d more for %d", n, named.N), n <= 2
	})
	add("Services that dependencies name: live heap", "8 KiB each, beside the Microservice", found, func() (string, bool) {
		each := float64((named.Heap-without.Heap)-(without.Heap-none.Heap)) / float64(named.N)
		return fmt.Sprintf("%.1f KiB with %d", each/1024, named.N), each <= 8<<10
	})
}

func (run *Run) hubBars(add addBar) {
	for _, name := range []string{"hub-down", "hub-up"} {
		r := run.last(name)
		add(name+": writes for each dependent", "1.1", r != nil, func() (string, bool) {
			each := float64(r.writes()) / float64(r.N)
			return fmt.Sprintf("%.3f with %d dependents, in %.1f s", each, r.N, r.Settled), each <= 1.1
		})
	}
	r := run.last("hub-unseen")
	add("hub changes in what nobody sees: writes for dependents", "0", r != nil, func() (string, bool) {
		return fmt.Sprintf("%d, beside the hub's own status", max(0, r.writes()-1)), r.writes() <= 1
	})
}
