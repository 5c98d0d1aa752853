package explain

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/layout"
)

// Drawing is a graph with a place for everything: what SVG prints, and what the web page draws. Sizes are pixels.
type Drawing struct {
	Width, Height float64
	// Heading is the namespace, or how many there are, and Summary counts the Microservices by state.
	Heading, Summary string
	// Nodes and Edges are those of the graph, in its order. An edge of a node to itself is not drawn.
	Nodes []DrawnNode
	Edges []DrawnEdge
	// Cycles are the boxes behind what depends on each other.
	Cycles []layout.Cycle

	// observed is set if anything is known about any node. Otherwise states are not shown.
	observed   bool
	namespaces []string
	layout     *layout.Layout
	// nodes and edges are what the layout was made of.
	nodes []layout.Node
	edges []layout.Edge
}

// DrawnNode is a node with its place and its words. Its JSON is that of the web page, which may change with it.
type DrawnNode struct {
	Node
	X      float64 `json:"x"`
	Y      float64 `json:"y"`
	Width  float64 `json:"width"`
	Height float64 `json:"height"`
	// Outline is the d of the SVG path around the card. Its shape tells the kind.
	Outline string `json:"outline"`
	// Look is the class of the card, and the name of its icon.
	Look string `json:"look"`
	// Lines are those of the card, shortened to its width, from top to bottom.
	Lines []DrawnLine `json:"lines"`
	// Sentence tells all of it to who does not see it.
	Sentence string `json:"sentence"`
}

// DrawnLine is a line of text on a card.
type DrawnLine struct {
	// Class is space and a colour, name or word.
	Class string `json:"class"`
	Text  string `json:"text"`
	// X and Y are where the text begins on its baseline, on the card.
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// DrawnEdge is an edge with its path. Its JSON is that of the web page, which may change with it.
type DrawnEdge struct {
	Edge
	// Class is edge, with broken, optional, added and removed where they apply.
	Class string `json:"class"`
	// Path is the d of an SVG path.
	Path     string `json:"path"`
	Sentence string `json:"sentence"`
}

// Draw places a graph. previous is the drawing of an earlier graph, or nil: what did not change stands where it stood.
func (g Graph) Draw(previous *Drawing) *Drawing {
	d := &Drawing{}
	names := sets.New[string]()
	for _, n := range g.Nodes {
		if n.Namespace != "" {
			names.Insert(n.Namespace)
		}
		d.observed = d.observed || n.State != StateUnknown
	}
	d.namespaces = sets.List(names)
	d.Heading, d.Summary = heading(d.namespaces), d.summary(g.Nodes)
	for _, n := range g.Nodes {
		d.nodes = append(d.nodes, layout.Node{ID: n.ID, Group: n.Namespace, Width: cardWidth(n), Height: d.cardHeight()})
	}
	for _, e := range g.Edges {
		d.edges = append(d.edges, layout.Edge{From: e.From, To: e.To})
	}
	d.place(previous)
	d.Width, d.Height, d.Cycles = d.layout.Width, d.layout.Height, d.layout.Cycles
	for _, n := range g.Nodes {
		r := d.layout.Nodes[n.ID]
		drawn := DrawnNode{Node: n, X: r.X, Y: r.Y, Width: r.Width, Height: r.Height, Outline: outline(n.Kind, r.Width, r.Height), Look: n.Look(), Sentence: d.sentence(n)}
		drawn.Lines = d.lines(&drawn)
		d.Nodes = append(d.Nodes, drawn)
	}
	for _, e := range g.Edges {
		if route, found := d.layout.Edges[layout.Edge{From: e.From, To: e.To}]; found {
			d.Edges = append(d.Edges, DrawnEdge{Edge: e, Class: e.class(), Path: curve(route), Sentence: e.sentence()})
		}
	}
	return d
}

// place makes the layout, or takes the previous one where the same is to be placed: most changes are of states alone.
func (d *Drawing) place(previous *Drawing) {
	switch {
	case previous == nil:
		d.layout = layout.Of(d.nodes, d.edges)
	case slices.Equal(d.nodes, previous.nodes) && slices.Equal(d.edges, previous.edges):
		d.layout = previous.layout
	default:
		d.layout = layout.After(previous.layout, d.nodes, d.edges)
	}
}

func (d *Drawing) cardHeight() float64 {
	if len(d.namespaces) > 1 {
		return cardHeight + spaceHeight
	}
	return cardHeight
}

// cardWidth depends on nothing that changes while a service runs, so that a change of state moves no card.
func cardWidth(n Node) float64 {
	text := max(textWidth(n.Name, nameSize, true), textWidth(n.Namespace, spaceSize, true))
	switch n.Kind {
	case Namespace:
		text = max(text, textWidth("1000 Microservices, 100 not ready", wordSize, false))
	case Gateway:
		text = max(text, textWidth(n.Words(), wordSize, false))
	}
	return max(cardLeast, textLeft+min(text, nameMost)+textPad)
}

// hasState reports whether the card of a node has an icon and a line that tells its state or kind.
func (d *Drawing) hasState(n Node) bool { return d.observed || n.Kind != dependency.Microservice }

// lines returns the lines of a card, of which the size is known.
func (d *Drawing) lines(n *DrawnNode) []DrawnLine {
	type line struct {
		class, text  string
		height, size float64
		bold         bool
	}
	var all []line
	if i := slices.Index(d.namespaces, n.Namespace); i >= 0 && len(d.namespaces) > 1 && n.Kind != Namespace {
		all = append(all, line{"space " + namespaceClass(i), n.Namespace, spaceHeight, spaceSize, true})
	}
	all = append(all, line{"name", n.Name, 18, nameSize, true})
	left := textPad
	if d.hasState(n.Node) {
		left = textLeft
		all = append(all, line{"word", n.Words(), 17, wordSize, false})
	}
	y := n.Height / 2
	for _, l := range all {
		y -= l.height / 2
	}
	drawn := make([]DrawnLine, 0, len(all))
	for _, l := range all {
		drawn = append(drawn, DrawnLine{Class: l.class, Text: shorten(l.text, n.Width-left-textPad+4, l.size, l.bold), X: left, Y: y + 0.78*l.height})
		y += l.height
	}
	return drawn
}

// outline returns the path around a card.
func outline(kind dependency.Kind, width, height float64) string {
	w, h := number(width), number(height)
	switch kind {
	case dependency.Service: // without corners
		const cut = 10
		right, low := number(width-cut), number(height-cut)
		return fmt.Sprintf("M%d 0H%sL%s %dV%sL%s %sH%dL0 %sV%dZ", cut, right, w, cut, low, right, h, cut, low, cut)
	case Gateway: // an arrow
		const tip = 12
		return fmt.Sprintf("M0 0H%sL%s %sL%s %sH0Z", number(width-tip), w, number(height/2), number(width-tip), h)
	}
	radius := 10.0
	if kind == dependency.External {
		radius = height / 2
	}
	r, right, low := number(radius), number(width-radius), number(height-radius)
	corner := func(x, y string) string { return fmt.Sprintf("A%s %s 0 0 1 %s %s", r, r, x, y) }
	return fmt.Sprintf("M%s 0H%s%sV%s%sH%s%sV%s%sZ", r, right, corner(w, r), low, corner(right, h), r, corner("0", low), r, corner(r, "0"))
}
