package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
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

// request is one of a user, received so many seconds after the beginning and answered at once.
func request(second float64, verb, uri string) cluster.Call {
	c := cluster.Call{Verb: verb, RequestURI: uri}
	c.User.Username, c.ObjectRef.Resource = "bench:a", "deployments"
	c.Received = metav1.MicroTime{Time: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(second * float64(time.Second)))}
	c.Answered = c.Received
	return c
}

// A LIST is of a cache when it says so, or when a watch of the same follows; every other is of the work.
func TestListsOfCachesAreToldApart(t *testing.T) {
	const path = "/apis/apps/v1/deployments"
	watch := func(second float64) cluster.Call {
		return request(second, "watch", path+"?resourceVersion=7&watch=true")
	}
	for name, c := range map[string]struct {
		calls []cluster.Call
		want  []string
	}{
		"of an informer":          {[]cluster.Call{request(1, "list", path+"?resourceVersion=0"), watch(1)}, []string{"list", "watch"}},
		"again, from a version":   {[]cluster.Call{request(1, "list", path+"?limit=500&resourceVersion=12")}, []string{"list"}},
		"a stream of the list":    {[]cluster.Call{request(1, "watch", path+"?sendInitialEvents=true&watch=true")}, []string{"watch"}},
		"a watch follows":         {[]cluster.Call{request(1, "list", path+"?limit=500"), watch(1.5)}, []string{"list", "watch"}},
		"no watch":                {[]cluster.Call{request(1, "list", path)}, []string{"query"}},
		"a watch follows later":   {[]cluster.Call{request(1, "list", path), watch(3)}, []string{"query", "watch"}},
		"a watch of another kind": {[]cluster.Call{request(1, "list", "/api/v1/services"), watch(1)}, []string{"query", "watch"}},
		"a watch of fewer":        {[]cluster.Call{request(1, "list", path+"?labelSelector=a%3Db"), watch(1)}, []string{"query", "watch"}},
		"only the last":           {[]cluster.Call{request(1, "list", path), request(1.1, "list", path), watch(1.2)}, []string{"query", "list", "watch"}},
		"in pages": {[]cluster.Call{request(1, "list", path+"?limit=2"), request(1.5, "list", path+"?continue=x&limit=2"), watch(2)},
			[]string{"list", "list", "watch"}},
		"in pages, no watch": {[]cluster.Call{request(1, "list", path+"?limit=2"), request(1.5, "list", path+"?continue=x&limit=2")},
			[]string{"query", "query"}},
	} {
		if got := kindsOf(c.calls); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// What was asked until the work was done is kept beside what was asked until silence, and a LIST of the work counts in both.
func TestCountUntilDone(t *testing.T) {
	calls := []cluster.Call{request(1, "patch", "/x"), request(2, "list", "/x"), request(9, "patch", "/x"), request(60, "list", "/x")}
	r := &Result{begun: calls[0].Received.Time, Done: &Cost{After: 5}}
	r.count(calls)
	if got := []int{r.writes(), r.queries(), workOf(r.Done.Requests), sum(r.Done.Requests, "query")}; !slices.Equal(got, []int{2, 2, 2, 1}) {
		t.Errorf("writes, LISTs, requests until it was done, LISTs of those: %v", got)
	}
	if r.Settled != 59 {
		t.Errorf("the last request was %v s after the beginning, want 59, that of a LIST", r.Settled)
	}
}
