package explain

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/layout"
)

// Sizes in the picture, in pixels.
const (
	svgMargin   = 28.0
	svgHead     = 64.0 // above the graph
	cardHeight  = 48.0
	spaceHeight = 14.0 // of the line with the namespace
	cardLeast   = 156.0
	nameMost    = 220.0
	nameSize    = 14.0
	wordSize    = 12.0
	spaceSize   = 11.0
	textLeft    = 38.0 // beside an icon
	textPad     = 14.0
)

// namespaceColors is how many colours namespaces have. More than that share them: the name tells.
const namespaceColors = 6

// picture is a graph that is being drawn.
type picture struct {
	strings.Builder
	graph      Graph
	namespaces []string
	// observed is set if anything is known about any node. Otherwise states are not shown.
	observed bool
}

// SVG returns the graph as a picture that needs nothing else. Its bytes are the same for the same graph.
func (g Graph) SVG() string {
	p := &picture{graph: g}
	names := sets.New[string]()
	for _, n := range g.Nodes {
		if n.Namespace != "" {
			names.Insert(n.Namespace)
		}
		p.observed = p.observed || n.State != StateUnknown
	}
	p.namespaces = sets.List(names)

	nodes := make([]layout.Node, 0, len(g.Nodes))
	for _, n := range g.Nodes {
		nodes = append(nodes, layout.Node{ID: n.ID, Group: n.Namespace, Width: p.cardWidth(n), Height: p.cardHeight()})
	}
	edges := make([]layout.Edge, 0, len(g.Edges))
	for _, e := range g.Edges {
		edges = append(edges, layout.Edge{From: e.From, To: e.To})
	}
	l := layout.Of(nodes, edges)
	width := max(l.Width, 320, textWidth(p.summary(), wordSize, false))
	legend := p.legend(width)
	p.open(width+2*svgMargin, svgHead+l.Height+legend.height()+2*svgMargin)
	p.printf(`<g transform="translate(%s %s)">`+"\n", number(svgMargin), number(svgMargin+svgHead))
	p.cycles(l)
	p.edges(l)
	for _, n := range g.Nodes {
		p.node(n, l.Nodes[n.ID])
	}
	p.printf("</g>\n<g class=\"legend\" transform=\"translate(%s %s)\">\n%s</g>\n</svg>\n", number(svgMargin), number(svgMargin+svgHead+l.Height), legend.String())
	return p.String()
}

func (p *picture) printf(format string, args ...any) { _, _ = fmt.Fprintf(p, format, args...) }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// open draws all that is the same for each picture, and what a screen reader reads.
func (p *picture) open(width, height float64) {
	w, h := number(width), number(height)
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="msvc-title msvc-desc">`+"\n", w, h, w, h)
	p.printf("<title id=\"msvc-title\">%s</title>\n<desc id=\"msvc-desc\">%s</desc>\n", escaped("Dependencies: "+p.heading()), escaped(p.description()))
	p.printf("<style>%s</style>\n", svgStyle)
	p.WriteString(`<defs>
<marker id="msvc-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 .5 8 4 0 7.5Z"/></marker>
<marker id="msvc-stop" viewBox="0 0 16 16" refX="15" refY="8" markerWidth="16" markerHeight="16" markerUnits="userSpaceOnUse" orient="auto"><circle class="stop" cx="8" cy="8" r="6.4"/><path class="stop" d="M5.6 5.6 10.4 10.4M10.4 5.6 5.6 10.4"/></marker>
</defs>
`)
	p.printf(`<rect class="canvas" x=".5" y=".5" width="%s" height="%s" rx="14"/>`+"\n", number(width-1), number(height-1))
	p.printf(`<text class="head" x="%s" y="42">%s</text><text class="sub" x="%s" y="62">%s</text>`+"\n",
		number(svgMargin), escaped(shorten(p.heading(), width-2*svgMargin, 16, true)), number(svgMargin), escaped(p.summary()))
}

func (p *picture) cardHeight() float64 {
	if len(p.namespaces) > 1 {
		return cardHeight + spaceHeight
	}
	return cardHeight
}

func (p *picture) cardWidth(n Node) float64 {
	text := max(textWidth(n.Name, nameSize, true), textWidth(n.Namespace, spaceSize, true))
	if n.Kind == Gateway {
		text = max(text, textWidth(n.words(), wordSize, false))
	}
	return max(cardLeast, textLeft+min(text, nameMost)+textPad)
}

// node draws a card. Its shape tells the kind.
func (p *picture) node(n Node, r layout.Rect) {
	l := n.look()
	p.printf(`<g class="%s" transform="translate(%s %s)"><title>%s</title>`, l.class, number(r.X), number(r.Y), escaped(p.tooltip(n)))
	switch n.Kind {
	case dependency.External:
		p.printf(`<rect class="card" width="%s" height="%s" rx="%s"/>`, number(r.Width), number(r.Height), number(r.Height/2))
	case dependency.Service:
		const cut = 10
		p.printf(`<path class="card" d="M%d 0H%sL%s %dV%sL%s %sH%dL0 %sV%dZ"/>`, cut, number(r.Width-cut), number(r.Width), cut, number(r.Height-cut),
			number(r.Width-cut), number(r.Height), cut, number(r.Height-cut), cut)
	case Gateway: // an arrow
		const tip = 12
		p.printf(`<path class="card" d="M0 0H%sL%s %sL%s %sH0Z"/>`, number(r.Width-tip), number(r.Width), number(r.Height/2), number(r.Width-tip), number(r.Height))
	default:
		p.printf(`<rect class="card" width="%s" height="%s" rx="10"/>`, number(r.Width), number(r.Height))
	}
	left := textPad
	if p.hasState(n) {
		left = textLeft
		p.printf(`<g transform="translate(20 %s)">%s</g>`, number(r.Height/2), l.icon)
	}
	lines := p.lines(n)
	y := r.Height / 2
	for _, line := range lines {
		y -= line.height / 2
	}
	for _, line := range lines {
		text := shorten(line.text, r.Width-left-textPad+4, line.size, line.bold)
		p.printf(`<text class="%s" x="%s" y="%s">%s</text>`, line.class, number(left), number(y+0.78*line.height), escaped(text))
		y += line.height
	}
	p.WriteString("</g>\n")
}

// hasState reports whether the card of a node has an icon and a line that tells its state or kind.
func (p *picture) hasState(n Node) bool { return p.observed || n.Kind != dependency.Microservice }

// line is a line of text on a card.
type line struct {
	class, text  string
	height, size float64
	bold         bool
}

func (p *picture) lines(n Node) []line {
	var all []line
	if i := slices.Index(p.namespaces, n.Namespace); i >= 0 && len(p.namespaces) > 1 {
		all = append(all, line{fmt.Sprintf("space ns%d", i%namespaceColors), n.Namespace, spaceHeight, spaceSize, true})
	}
	all = append(all, line{"name", n.Name, 18, nameSize, true})
	if p.hasState(n) {
		all = append(all, line{"word", n.words(), 17, wordSize, false})
	}
	return all
}

// cycles draws the boxes behind what depends on each other.
func (p *picture) cycles(l *layout.Layout) {
	for _, c := range l.Cycles {
		p.printf(`<rect class="cycle" x="%s" y="%s" width="%s" height="%s" rx="14"/>`, number(c.X), number(c.Y), number(c.Width), number(c.Height))
		p.printf(`<text class="caption" x="%s" y="%s">Cycle of %d</text>`+"\n", number(c.X+14), number(c.Y+20), len(c.Members))
	}
}
