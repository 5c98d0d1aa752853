package explain

import (
	"encoding/xml"
	"fmt"
	"strings"
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

// namespaceClass is the class with the colour of a namespace.
func namespaceClass(i int) string { return fmt.Sprintf("ns%d", i%namespaceColors) }

// picture prints a drawing.
type picture struct {
	strings.Builder
	graph Graph
	*Drawing
}

// SVG returns the graph as a picture that needs nothing else. Its bytes are the same for the same graph.
func (g Graph) SVG() string {
	p := &picture{graph: g, Drawing: g.Draw(nil)}
	width := max(p.Width, 320, textWidth(p.Summary, wordSize, false))
	legend := p.legend(width)
	p.open(width+2*svgMargin, svgHead+p.Height+legend.height()+2*svgMargin)
	p.printf(`<g transform="translate(%s %s)">`+"\n", number(svgMargin), number(svgMargin+svgHead))
	p.cycles()
	p.edges()
	for i := range p.Nodes {
		p.node(&p.Nodes[i])
	}
	p.printf("</g>\n<g class=\"legend\" transform=\"translate(%s %s)\">\n%s</g>\n</svg>\n", number(svgMargin), number(svgMargin+svgHead+p.Height), legend.String())
	return p.String()
}

func (p *picture) printf(format string, args ...any) { _, _ = fmt.Fprintf(p, format, args...) }

func escaped(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// svgMarkers are the ends of edges.
const svgMarkers = `<marker id="msvc-tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto"><path class="tip" d="M0 .5 8 4 0 7.5Z"/></marker>
<marker id="msvc-stop" viewBox="0 0 16 16" refX="15" refY="8" markerWidth="16" markerHeight="16" markerUnits="userSpaceOnUse" orient="auto"><circle class="stop" cx="8" cy="8" r="6.4"/><path class="stop" d="M5.6 5.6 10.4 10.4M10.4 5.6 5.6 10.4"/></marker>
`

// Markers returns the SVG of the ends of edges, for a page that draws them itself.
func Markers() string { return svgMarkers }

// open draws all that is the same for each picture, and what a screen reader reads.
func (p *picture) open(width, height float64) {
	w, h := number(width), number(height)
	p.printf(`<svg xmlns="http://www.w3.org/2000/svg" width="%s" height="%s" viewBox="0 0 %s %s" role="img" aria-labelledby="msvc-title msvc-desc">`+"\n", w, h, w, h)
	p.printf("<title id=\"msvc-title\">%s</title>\n<desc id=\"msvc-desc\">%s</desc>\n", escaped("Dependencies: "+p.Heading), escaped(p.description()))
	p.printf("<style>%s</style>\n", svgStyle)
	p.printf("<defs>\n%s</defs>\n", svgMarkers)
	p.printf(`<rect class="canvas" x=".5" y=".5" width="%s" height="%s" rx="14"/>`+"\n", number(width-1), number(height-1))
	p.printf(`<text class="head" x="%s" y="42">%s</text><text class="sub" x="%s" y="62">%s</text>`+"\n",
		number(svgMargin), escaped(shorten(p.Heading, width-2*svgMargin, 16, true)), number(svgMargin), escaped(p.Summary))
}

// node draws a card.
func (p *picture) node(n *DrawnNode) {
	p.printf(`<g class="%s" transform="translate(%s %s)"><title>%s</title>`, n.Look, number(n.X), number(n.Y), escaped(n.Sentence))
	p.printf(`<path class="card" d="%s"/>`, n.Outline)
	if p.hasState(n.Node) {
		p.printf(`<g transform="translate(20 %s)">%s</g>`, number(n.Height/2), n.look().Icon)
	}
	for _, l := range n.Lines {
		p.printf(`<text class="%s" x="%s" y="%s">%s</text>`, l.Class, number(l.X), number(l.Y), escaped(l.Text))
	}
	p.WriteString("</g>\n")
}

// cycles draws the boxes behind what depends on each other.
func (p *picture) cycles() {
	for _, c := range p.Cycles {
		p.printf(`<rect class="cycle" x="%s" y="%s" width="%s" height="%s" rx="14"/>`, number(c.X), number(c.Y), number(c.Width), number(c.Height))
		p.printf(`<text class="caption" x="%s" y="%s">Cycle of %d</text>`+"\n", number(c.X+14), number(c.Y+20), len(c.Members))
	}
}
