package explain

import (
	"fmt"
	"slices"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// legend explains what occurs in a picture, in lines of at most a width.
type legend struct {
	strings.Builder
	width, x, y float64
}

func (p *picture) legend(width float64) *legend {
	l := &legend{width: width, y: 44}
	for _, look := range looks {
		if slices.ContainsFunc(p.graph.Nodes, func(n Node) bool { return p.shows(n, look) }) {
			l.add(fmt.Sprintf(`<g class="%s" transform="translate(8 0) scale(.85)">%s</g>`, look.Class, look.Icon), 16, look.Word)
		}
	}
	l.addEdge(p.graph.Edges, Edge{}, "depends on", func(e Edge) bool { return !e.Optional && !e.isBroken() && !e.isRoute() })
	l.addEdge(p.graph.Edges, Edge{Optional: true}, "optional", func(e Edge) bool { return e.Optional })
	l.addEdge(p.graph.Edges, Edge{State: v1alpha1.DependencyNotReady}, "dependency not ready", func(e Edge) bool { return e.isBroken() && !e.isRoute() })
	l.addEdge(p.graph.Edges, Edge{State: v1alpha1.DependencyNotReady}, "route not accepted", func(e Edge) bool { return e.isBroken() && e.isRoute() })
	return l
}

// shows reports whether the picture has an icon because of a node. A Service has its shape whatever its state.
func (p *picture) shows(n Node, l Look) bool {
	if n.Kind == dependency.Service && l == lookService {
		return true
	}
	return n.look() == l && p.hasState(n)
}

func (l *legend) addEdge(edges []Edge, sample Edge, word string, applies func(Edge) bool) {
	if slices.ContainsFunc(edges, applies) {
		l.add(fmt.Sprintf(`<path class="%s" marker-end="url(#%s)" d="M0 0H34"/>`, sample.class(), sample.marker()), 34, word)
	}
}

func (l *legend) add(symbol string, width float64, word string) {
	text := width + 8
	end := l.x + text + textWidth(word, wordSize, false)
	if l.x > 0 && end > l.width {
		l.x, l.y, end = 0, l.y+24, end-l.x
	}
	_, _ = fmt.Fprintf(l, `<g transform="translate(%s %s)">%s<text x="%s" y="4">%s</text></g>`+"\n", number(l.x), number(l.y), symbol, number(text), word)
	l.x = end + 22
}

// height is that of all lines, with the distance to the graph.
func (l *legend) height() float64 {
	if l.Len() == 0 {
		return 0
	}
	return l.y
}
