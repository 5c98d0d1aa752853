package faults

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// mutant is the operator with a bug.
type mutant struct {
	name string
	// file has what to replace, once.
	file, what, with string
	// provoke is what shows the bug: it gives the problems that are found.
	provoke func(t *testing.T, program string, reference *Reference) []string
	// oracle is the one that has to find it.
	oracle string
}

// The three bugs that the oracles are tried with. Each is what an operator could have been.
var mutants = []mutant{
	{
		name: "adopts a foreign object", oracle: "O4:",
		file: "internal/apply/plan.go",
		what: "if !metav1.IsControlledBy(current, b.owner) {",
		with: "if false {",
		provoke: func(t *testing.T, program string, _ *Reference) []string {
			return race(t, program, "NetworkPolicy")
		},
	},
	{
		name: "loses a write", oracle: "O1:",
		file: "internal/apply/applier.go",
		what: "	if plan.verb != \"\" {\n		b.record(ctx, plan.verb, kind, err)",
		with: "	if plan.verb != \"\" {\n		b.record(ctx, plan.verb, kind, nil)",
		provoke: func(t *testing.T, program string, reference *Reference) []string {
			s := env.openFor(t, Options{Program: program})
			s.Proxy.Inject(func(r cluster.Request) bool { return writes(r) && r.Resource == "networkpolicies" && r.Name == "api" }, 0, math.MaxInt,
				refuseWithdrawal())
			return executed(t, s, reference)
		},
	},
	{
		name: "makes an object anew", oracle: "O2:",
		file: "internal/apply/applier.go",
		what: "	answer, err := write(ctx, b, in, plan, current)\n	if outdated(err) {",
		with: "	if plan.verb == VerbUpdate && kind == \"Service\" {\n		_ = b.applier.Client.Delete(ctx, current)\n		plan = b.plan(in, current, false)\n	}\n" +
			"	answer, err := write(ctx, b, in, plan, current)\n	if outdated(err) {",
		provoke: func(t *testing.T, program string, reference *Reference) []string {
			return executed(t, env.openFor(t, Options{Program: program}), reference)
		},
	},
}

// refuseWithdrawal refuses the one write of a policy that admits nobody any more, after one that admitted somebody.
func refuseWithdrawal() Fault {
	var mu sync.Mutex
	admitted, refused := false, false
	return func(x *Exchange) {
		mu.Lock()
		defer mu.Unlock()
		closed := bytes.Contains(x.body, []byte(`"ingress":[]`))
		if closed && admitted && !refused {
			refused = true
			x.Refuse(http.StatusInternalServerError, "InternalError", 0)
		}
		admitted = admitted || !closed
	}
}

// TestOraclesFindSeededBugs is the test of the oracles: each mutant of the operator must be found, by the oracle that is
// there for it.
func TestOraclesFindSeededBugs(t *testing.T) {
	t.Parallel()
	reference := cachedReference(t)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			problems := m.provoke(t, m.build(t), reference)
			for _, problem := range problems {
				if strings.HasPrefix(problem, m.oracle) {
					t.Log(problem)
					return
				}
			}
			t.Errorf("oracle %s does not find it; the others find %q", m.oracle, problems)
		})
	}
}

// build compiles the mutant. Nothing of the repository changes: the compiler is given another file in the place of one.
func (m *mutant) build(t *testing.T) string {
	t.Helper()
	original := filepath.Join(cluster.Root(), m.file)
	raw, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), m.what); n != 1 {
		t.Fatalf("%s has %q %d times: the mutant needs to be written again", m.file, m.what, n)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string][]byte{
		changed: []byte(strings.Replace(string(raw), m.what, m.with, 1)),
		overlay: replace,
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	program, err := cluster.BuildManager(dir, "-overlay", overlay)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func executed(t *testing.T, s *Run, reference *Reference) []string {
	t.Helper()
	out, err := s.Execute(t.Context(), scenario, reference.Goal(exactly))
	if err != nil {
		t.Fatal(err)
	}
	return reference.Judge(out, 0)
}
