package layout

import (
	"cmp"
	"slices"

	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
)

// condensed is a graph without cycles: what reaches each other is one stack.
type condensed struct {
	// nodes are sorted by ID; what follows names them by index.
	nodes []Node
	// edges are distinct and sorted, and lead from a node to another one.
	edges [][2]int
	// stacks are sorted by their first node.
	stacks []stack
	// stackOf is the stack of each node.
	stackOf []int
	// in and out are the edges between stacks, distinct and sorted.
	in, out [][]int
	// rank is the layer of each stack.
	rank []int
}

// stack is a node, or nodes that reach each other, one above the other in a box.
type stack struct {
	// id and group are those of the first member.
	id, group     string
	width, height float64
	// members are nodes from top to bottom, and corners their upper left corners in the box.
	members []int
	corners []Point
	// routes are those of the edges between members, in the box.
	routes map[[2]int][]Point
}

func condense(nodes []Node, edges []Edge) *condensed {
	g := &condensed{nodes: slices.SortedFunc(slices.Values(nodes), func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })}
	g.nodes = slices.CompactFunc(g.nodes, func(a, b Node) bool { return a.ID == b.ID })
	index := make(map[string]int, len(g.nodes))
	for i, n := range g.nodes {
		index[n.ID] = i
	}
	for _, e := range edges {
		from, known := index[e.From]
		to, alsoKnown := index[e.To]
		if known && alsoKnown && from != to {
			g.edges = append(g.edges, [2]int{from, to})
		}
	}
	g.edges = distinct(g.edges)
	g.stack()
	g.in, g.out = make([][]int, len(g.stacks)), make([][]int, len(g.stacks))
	between := make([][2]int, 0, len(g.edges))
	for _, e := range g.edges {
		if from, to := g.stackOf[e[0]], g.stackOf[e[1]]; from != to {
			between = append(between, [2]int{from, to})
		}
	}
	for _, e := range distinct(between) {
		g.out[e[0]] = append(g.out[e[0]], e[1])
		g.in[e[1]] = append(g.in[e[1]], e[0])
	}
	g.rank = g.ranks()
	return g
}

// edgesFrom returns the edges of a node.
func (g *condensed) edgesFrom(node int) [][2]int {
	byFrom := func(e [2]int, n int) int { return cmp.Compare(e[0], n) }
	start, _ := slices.BinarySearchFunc(g.edges, node, byFrom)
	end, _ := slices.BinarySearchFunc(g.edges, node+1, byFrom)
	return g.edges[start:end]
}

func distinct(edges [][2]int) [][2]int {
	slices.SortFunc(edges, func(a, b [2]int) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) })
	return slices.Compact(edges)
}

// stack makes the stacks from the strongly connected components.
func (g *condensed) stack() {
	directed := simple.NewDirectedGraph()
	for i := range g.nodes {
		directed.AddNode(simple.Node(i))
	}
	for _, e := range g.edges {
		directed.SetEdge(simple.Edge{F: simple.Node(e[0]), T: simple.Node(e[1])})
	}
	var sets [][]int
	for _, component := range topo.TarjanSCC(directed) {
		members := make([]int, 0, len(component))
		for _, n := range component {
			members = append(members, int(n.ID()))
		}
		slices.Sort(members)
		sets = append(sets, members)
	}
	slices.SortFunc(sets, func(a, b []int) int { return cmp.Compare(a[0], b[0]) })
	g.stackOf = make([]int, len(g.nodes))
	for i, members := range sets {
		for _, m := range members {
			g.stackOf[m] = i
		}
	}
	inside, entered := make([][][2]int, len(sets)), make([]bool, len(g.nodes))
	for _, e := range g.edges {
		if s := g.stackOf[e[0]]; s == g.stackOf[e[1]] {
			inside[s] = append(inside[s], e)
		} else {
			entered[e[1]] = true
		}
	}
	for i, members := range sets {
		first := g.nodes[members[0]]
		s := stack{id: first.ID, group: first.Group, width: first.Width, height: first.Height, members: members, corners: make([]Point, 1)}
		if len(members) > 1 {
			s.arrange(g.nodes, inside[i], entered)
		}
		g.stacks = append(g.stacks, s)
	}
}

// parts returns the weakly connected parts, as stacks.
func (g *condensed) parts() [][]int {
	seen := make([]bool, len(g.stacks))
	var all [][]int
	for first := range g.stacks {
		if seen[first] {
			continue
		}
		seen[first] = true
		reached := []int{first}
		for i := 0; i < len(reached); i++ {
			for _, next := range slices.Concat(g.in[reached[i]], g.out[reached[i]]) {
				if !seen[next] {
					seen[next] = true
					reached = append(reached, next)
				}
			}
		}
		slices.Sort(reached)
		all = append(all, reached)
	}
	return all
}

// ranks returns the layer of each stack: as far to the left as its dependents let it. What has more dependencies than dependents
// then moves towards its dependencies, which makes its edges shorter.
func (g *condensed) ranks() []int {
	rank, waits := make([]int, len(g.stacks)), make([]int, len(g.stacks))
	var sorted []int
	for s := range g.stacks {
		if waits[s] = len(g.in[s]); waits[s] == 0 {
			sorted = append(sorted, s)
		}
	}
	for i := 0; i < len(sorted); i++ {
		for _, to := range g.out[sorted[i]] {
			rank[to] = max(rank[to], rank[sorted[i]]+1)
			if waits[to]--; waits[to] == 0 {
				sorted = append(sorted, to)
			}
		}
	}
	for _, s := range slices.Backward(sorted) {
		if len(g.out[s]) <= len(g.in[s]) {
			continue
		}
		nearest := rank[g.out[s][0]]
		for _, to := range g.out[s] {
			nearest = min(nearest, rank[to])
		}
		rank[s] = nearest - 1
	}
	return rank
}
