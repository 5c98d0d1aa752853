package dependency_test

import (
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// A change that is said to leave the edges alone leaves the cycles alone: nobody computes them again for it.
func TestEdgesChangedMissesNothing(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	seen := 0
	for range 2_000 {
		all := randomGraph(random, 2+random.Intn(6))
		i := random.Intn(len(all))
		before, after := all[i], randomChange(random, all, i)
		was := paths(dependency.Cycles(all, nil))
		if all[i] = after; after == nil {
			all = append(all[:i], all[i+1:]...)
		}
		is := paths(dependency.Cycles(all, nil))
		if cmp.Equal(was, is) {
			continue
		}
		seen++
		if !dependency.EdgesChanged(before, after) || !dependency.EdgesChanged(after, before) {
			t.Fatalf("a change of %s that is said to change no edge changes cycles (-before +after):\n%s",
				dependency.KeyOf(before), cmp.Diff(was, is))
		}
	}
	if seen < 200 {
		t.Errorf("only %d of the random changes change a cycle", seen)
	}
}

func TestEdgesChangedIsFalseForWhatMakesNoEdge(t *testing.T) {
	web := func(changes ...change) *v1alpha1.Microservice {
		return microservice("web", append([]change{dependsOn(on("payments"), onService("postgres"))}, changes...)...)
	}
	cases := map[string]struct {
		before, after *v1alpha1.Microservice
	}{
		"nothing":                         {web(), web()},
		"its health":                      {web(), web(unavailable)},
		"its size":                        {web(), web(parked)},
		"its ports":                       {web(), web(ports())},
		"its status":                      {web(), web(func(ms *v1alpha1.Microservice) { ms.Status.Replicas = 7 })},
		"its hosts":                       {web(), web(dependsOn(onHost("geo.example.com")))},
		"the Service of the same":         {web(), web(dependsOn(called("bank", onService("payments"))))},
		"another alias of the same":       {web(), web(dependsOn(called("bank", on("payments"))))},
		"the appearance of one by itself": {nil, microservice("payments", admits("All"))},
		"the end of one by itself":        {microservice("payments", dependsOn(onHost("geo.example.com"))), nil},
	}
	for name, tc := range cases {
		if dependency.EdgesChanged(tc.before, tc.after) {
			t.Errorf("%s makes or breaks an edge", name)
		}
	}
}

// randomChange is what the i-th of all becomes; nil is gone.
func randomChange(random *rand.Rand, all []*v1alpha1.Microservice, i int) *v1alpha1.Microservice {
	after := all[i].DeepCopy()
	switch random.Intn(4) {
	case 0:
		return nil
	case 1:
		after.Spec.Dependencies = nil
	case 2:
		dependsOn(called("new", on(dependency.KeyOf(all[random.Intn(len(all))]).String())))(after)
	case 3:
		admits([]v1alpha1.FromNamespaces{"All", "None", "Same"}[random.Intn(3)])(after)
	}
	return after
}
