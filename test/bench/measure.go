package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
)

// Result is what one workload cost one system.
type Result struct {
	Workload string `json:"workload"`
	System   string `json:"system"`
	// N is how many custom resources were worked on, and Present how many there were in all.
	N       int `json:"n"`
	Present int `json:"present"`
	// Wall is until the work was done, in seconds: what that is, the workload says.
	Wall float64 `json:"wall"`
	// Settled is until its last request of the work, in seconds.
	Settled float64 `json:"settled"`
	// CPU is the system's, ServerCPU that of etcd and the API server, in seconds.
	CPU       float64 `json:"cpu"`
	ServerCPU float64 `json:"serverCPU"`
	// Heap is what is live after a garbage collection, Resident and Peak the resident set, in bytes; 0 is not measured.
	Heap     int64   `json:"heap,omitempty"`
	Resident int64   `json:"resident,omitempty"`
	Peak     int64   `json:"peak,omitempty"`
	Requests []Count `json:"requests"`
	// Times are those from a change to ready, in seconds; Passed is how many generations were passed over.
	Times  []float64 `json:"times,omitempty"`
	Passed int       `json:"passed,omitempty"`
	// Rewritten is how often the specs of all Deployments were written after their creation, where a graph is created. Where
	// nobody waits for a target to be available, each is a rollout that was not needed.
	Rewritten int64 `json:"rewritten,omitempty"`
	// Load is the load average of the last minute when the workload began.
	Load float64 `json:"load"`

	samples []sample
}

// writes are those of the work, of resources or of all.
func (r *Result) writes(resources ...string) int { return r.sum("write", resources...) }

// reads are the GETs; lists and watches are those of caches.
func (r *Result) reads() int { return r.sum("read") }

func (r *Result) sum(kind string, resources ...string) int {
	n := 0
	for _, c := range r.Requests {
		if c.Kind == kind && (len(resources) == 0 || slices.Contains(resources, c.Resource)) {
			n += c.N
		}
	}
	return n
}

func (r *Result) conflicts() int {
	n := 0
	for _, c := range r.Requests {
		if c.Code == 409 {
			n += c.N
		}
	}
	return n
}

// patience is how long the bench waits for silence: some operators never are.
const patience = time.Minute

// quiet is how long a system must send nothing to count as done: longer than it may put off a write.
const quiet = 4 * time.Second

// measure counts and times what do causes. do returns when the work is done, or the zero time for "when the last child
// was created"; the system is then waited for until it is silent.
func (w *world) measure(ctx context.Context, name string, n, present int, do func() error) (*Result, error) {
	r := &Result{Workload: name, System: w.system.Name, N: n, Present: present, Load: loadAverage()}
	if err := w.listen(); err != nil {
		return nil, err
	}
	w.heard = nil // what was before does not count
	w.tracker.take()
	cpu, server, err := w.spent()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := do(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, w.lastWords())
	}
	r.Wall = time.Since(begun).Seconds()
	if err := w.silence(ctx); err != nil {
		return nil, err
	}
	if last := lastCreation(w.heard, w.system.Children); !last.IsZero() && n > 1 {
		r.Wall = last.Sub(begun).Seconds()
	}
	r.Requests = countCalls(w.heard)
	r.Settled = max(0, lastOf(w.heard).Sub(begun).Seconds())
	cpuAfter, serverAfter, err := w.spent()
	if err != nil {
		return nil, err
	}
	r.CPU, r.ServerCPU = (cpuAfter - cpu).Seconds(), (serverAfter - server).Seconds()
	r.samples, r.Passed = w.tracker.take()
	for _, s := range r.samples {
		r.Times = append(r.Times, s.After.Seconds())
	}
	return r, nil
}

// listen notes the requests that operators have sent since the last time.
func (w *world) listen() error {
	users := sets.New[string]()
	for _, o := range w.operators {
		users.Insert(o.user)
	}
	calls, err := w.audit.Next(users)
	w.heard = append(w.heard, calls...)
	return err
}

// busy is the CPU time in a tenth of a second with which a system still has something to do, though it sends nothing.
const busy = 20 * time.Millisecond

// silence waits until the system has sent nothing but what goes on beside the work for a while, and did nothing else
// either.
func (w *world) silence(ctx context.Context) error {
	begun, last := time.Now(), time.Now()
	before, _, err := w.spent()
	if err != nil {
		return err
	}
	for time.Since(last) < quiet && time.Since(begun) < patience {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
		heard := len(w.heard)
		if err := w.listen(); err != nil {
			return err
		}
		for i := range w.heard[heard:] {
			if kind := kindOf(&w.heard[heard+i]); kind == "write" || kind == "read" {
				last = time.Now()
			}
		}
		now, _, err := w.spent()
		if err != nil {
			return err
		}
		if now-before >= busy {
			last = time.Now()
		}
		before = now
	}
	return nil
}

// spent is the CPU time of the system, and that of etcd and the API server.
func (w *world) spent() (system, server time.Duration, err error) {
	for _, o := range w.operators {
		cpu, err := o.cpu()
		if err != nil {
			return 0, 0, err
		}
		system += cpu
	}
	server, err = cpuOf(w.cluster.PIDs...)
	return system, server, err
}

// weigh adds the memory of the first operator to a result.
func (w *world) weigh(ctx context.Context, r *Result) (err error) {
	o := w.operators[0]
	if r.Heap, err = liveHeap(ctx, o.pprofPort); err != nil {
		return err
	}
	r.Resident, r.Peak, err = residentOf(o.process.PID)
	return err
}

// String is the result's line on the terminal.
func (r *Result) String() string {
	line := fmt.Sprintf("%-20s %-20s n=%-5d of %-5d %6.1f s  cpu %6.2f s (server %6.2f)  writes %-6d reads %-5d events %-5d conflicts %-4d",
		r.Workload, r.System, r.N, r.Present, r.Wall, r.CPU, r.ServerCPU, r.writes(), r.reads(), r.sum("events"), r.conflicts())
	if len(r.Times) > 0 {
		line += fmt.Sprintf("  ready p50 %.3f s, p99 %.3f s", percentile(r.Times, 50), percentile(r.Times, 99))
	}
	if r.Heap > 0 {
		line += fmt.Sprintf("  heap %.1f MiB, rss %.1f MiB", float64(r.Heap)/(1<<20), float64(r.Resident)/(1<<20))
	}
	return line
}

func loadAverage() float64 {
	raw, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(raw), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
