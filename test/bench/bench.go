package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// bench is one series of measurements.
type bench struct {
	out string
	// profiles is the folder for CPU profiles; empty takes none.
	profiles string
	// keepLogs is the folder for the operators' logs; empty keeps none.
	keepLogs  string
	series    string
	plan      plan
	system    *System
	baselines []*System
	only      []string
	// earlier is the run in which workloads are measured again, nil for a new one.
	earlier *Run

	results *Run
	// doing is the workload that is under way, and worlds how many clusters there have been.
	doing  string
	worlds int
}

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

func (b *bench) configure(series, system string, baselines, only []string) (err error) {
	p, found := plans[series]
	if !found {
		return fmt.Errorf("-series=%q: must be short or full", series)
	}
	b.series, b.plan, b.only = series, p, only
	if b.keepLogs != "" {
		if err := os.MkdirAll(inRoot(b.keepLogs), 0o755); err != nil {
			return fmt.Errorf("-keep-logs=%q: %w: name a folder that can be made", b.keepLogs, err)
		}
	}
	for _, name := range only {
		if !slices.ContainsFunc(workloads, func(w workload) bool { return w.name == name }) {
			return fmt.Errorf("-only=%q: must be of %s", name, strings.Join(workloadNames(), ", "))
		}
	}
	if b.system, err = readSystem(system); err != nil {
		return err
	}
	for _, name := range baselines {
		if !strings.ContainsAny(name, "./") {
			name = filepath.Join("test", "bench", "systems", name+".yaml")
		}
		s, err := readSystem(name)
		if err != nil {
			return err
		}
		b.baselines = append(b.baselines, s)
	}
	return nil
}

// workload is a part of the series, with a cluster or several of its own.
type workload struct {
	name string
	run  func(*bench, context.Context) error
}

var workloads = []workload{
	{"benchmarks", (*bench).benchmarks},
	{"create", (*bench).createBursts},
	{"sizes", (*bench).sizes},
	{"among-others", (*bench).amongOthers},
	{"churn", (*bench).churn},
	{"fairness", (*bench).fairness},
	{"hub", (*bench).hub},
	{"chain", (*bench).chain},
	{"random", (*bench).random},
	{"rollouts", (*bench).rollouts},
	{"services", (*bench).serviceTargets},
	{"operators", (*bench).shards},
}

func workloadNames() []string {
	var names []string
	for _, w := range workloads {
		names = append(names, w.name)
	}
	return names
}

func (b *bench) run(ctx context.Context) error {
	b.results = &Run{Series: b.series, System: b.system.Name, Began: time.Now().UTC(), Versions: versions(),
		Unrelated: fmt.Sprintf("beside %d each of Deployments, Secrets and ConfigMaps", b.plan.unrelated)}
	err := b.measureAll(ctx)
	b.results.Took = time.Since(b.results.Began).Seconds()
	if b.earlier != nil && err == nil {
		b.earlier.replace(b.results)
		b.results = b.earlier
	}
	return errors.Join(err, b.results.write(inRoot(b.out))) // what was measured before an error is kept
}

func (b *bench) measureAll(ctx context.Context) error {
	for _, w := range workloads {
		if len(b.only) > 0 && !slices.Contains(b.only, w.name) {
			continue
		}
		b.doing = w.name
		if err := w.run(b, ctx); err != nil {
			return fmt.Errorf("workload %s: %w", w.name, err)
		}
	}
	return nil
}

// record measures and keeps.
func (b *bench) record(ctx context.Context, w *world, name string, n, present int, do func() error) error {
	r, err := w.measure(ctx, name, n, present, do)
	if err == nil {
		b.keep(r)
	}
	return err
}

// recordWeighed is the same, with the operator's memory after it.
func (b *bench) recordWeighed(ctx context.Context, w *world, name string, n, present int, do func() error) error {
	r, err := w.measure(ctx, name, n, present, do)
	if err != nil {
		return err
	}
	if err := w.weigh(ctx, r); err != nil {
		return err
	}
	b.keep(r)
	return nil
}

// keep notes a result and prints its line.
func (b *bench) keep(r *Result) {
	b.results.Results = append(b.results.Results, r)
	fmt.Println(r)
}
