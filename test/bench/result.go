package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
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
	// Done is what there was when the work was done, before the system was silent: for custom resources, when all were ready.
	Done *Cost `json:"done,omitempty"`
	// Others are the requests for custom resources that were not worked on, where they are told apart.
	Others []Count `json:"others,omitempty"`
	// Times are those from a change to ready, in seconds; Passed is how many generations were passed over.
	Times  []float64 `json:"times,omitempty"`
	Passed int       `json:"passed,omitempty"`
	// Rewritten is how often the specs of all Deployments were written after their creation, where a graph is created. Where
	// nobody waits for a target to be available, each is a rollout that was not needed.
	Rewritten int64 `json:"rewritten,omitempty"`
	// Load is the load average of the last minute when the workload began.
	Load float64 `json:"load"`

	begun   time.Time
	samples []sample
}

// Cost is what was spent until a moment.
type Cost struct {
	// After is since the beginning, in seconds, as CPU and ServerCPU are.
	After     float64 `json:"after"`
	CPU       float64 `json:"cpu"`
	ServerCPU float64 `json:"serverCPU"`
	Requests  []Count `json:"requests"`
}

// count notes requests.
func (r *Result) count(calls []cluster.Call) {
	r.Requests = countCalls(calls)
	r.Settled = max(0, lastOf(calls).Sub(r.begun).Seconds())
	if r.Done != nil {
		done := r.begun.Add(time.Duration(r.Done.After * float64(time.Second)))
		r.Done.Requests = countCalls(slices.DeleteFunc(slices.Clone(calls), func(c cluster.Call) bool { return c.Answered.After(done) }))
	}
}

// writes are those of the work, of resources or of all.
func (r *Result) writes(resources ...string) int { return r.sum("write", resources...) }

// reads are the GETs.
func (r *Result) reads() int { return r.sum("read") }

// queries are the LISTs that fill no cache.
func (r *Result) queries() int { return r.sum("query") }

func (r *Result) sum(kind string, resources ...string) int {
	return sum(r.Requests, kind, resources...)
}

func sum(counts []Count, kind string, resources ...string) int {
	n := 0
	for _, c := range counts {
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

// String is the result's line on the terminal.
func (r *Result) String() string {
	line := fmt.Sprintf("%-20s %-20s n=%-5d of %-5d %6.1f s  cpu %6.2f s (server %6.2f)  writes %-6d reads %-5d lists %-5d discovery %-4d events %-5d conflicts %-4d",
		r.Workload, r.System, r.N, r.Present, r.Wall, r.CPU, r.ServerCPU, r.writes(), r.reads(), r.queries(), r.sum("discovery"), r.sum("events"), r.conflicts())
	if len(r.Times) > 0 {
		line += fmt.Sprintf("  ready p50 %.3f s, p99 %.3f s", percentile(r.Times, 50), percentile(r.Times, 99))
	}
	if r.Resident > 0 {
		line += "  heap, rss, peak " + r.memory()
	}
	if others := workOf(r.Others); others > 0 {
		line += fmt.Sprintf("  and %d requests for others", others)
	}
	return line
}

// workOf is how many requests it took to do the work.
func workOf(counts []Count) int {
	n := 0
	for kind := range workKinds {
		n += sum(counts, kind)
	}
	return n
}

// memory is the live heap, the resident set and its peak, as the report has them.
func (r *Result) memory() string {
	heap := "-"
	if r.Heap > 0 {
		heap = fmt.Sprintf("%.1f", mib(r.Heap))
	}
	return fmt.Sprintf("%s / %.1f / %.1f MiB", heap, mib(r.Resident), mib(r.Peak))
}
