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

// measure counts and times what do causes. do returns when the work is done; the system is then waited for until it is
// silent, and both moments have their totals.
func (w *world) measure(ctx context.Context, name string, n, present int, do func() error) (*Result, error) {
	if err := w.listen(); err != nil {
		return nil, err
	}
	w.heard = nil // what was before does not count
	w.tracker.take()
	cpu, server, err := w.spent()
	if err != nil {
		return nil, err
	}
	r := &Result{Workload: name, System: w.system.Name, N: n, Present: present, Load: loadAverage(), begun: time.Now()}
	cost := func() (*Cost, error) {
		after := time.Since(r.begun).Seconds()
		cpuAfter, serverAfter, err := w.spent()
		return &Cost{After: after, CPU: (cpuAfter - cpu).Seconds(), ServerCPU: (serverAfter - server).Seconds()}, err
	}
	if err = do(); err == nil {
		r.Done, err = cost()
	}
	if err == nil {
		err = w.silence(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w\n%s", name, err, w.endOfLogs())
	}
	all, err := cost()
	if err != nil {
		return nil, err
	}
	r.Wall, r.CPU, r.ServerCPU = r.Done.After, all.CPU, all.ServerCPU
	if last := lastCreation(w.heard, w.system.Children); !last.IsZero() && n > 1 {
		r.Wall = last.Sub(r.begun).Seconds()
	}
	r.count(w.heard)
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
			if workKinds.Has(kindOf(&w.heard[heard+i])) {
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
