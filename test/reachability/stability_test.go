package reachability_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// A dependency that is added changes the policy of the dependent and, where that one admits it, of the target, and no
// other. Without it everything is as before, byte for byte.
func TestDependencyComesAndGoes(t *testing.T) {
	changes, refusals := 0, 0
	for seed := range uint64(*graphs) {
		w := generate(seed)
		from, to := strangers(w)
		if from == nil {
			continue
		}
		before := policyBytes(t, w)

		from.Spec.Dependencies = append(from.Spec.Dependencies, v1alpha1.Dependency{
			Name: "added", Microservice: &v1alpha1.ObjectReference{Namespace: to.Namespace, Name: to.Name},
		})
		want := expectedToChange(w, from, to)
		if diff := cmp.Diff(want, changed(before, policyBytes(t, w))); diff != "" {
			t.Errorf("seed=%d: a dependency of %s/%s on %s/%s changed other policies (-want +got):\n%s",
				seed, from.Namespace, from.Name, to.Namespace, to.Name, diff)
		}
		if changes += len(want); len(want) == 0 {
			refusals++
		}

		from.Spec.Dependencies = from.Spec.Dependencies[:len(from.Spec.Dependencies)-1]
		if diff := cmp.Diff(before, policyBytes(t, w)); diff != "" {
			t.Errorf("seed=%d: not as before the dependency (-before +after):\n%s", seed, diff)
		}
	}
	if changes < *graphs/2 || refusals < *graphs/10 {
		t.Errorf("%d changes and %d graphs without: that proves little", changes, refusals)
	}
}

// strangers are two Microservices of which the first does not name the second, and could call it; nil for none.
func strangers(w *world) (from, to *v1alpha1.Microservice) {
	for _, from := range w.microservices {
		for _, to := range w.microservices {
			if from != to && len(to.Spec.Ports) > 0 && !slices.Contains(w.naming(to), from) {
				return from, to
			}
		}
	}
	return nil, nil
}

// expectedToChange are the two ends, where the target admits the dependent and they are isolated.
func expectedToChange(w *world, from, to *v1alpha1.Microservice) []key {
	var want []key
	if !newModel(w).consents(to, from.Namespace) {
		return nil
	}
	if isolationOf(from) == v1alpha1.IsolationFull {
		want = append(want, key{Namespace: from.Namespace, Name: from.Name})
	}
	if isolationOf(to) != v1alpha1.IsolationNone {
		want = append(want, key{Namespace: to.Namespace, Name: to.Name})
	}
	slices.SortFunc(want, compareKeys)
	return want
}

func changed(before, after map[key]string) []key {
	var all []key
	for _, k := range sortedKeys(after) {
		if before[k] != after[k] {
			all = append(all, k)
		}
	}
	return all
}

// In which order things are listed and declared changes no byte.
func TestOrderDoesNotMatter(t *testing.T) {
	for seed := range uint64(*graphs) {
		w := generate(seed)
		before := policyBytes(t, w)
		r := rand.New(rand.NewPCG(seed, 1))
		for range 3 {
			shuffle(r, w.microservices)
			shuffle(r, w.services)
			for _, ms := range w.microservices {
				shuffle(r, ms.Spec.Dependencies)
				shuffleExternal(r, ms.Spec.Dependencies)
			}
			if diff := cmp.Diff(before, policyBytes(t, w)); diff != "" {
				t.Fatalf("seed=%d: another order, other policies (-before +after):\n%s", seed, diff)
			}
		}
	}
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}

func shuffleExternal(r *rand.Rand, dependencies []v1alpha1.Dependency) {
	for _, d := range dependencies {
		if d.External != nil {
			shuffle(r, d.External.CIDRs)
			shuffle(r, d.External.Ports)
		}
	}
}

// The same world gives the same bytes, whatever the order in which Go walks its maps.
func TestSameWorldSameBytes(t *testing.T) {
	for seed := range uint64(*graphs) {
		if diff := cmp.Diff(policyBytes(t, generate(seed)), policyBytes(t, generate(seed))); diff != "" {
			t.Fatalf("seed=%d: the same world gave other policies (-first +second):\n%s", seed, diff)
		}
	}
}

// policyBytes are the policies as they are sent, by Microservice; empty for none.
func policyBytes(t *testing.T, w *world) map[key]string {
	t.Helper()
	all := map[key]string{}
	for k, of := range build(t, w) {
		all[k] = of.sent
	}
	return all
}
