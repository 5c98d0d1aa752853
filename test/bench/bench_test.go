package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

const (
	created = `{"auditID":"1","verb":"patch","user":{"username":"bench:a"},"objectRef":{"resource":"services","namespace":"x","name":"m"},"responseStatus":{"code":201},"requestReceivedTimestamp":"2026-01-01T00:00:01.000000Z","stageTimestamp":"2026-01-01T00:00:02.000000Z"}` + "\n"
	reports = `{"auditID":"2","verb":"patch","user":{"username":"bench:a"},"objectRef":{"resource":"microservices","subresource":"status"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-01T00:00:03.000000Z","stageTimestamp":"2026-01-01T00:00:04.000000Z"}` + "\n"
	watches = `{"auditID":"3","verb":"watch","user":{"username":"bench:a"},"objectRef":{"resource":"services"},"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-01-01T00:00:01.000000Z","stageTimestamp":"2026-01-01T00:00:09.000000Z"}` + "\n"
	lease   = `{"auditID":"4","verb":"update","user":{"username":"bench:a"},"objectRef":{"resource":"leases"},"responseStatus":{"code":200}}` + "\n"
	refused = `{"auditID":"5","verb":"patch","user":{"username":"bench:a"},"objectRef":{"resource":"services"},"responseStatus":{"code":409}}` + "\n"
	looked  = `{"auditID":"6","verb":"get","user":{"username":"bench:a"},"objectRef":{"resource":"services"},"responseStatus":{"code":200}}` + "\n"
	another = `{"auditID":"7","verb":"patch","user":{"username":"bench:b"},"objectRef":{"resource":"services"},"responseStatus":{"code":200}}` + "\n"
)

// The log is read while it is written: half a line waits for its end, and what was read is not read again.
func TestAuditLogIsReadOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	log, user := cluster.NewAuditLog(path), sets.New("bench:a")
	if calls, err := log.Next(user); err != nil || len(calls) > 0 {
		t.Fatalf("no log yet: %v, %v", calls, err)
	}
	var all []cluster.Call
	for _, part := range []string{watches + created[:40], created[40:] + watches + another, reports + lease, "", refused + looked} {
		appendTo(t, path, part)
		calls, err := log.Next(user)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, calls...)
	}
	want := []Count{
		{Kind: "leases", Verb: "update", Resource: "leases", Code: 200, N: 1},
		{Kind: "read", Verb: "get", Resource: "services", Code: 200, N: 1},
		{Kind: "watch", Verb: "watch", Resource: "services", Code: 200, N: 1},
		{Kind: "write", Verb: "patch", Resource: "microservices/status", Code: 200, N: 1},
		{Kind: "write", Verb: "patch", Resource: "services", Code: 201, N: 1},
		{Kind: "write", Verb: "patch", Resource: "services", Code: 409, N: 1},
	}
	if diff := cmp.Diff(want, countCalls(all)); diff != "" {
		t.Error(diff)
	}
	r := &Result{Requests: countCalls(all)}
	if got := []int{r.writes(), r.writes("services"), r.reads(), r.conflicts()}; !slices.Equal(got, []int{3, 2, 1, 1}) {
		t.Errorf("writes, writes of services, reads, conflicts: %v", got)
	}
	if last := lastCreation(all, []string{"services"}); !last.Equal(time.Date(2026, 1, 1, 0, 0, 2, 0, time.UTC)) {
		t.Errorf("the last creation was at %s", last)
	}
	if last := lastOf(all); !last.Equal(time.Date(2026, 1, 1, 0, 0, 4, 0, time.UTC)) {
		t.Errorf("the last request was answered at %s", last)
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

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
		"restart: writes":                                                  new(false),
		"a look that changes nothing: requests":                            new(true),
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
