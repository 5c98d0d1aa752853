package explain

import (
	"fmt"
	"strings"

	"github.com/microservice-dev/microservice-operator/internal/layout"
)

// edges draws the edges, those that are broken above the others.
func (p *picture) edges() {
	for _, broken := range []bool{false, true} {
		for _, e := range p.Edges {
			if e.isBroken() == broken {
				p.printf(`<path class="%s" marker-end="url(#%s)" d="%s"><title>%s</title></path>`+"\n", e.Class, e.marker(), e.Path, escaped(e.Sentence))
			}
		}
	}
}

func (e Edge) class() string {
	class := "edge"
	if e.isBroken() {
		class += " broken"
	}
	if e.Optional {
		class += " optional"
	}
	switch e.Change {
	case Added:
		class += " added"
	case Removed:
		class += " removed"
	}
	return class
}

func (e Edge) marker() string {
	if e.isBroken() {
		return "msvc-stop"
	}
	return "msvc-tip"
}

// curve returns the path of a route: curves where it climbs from layer to layer, and round corners.
func curve(route []layout.Point) string {
	var b strings.Builder
	fmt.Fprintf(&b, "M%s %s", number(route[0].X), number(route[0].Y))
	for i := 1; i < len(route); i++ {
		from, to := route[i-1], route[i]
		if from.X != to.X && from.Y != to.Y {
			middle := number((from.X + to.X) / 2)
			fmt.Fprintf(&b, "C%s %s %s %s %s %s", middle, number(from.Y), middle, number(to.Y), number(to.X), number(to.Y))
			continue
		}
		if i+1 < len(route) && (from.X == to.X) != (to.X == route[i+1].X) && (to.X == route[i+1].X || to.Y == route[i+1].Y) {
			const radius = 7
			a, c := towards(to, from, radius), towards(to, route[i+1], radius)
			fmt.Fprintf(&b, "L%s %sQ%s %s %s %s", number(a.X), number(a.Y), number(to.X), number(to.Y), number(c.X), number(c.Y))
			continue
		}
		fmt.Fprintf(&b, "L%s %s", number(to.X), number(to.Y))
	}
	return b.String()
}

// towards returns the point that is so far away from one in the direction of another, along an axis.
func towards(from, to layout.Point, distance float64) layout.Point {
	step := func(a, b float64) float64 { return a + max(-distance, min(distance, b-a)) }
	return layout.Point{X: step(from.X, to.X), Y: step(from.Y, to.Y)}
}
