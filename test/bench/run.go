package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/tools/benchmark/parse"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Run is everything that one series measured.
type Run struct {
	Series string `json:"series"`
	// Flags are those that were set beside the series.
	Flags  []string  `json:"flags,omitempty"`
	System string    `json:"system"`
	Began  time.Time `json:"began"`
	// Took is in seconds.
	Took     float64  `json:"took"`
	Versions []string `json:"versions"`
	// Unrelated says what was there in the workload among others.
	Unrelated string `json:"unrelated"`
	// Again says what was measured again later, and on what.
	Again      []string           `json:"again,omitempty"`
	Results    []*Result          `json:"results"`
	Benchmarks []*parse.Benchmark `json:"benchmarks"`
}

// all are the results of a workload and a system, in order.
func (run *Run) all(workload, system string) []*Result {
	var found []*Result
	for _, r := range run.Results {
		if r.Workload == workload && r.System == system {
			found = append(found, r)
		}
	}
	return found
}

// last is the measured system's last result of a workload, nil for none.
func (run *Run) last(workload string) *Result {
	found := run.all(workload, run.System)
	if len(found) == 0 {
		return nil
	}
	return found[len(found)-1]
}

// with is the result of a workload with so many in place, nil for none.
func (run *Run) with(workload string, present int) *Result {
	found := run.all(workload, run.System)
	i := slices.IndexFunc(found, func(r *Result) bool { return r.Present == present })
	if i < 0 {
		return nil
	}
	return found[i]
}

func (run *Run) benchmark(name string) *parse.Benchmark {
	i := slices.IndexFunc(run.Benchmarks, func(b *parse.Benchmark) bool { return b.Name == name })
	if i < 0 {
		return nil
	}
	return run.Benchmarks[i]
}

// readRun reads the data of a run.
func readRun(path string) (*Run, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading the data: %w", err)
	}
	run := &Run{}
	if err := json.Unmarshal(raw, run); err != nil {
		return nil, fmt.Errorf("reading the data in %s: %w", path, err)
	}
	return run, nil
}

// replace puts what was measured again in the place of what has the same names, of the same system.
func (run *Run) replace(later *Run) {
	type name struct{ workload, system string }
	names, workloads := map[name]bool{}, map[string]bool{}
	for _, r := range later.Results {
		names[name{r.Workload, r.System}], workloads[r.Workload] = true, true
	}
	run.Results = append(slices.DeleteFunc(run.Results, func(r *Result) bool { return names[name{r.Workload, r.System}] }), later.Results...)
	if len(later.Benchmarks) > 0 {
		run.Benchmarks = later.Benchmarks
	}
	run.Again = append(run.Again, fmt.Sprintf("%s on %s (%s)",
		strings.Join(slices.Sorted(maps.Keys(workloads)), ", "), later.Began.Format("2006-01-02"), strings.Join(later.Versions, ", ")))
}

// write leaves the data, the plots and the report in a folder.
func (run *Run) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	raw, err := json.MarshalIndent(run, "", " ")
	if err != nil {
		return fmt.Errorf("writing the data: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, run.Series+".json"), raw, 0o644); err != nil {
		return fmt.Errorf("writing the data: %w", err)
	}
	if err := run.plot(dir); err != nil {
		return err
	}
	report := run.report()
	fmt.Print("\n", report)
	if err := os.WriteFile(filepath.Join(dir, run.Series+".md"), []byte(report), 0o644); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

// versions are those of what was measured, and the machine.
func versions() []string {
	say := func(name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = cluster.Root()
		said, err := cmd.Output()
		if err != nil {
			return "unknown"
		}
		return strings.TrimSpace(string(said))
	}
	return []string{
		"commit " + say("git", "describe", "--always", "--dirty"),
		runtime.Version(),
		"API server " + strings.TrimPrefix(say(cluster.Program("kube-apiserver"), "--version"), "Kubernetes "),
		fmt.Sprintf("%d CPUs", runtime.NumCPU()),
	}
}
