package dependency_test

import (
	"fmt"
	"math/rand"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestCycles(t *testing.T) {
	cases := map[string]struct {
		// edges are such as "web: payments bank/ledger"; each line is a Microservice.
		edges []string
		// consent is that of some of them; the others admit everybody.
		consent map[string]change
		// want are the paths, by member.
		want map[string]string
	}{
		"nobody": {},
		"a line is no cycle": {
			edges: []string{"web: orders", "orders: payments", "payments:"},
		},
		"two ways to the same are no cycle": {
			edges: []string{"web: orders catalog", "orders: payments", "catalog: payments", "payments:"},
		},
		"two": {
			edges: []string{"orders: payments", "payments: orders"},
			want: map[string]string{
				"shop/orders":   "orders -> payments -> orders",
				"shop/payments": "payments -> orders -> payments",
			},
		},
		"three with a tail on both sides": {
			edges: []string{"web: a", "a: b", "b: c", "c: a tail", "tail: end", "end:"},
			want:  map[string]string{"shop/a": "a -> b -> c -> a", "shop/b": "b -> c -> a -> b", "shop/c": "c -> a -> b -> c"},
		},
		"two that have nothing to do with each other": {
			edges: []string{"a: b", "b: a", "x: y", "y: x"},
			want:  map[string]string{"shop/a": "a -> b -> a", "shop/b": "b -> a -> b", "shop/x": "x -> y -> x", "shop/y": "y -> x -> y"},
		},
		"two, with a one-way street between them": {
			edges: []string{"a: b x", "b: a", "x: y", "y: x"},
			want:  map[string]string{"shop/a": "a -> b -> a", "shop/b": "b -> a -> b", "shop/x": "x -> y -> x", "shop/y": "y -> x -> y"},
		},
		"two that share a member are one, and each member has its shortest path": {
			edges: []string{"a: b", "b: c m", "c: a", "m: n", "n: b"},
			want: map[string]string{
				"shop/a": "a -> b -> c -> a", "shop/b": "b -> c -> a -> b", "shop/c": "c -> a -> b -> c",
				"shop/m": "m -> n -> b -> m", "shop/n": "n -> b -> m -> n",
			},
		},
		"the shortest path, though a longer one comes first in the alphabet": {
			edges: []string{"a: b z", "b: c", "c: d", "d: a", "z: a"},
			want: map[string]string{
				"shop/a": "a -> z -> a", "shop/z": "z -> a -> z",
				"shop/b": "b -> c -> d -> a -> b", "shop/c": "c -> d -> a -> b -> c", "shop/d": "d -> a -> b -> c -> d",
			},
		},
		"across namespaces, with the names of the others written out": {
			edges: []string{"shop/web: bank/ledger", "bank/ledger: shop/web"},
			want: map[string]string{
				"shop/web":    "web -> bank/ledger -> web",
				"bank/ledger": "ledger -> shop/web -> ledger",
			},
		},
		"one name in two namespaces": {
			edges: []string{"shop/web: bank/web", "bank/web: shop/web"},
			want:  map[string]string{"shop/web": "web -> bank/web -> web", "bank/web": "web -> shop/web -> web"},
		},
		"what is not admitted is no edge": {
			edges:   []string{"orders: payments", "payments: orders"},
			consent: map[string]change{"shop/orders": admits("None")},
		},
		"what is not admitted across namespaces is no edge": {
			edges:   []string{"shop/web: bank/ledger", "bank/ledger: shop/web"},
			consent: map[string]change{"bank/ledger": admits("Same")},
		},
		"what a selector admits is an edge": {
			edges:   []string{"shop/web: bank/ledger", "bank/ledger: shop/web"},
			consent: map[string]change{"bank/ledger": admitsWhere(labelled("team", "shop"))},
			want:    map[string]string{"shop/web": "web -> bank/ledger -> web", "bank/ledger": "ledger -> shop/web -> ledger"},
		},
		"one that admits nobody is in no cycle of the others": {
			edges:   []string{"a: b bank/c", "b: a bank/c", "bank/c: a"},
			consent: map[string]change{"bank/c": admits("None")},
			want:    map[string]string{"shop/a": "a -> b -> a", "shop/b": "b -> a -> b"},
		},
		"what is not there is no edge": {
			edges: []string{"orders: payments gone", "payments: gone"},
		},
		"oneself is no edge": {
			edges: []string{"orders: orders", "payments: payments cart", "cart: payments cart"},
			want:  map[string]string{"shop/payments": "payments -> cart -> payments", "shop/cart": "cart -> payments -> cart"},
		},
	}
	namespaces := dependency.Namespaces{"shop": {"team": "shop"}}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			all := graph(tc.edges...)
			for _, ms := range all {
				if consent := tc.consent[dependency.KeyOf(ms).String()]; consent != nil {
					consent(ms)
				}
			}
			for range 20 {
				rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
				if diff := cmp.Diff(tc.want, paths(dependency.Cycles(all, namespaces)), cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("cycles (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestCyclesKnowTheOutsideAsNoEdge(t *testing.T) {
	all := []*v1alpha1.Microservice{
		microservice("orders", dependsOn(onService("postgres"), onHost("payments"))),
		microservice("payments", dependsOn(on("orders"))),
	}
	if got := paths(dependency.Cycles(all, nil)); len(got) > 0 {
		t.Errorf("cycles: %v", got)
	}
}

// Two that hold their first start for each other's Service would wait for ever.
func TestCyclesThroughServices(t *testing.T) {
	all := []*v1alpha1.Microservice{
		microservice("orders", dependsOn(onService("payments"))),
		microservice("payments", dependsOn(on("orders"))),
	}
	if got := dependency.Cycles(all, nil)[key("orders")].Members(); len(got) != 2 {
		t.Errorf("the members are %v", got)
	}
}

func TestCyclesDoNotChangeTheirInput(t *testing.T) {
	all := graph("a: c b", "b: a", "c: a")
	before := slices.Clone(all)
	var copies []*v1alpha1.Microservice
	for _, ms := range all {
		copies = append(copies, ms.DeepCopy())
	}
	dependency.Cycles(all, nil)
	if !slices.Equal(before, all) {
		t.Error("Cycles changed the order of the Microservices")
	}
	if diff := cmp.Diff(copies, all); diff != "" {
		t.Errorf("Cycles changed the Microservices (-before +after):\n%s", diff)
	}
}

// graph are Microservices that admit everybody. A line is one of them, and those that it names.
func graph(lines ...string) []*v1alpha1.Microservice {
	var all []*v1alpha1.Microservice
	for _, line := range lines {
		from, targets, _ := strings.Cut(line, ":")
		ms := microservice(from, admits(v1alpha1.FromAll))
		for i, to := range strings.Fields(targets) {
			dependsOn(called(fmt.Sprintf("d%d", i), on(key(to).String())))(ms)
		}
		all = append(all, ms)
	}
	return all
}

// paths describe the cycles, by member.
func paths(cycles map[dependency.Key]*dependency.Cycle) map[string]string {
	all := map[string]string{}
	for member, cycle := range cycles {
		all[member.String()] = cycle.Describe(member)
	}
	return all
}
