package faults

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestMatrix disturbs each write of the scenario in each way, one at a time. The short matrix kills the operator after every
// second write, which is the hardest, and disturbs the others in one way each, in turn. FAULTS=full takes all.
func TestMatrix(t *testing.T) {
	t.Parallel()
	reference := cachedReference(t)
	all := &results{}
	t.Cleanup(func() { all.check(t) })
	for i, plan := range reference.Plans {
		for _, m := range modesFor(i) {
			t.Run(plan+", "+m.name, func(t *testing.T) {
				t.Parallel()
				disturb(t, reference, plan, m, all)
			})
		}
	}
}

func modesFor(write int) []mode {
	if full() {
		return modes
	}
	quick := slices.DeleteFunc(slices.Clone(modes), func(m mode) bool { return m.slow })
	killed := slices.IndexFunc(modes, func(m mode) bool { return m.name == killedAfter })
	if write%2 == 0 {
		return modes[killed : killed+1]
	}
	turn := write / 2 % len(quick)
	return quick[turn : turn+1]
}

// cachedReference is what undisturbed runs come to. They take place once.
func cachedReference(t *testing.T) *Reference {
	t.Helper()
	learning.Do(func() { reference = learnReference(t) })
	if reference == nil {
		t.Fatal("there is no reference to compare with")
	}
	return reference
}

var (
	learning  sync.Once
	reference *Reference
)

// learnReference runs undisturbed, three times at once.
func learnReference(t *testing.T) *Reference {
	t.Helper()
	runs := make([]*Outcome, 3)
	var all errgroup.Group
	for i := range runs {
		s := open(t)
		all.Go(func() (err error) {
			runs[i], err = s.Execute(t.Context(), scenario, anywhere)
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	reference, err := Learn(runs...)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d writes, of which %d are disturbed; %d fields, of which %d vary; steps take at most %v",
		reference.writes, len(reference.Plans), len(reference.fields), len(reference.varies), reference.times)
	return reference
}

func disturb(t *testing.T, reference *Reference, plan string, m mode, all *results) {
	t.Helper()
	var verb, resource, name string
	var number int
	if _, err := fmt.Sscanf(plan, "%s %s %s #%d", &verb, &resource, &name, &number); err != nil {
		t.Fatal(err)
	}
	s := open(t)
	injection := m.inject(s, func(r cluster.Request) bool {
		return r.Verb == verb && r.Resource == resource && r.Name == name
	}, number)
	may := exactly
	if m.slow { // what the user wants next may come before the request ends, and then one write is enough for both
		may = historical
	}
	out, err := s.Execute(t.Context(), scenario, reference.Goal(may))
	if err != nil {
		t.Fatal(err)
	}
	if s.Proxy.Hits(injection) == 0 {
		all.add(result{plan: plan, mode: m.name, verdict: inconclusive})
		return
	}
	problems := reference.Judge(out, m.extraWrites)
	one := result{plan: plan, mode: m.name, verdict: resilient, extraWrites: len(out.Writes) - reference.writes}
	for i, took := range out.Times {
		one.slowest = max(one.slowest, took-reference.times[i])
		if took > 10*reference.times[i] {
			one.verdict = degraded
		}
	}
	if len(problems) > 0 {
		one.verdict = failed
		s.report(t, append(problems, "writes:", strings.Join(out.Writes, "\n")))
	}
	all.add(one)
}
