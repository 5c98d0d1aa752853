package layout

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// services is a random graph as systems of services have it: most edges lead from outer to inner services, a few inner ones are hubs
// that one edge in four leads to, and some edges close cycles.
func services(seed uint64, nodes, edges int) ([]Node, []Edge) {
	r := rand.New(rand.NewPCG(seed, 0))
	all := make([]Node, nodes)
	for i := range all {
		all[i] = Node{ID: fmt.Sprintf("n%04d", i), Group: fmt.Sprint(r.IntN(4)), Width: 150 + float64(r.IntN(40)), Height: 44}
	}
	var between []Edge
	for range edges {
		from, to := r.IntN(nodes), r.IntN(nodes)
		switch {
		case r.IntN(4) == 0:
			to = nodes - 1 - r.IntN(1+nodes/100)
		case from > to && r.IntN(40) > 0:
			from, to = to, from
		}
		between = append(between, Edge{all[from].ID, all[to].ID})
	}
	return all, between
}

func BenchmarkOf(b *testing.B) {
	for _, size := range []struct{ nodes, edges int }{{200, 400}, {1000, 2000}, {5000, 12000}} {
		nodes, edges := services(1, size.nodes, size.edges)
		b.Run(fmt.Sprintf("%d-%d", size.nodes, size.edges), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Of(nodes, edges)
			}
		})
	}
}
