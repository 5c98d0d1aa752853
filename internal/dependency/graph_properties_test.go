package dependency_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Random graphs have the cycles that trying all ways finds, and each member the shortest way back to itself.
func TestCyclesOfRandomGraphs(t *testing.T) {
	random := rand.New(rand.NewSource(1))
	in, out := 0, 0
	for range 200 {
		all := randomGraph(random, 2+random.Intn(24))
		cycles := dependency.Cycles(all, nil)
		steps := distances(all)
		for i, ms := range all {
			from := dependency.KeyOf(ms)
			cycle := cycles[from]
			if (cycle != nil) != (steps[i][i] > 0) {
				t.Fatalf("%s is in a cycle: %v, want %v\n%s", from, cycle != nil, steps[i][i] > 0, drawn(all))
			}
			if cycle == nil {
				out++
				continue
			}
			in++
			for j, other := range all {
				want := steps[i][j] > 0 && steps[j][i] > 0
				if got := cycles[dependency.KeyOf(other)] == cycle; got != want {
					t.Fatalf("%s and %s are in one cycle: %v, want %v\n%s", from, dependency.KeyOf(other), got, want, drawn(all))
				}
			}
			wantShortest(t, all, cycle.Path(from), steps[i][i])
		}
	}
	if in < 500 || out < 500 {
		t.Errorf("%d of the random Microservices are in a cycle, and %d are not", in, out)
	}
}

// The condition of every member has the path: if it changed with the order of the cache, so would the status.
func TestCyclesDoNotDependOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewSource(2))
	for range 20 {
		all := randomGraph(random, 20)
		first := dependency.Cycles(all, nil)
		for range 20 {
			random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
			for _, ms := range all {
				d := ms.Spec.Dependencies
				random.Shuffle(len(d), func(i, j int) { d[i], d[j] = d[j], d[i] })
			}
			again := dependency.Cycles(all, nil)
			if diff := cmp.Diff(paths(first), paths(again)); diff != "" {
				t.Fatalf("paths (-first +again):\n%s", diff)
			}
			for member, cycle := range first {
				if !cycle.Equal(again[member]) {
					t.Fatalf("the cycle of %s is not the same again", member)
				}
			}
		}
	}
}

// randomGraph has Microservices in two namespaces that name each other, themselves and what is not there.
func randomGraph(random *rand.Rand, n int) []*v1alpha1.Microservice {
	name := func(i int) string { return fmt.Sprintf("%s/m%02d", []string{"shop", "bank"}[i%2], i) }
	consents := []v1alpha1.FromNamespaces{"All", "All", "All", "All", "Same", "None"}
	var all []*v1alpha1.Microservice
	for i := range n {
		ms := microservice(name(i), admits(consents[random.Intn(len(consents))]))
		for e := range random.Intn(5) {
			dependsOn(called(fmt.Sprintf("d%d", e), on(name(random.Intn(n+1)))))(ms)
		}
		all = append(all, ms)
	}
	return all
}

// distances are the numbers of steps from each to each over admitted edges, 0 where there is no way; found by trying all.
func distances(all []*v1alpha1.Microservice) [][]int {
	n := len(all)
	steps := make([][]int, n)
	for i, from := range all {
		steps[i] = make([]int, n)
		for j, to := range all {
			if i != j && edge(from, to) {
				steps[i][j] = 1
			}
		}
	}
	for k := range n {
		for i := range n {
			for j := range n {
				if via := steps[i][k] + steps[k][j]; steps[i][k] > 0 && steps[k][j] > 0 && (steps[i][j] == 0 || via < steps[i][j]) {
					steps[i][j] = via
				}
			}
		}
	}
	return steps
}

// edge reports whether from names to, and is admitted.
func edge(from, to *v1alpha1.Microservice) bool {
	admitted := false
	switch to.Spec.AllowedDependents.From {
	case v1alpha1.FromAll:
		admitted = true
	case v1alpha1.FromSame:
		admitted = from.Namespace == to.Namespace
	}
	for _, d := range from.Spec.Dependencies {
		if admitted && d.Microservice.Namespace == to.Namespace && d.Microservice.Name == to.Name {
			return true
		}
	}
	return false
}

func wantShortest(t *testing.T, all []*v1alpha1.Microservice, path []dependency.Key, steps int) {
	t.Helper()
	byKey := map[dependency.Key]*v1alpha1.Microservice{}
	for _, ms := range all {
		byKey[dependency.KeyOf(ms)] = ms
	}
	if len(path) != steps+1 || path[0] != path[steps] {
		t.Fatalf("the path %v has not the shortest length %d, or does not lead back\n%s", path, steps, drawn(all))
	}
	for i := range steps {
		if !edge(byKey[path[i]], byKey[path[i+1]]) {
			t.Fatalf("the path %v has a step from %s to %s, which is no edge\n%s", path, path[i], path[i+1], drawn(all))
		}
	}
}

func drawn(all []*v1alpha1.Microservice) string {
	var s string
	for _, ms := range all {
		s += fmt.Sprintf("%s (%s) -> %v\n", dependency.KeyOf(ms), ms.Spec.AllowedDependents.From, dependency.Targets(ms, dependency.Microservice))
	}
	return s
}
