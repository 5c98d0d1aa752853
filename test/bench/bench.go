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
	// flags are those that were set, for the report.
	flags []string
	// earlier is the run in which workloads are measured again, nil for a new one.
	earlier *Run

	results *Run
	// doing is the workload that is under way, and worlds how many clusters there have been.
	doing  string
	worlds int
}

// configure reads the systems, and looks whether what was asked for can be measured.
func (b *bench) configure(system string, baselines []string) (err error) {
	if b.keepLogs != "" {
		if err := os.MkdirAll(inRoot(b.keepLogs), 0o755); err != nil {
			return fmt.Errorf("-keep-logs=%q: %w: name a folder that can be made", b.keepLogs, err)
		}
	}
	if b.system, err = readSystem(system); err != nil {
		return err
	}
	for _, name := range b.only {
		i := slices.IndexFunc(workloads, func(w workload) bool { return w.name == name })
		if i < 0 {
			return fmt.Errorf("-only=%q: must be of %s", name, strings.Join(workloadNames(), ", "))
		}
		if workloads[i].microservices && !b.system.Dependencies {
			return fmt.Errorf("-only=%q: is for Microservices alone: system %s does not say dependencies: true", name, b.system.Name)
		}
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
	// microservices says that it is for Microservices alone.
	microservices bool
}

var workloads = []workload{
	{"benchmarks", (*bench).benchmarks, true},
	{"create", (*bench).createBursts, false},
	{"sizes", (*bench).sizes, false},
	{"among-others", (*bench).amongOthers, false},
	{"churn", (*bench).churn, false},
	{"fairness", (*bench).fairness, false},
	{"hub", (*bench).hub, true},
	{"chain", (*bench).chain, true},
	{"random", (*bench).random, true},
	{"rollouts", (*bench).rollouts, false},
	{"services", (*bench).serviceTargets, true},
	{"operators", (*bench).shards, false},
}

func workloadNames() []string {
	var names []string
	for _, w := range workloads {
		names = append(names, w.name)
	}
	return names
}

func (b *bench) run(ctx context.Context) error {
	b.results = &Run{Series: b.series, Flags: b.flags, System: b.system.Name, Began: time.Now().UTC(), Versions: versions(),
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
		if (len(b.only) > 0 && !slices.Contains(b.only, w.name)) || (w.microservices && !b.system.Dependencies) {
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
