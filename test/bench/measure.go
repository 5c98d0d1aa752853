package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
)

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
	for time.Since(last) < quiet && time.Since(begun) < w.system.patience {
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

// weigh adds the memory of the first operator to a result. The live heap is known of one that has pprof.
func (w *world) weigh(ctx context.Context, r *Result) (err error) {
	o := w.operators[0]
	if w.system.pprof() {
		if r.Heap, err = liveHeap(ctx, o.pprofPort); err != nil {
			return err
		}
	}
	r.Resident, r.Peak, err = residentOf(o.process.PID)
	return err
}

func loadAverage() float64 {
	raw, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(raw), " ")
	load, _ := strconv.ParseFloat(first, 64)
	return load
}
