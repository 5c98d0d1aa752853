package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// An operator that dies is noticed at once, where it is waited for and where its silence is, and its log is kept.
func TestOperatorThatDies(t *testing.T) {
	logs := t.TempDir()
	w := &world{
		system:  &System{Name: "broken", Command: []string{"/bin/sh", "-c", "echo no such flag; exit 1"}, patience: time.Minute},
		logs:    filepath.Join(logs, "001-create"),
		audit:   cluster.NewAuditLog(filepath.Join(logs, "audit.log")),
		cluster: &cluster.Cluster{},
	}
	o := &operator{user: "bench:broken"}
	w.operators = []*operator{o}
	if err := w.startOperator(o); err != nil {
		t.Fatal(err)
	}
	w.tracker = newTracker(nil, w.alive)
	waits := &unstructured.Unstructured{Object: map[string]any{}}
	waits.SetName("m")
	waits.SetGeneration(1)
	w.tracker.expect(waits)
	w.tracker.changed(waits)
	begun := time.Now()
	for name, err := range map[string]error{"await": w.tracker.await(t.Context(), time.Minute), "silence": w.silence(t.Context())} {
		if err == nil || !strings.Contains(err.Error(), "bench:broken has ended by itself") {
			t.Errorf("%s: %v, want that it has ended", name, err)
		}
	}
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("it took %s to notice", took)
	}
	if words := w.endOfLogs(); words != "no such flag" {
		t.Errorf("its last words are %q", words)
	}
	if err := o.process.Stop(); err != nil {
		t.Fatal(err)
	}
	if kept, err := os.ReadFile(filepath.Join(logs, "001-create-broken-1.log")); err != nil || string(kept) != "no such flag\n" {
		t.Errorf("the log that was kept: %q, %v", kept, err)
	}
}
