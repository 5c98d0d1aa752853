package explain

import (
	"cmp"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"
)

// Change is what becomes of a node or an edge.
type Change string

const (
	// Added is in the later graph alone.
	Added Change = "Added"
	// Removed is in the earlier graph alone.
	Removed Change = "Removed"
	// Changed is a node in both graphs whose objects differ.
	Changed Change = "Changed"
)

// Compare returns the later graph with what changes, and with what it lacks of the earlier one. changed has the IDs of the nodes
// whose objects differ; a graph does not know them.
func Compare(before, after Graph, changed sets.Set[string]) Graph {
	g := Graph{Nodes: slices.Clone(after.Nodes), Edges: slices.Clone(after.Edges), Cycles: after.Cycles}
	earlier, later := sets.New[string](), sets.New[string]()
	for _, n := range before.Nodes {
		earlier.Insert(n.ID)
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		later.Insert(n.ID)
		switch {
		case !earlier.Has(n.ID):
			n.Change = Added
		case changed.Has(n.ID):
			n.Change = Changed
		}
	}
	for _, n := range before.Nodes {
		if !later.Has(n.ID) {
			n.Change = Removed
			g.Nodes = append(g.Nodes, n)
		}
	}
	earlierEdges, laterEdges := sets.New[end](), sets.New[end]()
	for i := range before.Edges {
		earlierEdges.Insert(before.Edges[i].end())
	}
	for i := range g.Edges {
		laterEdges.Insert(g.Edges[i].end())
		if !earlierEdges.Has(g.Edges[i].end()) {
			g.Edges[i].Change = Added
		}
	}
	for _, e := range before.Edges {
		if !laterEdges.Has(e.end()) {
			e.Change = Removed
			g.Edges = append(g.Edges, e)
		}
	}
	slices.SortFunc(g.Nodes, func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	return g
}

// end tells edges apart: a dependency keeps its name when its target changes.
type end struct{ from, to, name string }

func (e Edge) end() end { return end{e.From, e.To, e.Name} }
