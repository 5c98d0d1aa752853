// Package layout places the nodes of a directed graph in layers from left to right, and routes its edges between them, after
// Sugiyama, Tagawa and Toda: Methods for Visual Understanding of Hierarchical System Structures
// (https://doi.org/10.1109/TSMC.1981.4308636). It is pure and deterministic: the order of its input does not matter. It knows
// nothing of what the nodes are.
package layout

// Distances between what is drawn, in the unit of the nodes' sizes.
const (
	nodeGap  = 18.0 // between two nodes of a layer
	bendGap  = 12.0 // between an edge that passes a layer and its neighbours
	partGap  = 36.0 // between parts of the graph that are not connected
	layerGap = 60.0 // between layers, at least
	steepGap = 0.12 // what the distance of layers grows by, as a share of the height that an edge climbs between them
	mostGap  = 240.0
)

// squareLayer is the square of the nodes that a layer of a square picture with one node has: the usual distance of two layers by that
// of two nodes.
const squareLayer = 3.5

// Node is a rectangle to place.
type Node struct {
	// ID is unique.
	ID string
	// Group is what the node belongs to. Nodes of one group stand together, as far as edges leave the choice.
	Group string
	// Width is the least one: the nodes of a layer are all as wide as the widest of them.
	Width, Height float64
}

// Edge leads from one node to another, by ID.
type Edge struct{ From, To string }

// Point is a place. X grows to the right, Y downwards.
type Point struct{ X, Y float64 }

// Rect is a rectangle. X and Y are its upper left corner.
type Rect struct{ X, Y, Width, Height float64 }

// Layout is where everything is. All of it lies between the origin and Width and Height.
type Layout struct {
	Width, Height float64
	// Nodes are the places of the nodes, by ID.
	Nodes map[string]Rect
	// Edges are the routes of the edges, from the border of one node to that of the other. Between two points that differ in X and
	// in Y, nothing is in the way of a curve that leaves and arrives horizontally; the others are joined by a straight line. Edges
	// with the same target join on their way to it. An edge of a node to itself has no route.
	Edges map[Edge][]Point
	// Cycles are the boxes around nodes that reach each other, sorted by their first member.
	Cycles []Cycle

	// traces are where things stood, for the next layout.
	traces map[trace]stand
}

// Cycle is the box around a strongly connected set of nodes, which stand one above the other.
type Cycle struct {
	Rect
	// Members are the IDs of the nodes, from top to bottom.
	Members []string
}

// trace tells a thing in a layer from others, also in a later layout: a node or a cycle by its first ID, or the bend of the edges to
// a node that is so many layers away from it.
type trace struct {
	id       string
	distance int
}

// stand is where a thing stood: in which part of the graph, and at which height.
type stand struct {
	part int
	y    float64
}

// Of returns the layout of a graph. Edges between the same nodes count once, and edges with an unknown end not at all.
func Of(nodes []Node, edges []Edge) *Layout {
	return After(nil, nodes, edges)
}

// After returns the layout of a graph that changed since a previous layout, which may be nil. Nodes of a layer keep their order, so
// that a picture changes only where the graph does; new ones stand beside their neighbours. It may have more crossings than a
// layout from scratch.
func After(previous *Layout, nodes []Node, edges []Edge) *Layout {
	var before map[trace]stand
	if previous != nil {
		before = previous.traces
	}
	g := condense(nodes, edges)
	var parts []*part
	var single []int
	for _, stacks := range g.parts() {
		if len(stacks) == 1 && len(g.stacks[stacks[0]].members) == 1 {
			single = append(single, stacks[0])
			continue
		}
		p := g.layer(stacks)
		p.order(before)
		p.place()
		parts = append(parts, p)
	}
	out := &Layout{
		Nodes:  make(map[string]Rect, len(g.nodes)),
		Edges:  make(map[Edge][]Point, len(g.edges)),
		traces: make(map[trace]stand, len(g.nodes)),
	}
	out.pack(g, parts, single, before)
	return out
}
