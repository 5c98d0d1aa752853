package faults

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// verdict is how a run went, from best to worst.
type verdict string

const (
	// resilient: all oracles hold.
	resilient verdict = "resilient"
	// degraded: all oracles hold, and a step took more than ten times as long as undisturbed.
	degraded verdict = "degraded"
	// failed: an oracle does not hold.
	failed verdict = "failed"
	// inconclusive: the write that was to be disturbed was never sent.
	inconclusive verdict = "inconclusive"
)

// result is one run of the matrix.
type result struct {
	plan, mode string
	verdict    verdict
	// slowest is the step that took longest, of which the undisturbed one is taken off.
	slowest time.Duration
	// extraWrites are the writes beside those of an undisturbed run.
	extraWrites int
}

// results are those of a matrix. It is safe for concurrent use.
type results struct {
	mu  sync.Mutex
	all []result
}

func (r *results) add(one result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, one)
}

// table has a line for each mode, in Markdown.
func (r *results) table() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var lines strings.Builder
	lines.WriteString("| each write | runs | resilient | degraded | failed | inconclusive | slowest recovery | writes more, at most |\n|---|---|---|---|---|---|---|---|\n")
	for _, m := range modes {
		counts := map[verdict]int{}
		var slowest time.Duration
		runs, extraWrites := 0, 0
		for _, one := range r.all {
			if one.mode == m.name {
				runs++
				counts[one.verdict]++
				slowest, extraWrites = max(slowest, one.slowest), max(extraWrites, one.extraWrites)
			}
		}
		if runs > 0 {
			fmt.Fprintf(&lines, "| %s | %d | %d | %d | %d | %d | %.1f s | %d |\n", m.name, runs,
				counts[resilient], counts[degraded], counts[failed], counts[inconclusive], slowest.Seconds(), extraWrites)
		}
	}
	return lines.String()
}

// check fails a test when too many runs say nothing.
func (r *results) check(t *testing.T) {
	t.Helper()
	t.Logf("\n%s", r.table())
	if err := keep("matrix.md", r.table()); err != nil {
		t.Error(err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	silent := 0
	for _, one := range r.all {
		if one.verdict == inconclusive {
			silent++
		}
	}
	if silent > len(r.all)/20 {
		t.Errorf("%d of %d runs say nothing: the write that they disturb was never sent", silent, len(r.all))
	}
}

// keep leaves a table where `make test-faults` shows it.
func keep(name, table string) error {
	dir := filepath.Join(cluster.Root(), "bin", "faults")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, name), []byte(table), 0o644)
}
