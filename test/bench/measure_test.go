package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// What a workload waits out by itself is counted as what is waited for after it.
func TestRequestsCountWhileTheWorkWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "audit.log")
	say := func(line string) {
		t.Helper()
		f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString(line); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	say(created)
	w := &world{
		system: &System{Name: "ours", patience: time.Minute}, audit: cluster.NewAuditLog(path), cluster: &cluster.Cluster{},
		operators: []*operator{{user: "bench:a"}}, tracker: &tracker{},
	}
	r, err := w.measure(t.Context(), "restart", 1, 0, func() error {
		say(reports)
		return w.silence(t.Context())
	})
	if err != nil {
		t.Fatal(err)
	}
	if r.writes() != 1 {
		t.Errorf("%d writes are counted, want the one that was sent after the measurement began", r.writes())
	}
}
