package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A bar is named as missed when it is, and as not measured when it was not.
func TestBars(t *testing.T) {
	writes := func(n int) []Count { return []Count{{Kind: "write", Resource: "services", N: n}} }
	run := &Run{System: "ours", Results: []*Result{
		{Workload: "restart", System: "ours", Requests: writes(1)},
		{Workload: "no-op", System: "ours", N: 10},
		{Workload: "random-create", System: "ours", Present: 10, Rewritten: 1},
		{Workload: "create", System: "ours", N: 10, Wall: 4, CPU: 1, Times: []float64{2}},
		{Workload: "create", System: "naive", N: 10, Times: []float64{1}},
		{Workload: "create", System: "bare-client", N: 10, Wall: 2, CPU: 1},
		{Workload: "memory", System: "ours", Heap: 1 << 20},
		{Workload: "memory", System: "ours", Present: 1024, Heap: 31 << 20},
		{Workload: "services", System: "ours", Heap: 1 << 20},
		{Workload: "services", System: "ours", Present: 1024, Heap: 31 << 20},
		{Workload: "services-named", System: "ours", N: 1024, Present: 2048, Heap: 65 << 20,
			Requests: []Count{{Kind: "watch", Resource: "services", N: 2}, {Kind: "watch", Resource: "endpointslices", N: 1}}},
	}}
	met := map[string]*bool{}
	for _, b := range run.bars() {
		met[b.Work] = b.Met
	}
	want := map[string]*bool{
		"restart: writes": new(false),
		"a reconcile that changes nothing: requests":                       new(true),
		"create burst: until 99 % are Ready":                               new(false),
		"Services that dependencies name: watches":                         new(false),
		"Services that dependencies name: live heap":                       new(true),
		"create burst: CPU of the operator":                                new(true),
		"memory: live heap per Microservice":                               new(true),
		"memory: beside unrelated objects":                                 nil,
		"hub-down: writes for each dependent":                              nil,
		"a graph is created: rollouts beside the first of each Deployment": new(false),
	}
	for work, ok := range want {
		if diff := cmp.Diff(ok, met[work]); diff != "" {
			t.Errorf("%s: %s", work, diff)
		}
	}
}
