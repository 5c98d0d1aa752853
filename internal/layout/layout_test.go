package layout

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// drawn returns nodes of one size, and edges written as "a>b".
func drawn(names string, arrows ...string) ([]Node, []Edge) {
	var nodes []Node
	for _, name := range names {
		nodes = append(nodes, Node{ID: string(name), Width: 100, Height: 40})
	}
	var edges []Edge
	for _, a := range arrows {
		edges = append(edges, Edge{a[:1], a[2:]})
	}
	return nodes, edges
}

func TestWhereThingsStand(t *testing.T) {
	straight := func(l *Layout, e Edge) bool {
		route := l.Edges[e]
		return len(route) >= 2 && !slices.ContainsFunc(route, func(p Point) bool { return p.Y != route[0].Y })
	}
	for name, c := range map[string]struct {
		nodes  string
		edges  []string
		expect func(l *Layout) bool
	}{
		"a graph without nodes has no size": {"", nil, func(l *Layout) bool { return l.Width == 0 && l.Height == 0 }},
		"a node fills the picture": {"a", nil, func(l *Layout) bool {
			return l.Nodes["a"] == Rect{0, 0, 100, 40} && l.Width == 100 && l.Height == 40
		}},
		"a chain is straight, from left to right": {"abc", []string{"a>b", "b>c"}, func(l *Layout) bool {
			return straight(l, Edge{"a", "b"}) && straight(l, Edge{"b", "c"}) && l.Nodes["a"].X < l.Nodes["b"].X && l.Nodes["b"].X < l.Nodes["c"].X
		}},
		"what one of three depends on stands beside it": {"abcd", []string{"a>b", "a>c", "a>d"}, func(l *Layout) bool {
			return straight(l, Edge{"a", "c"}) && l.Nodes["b"].Y < l.Nodes["c"].Y && l.Nodes["c"].Y < l.Nodes["d"].Y
		}},
		"an edge past a layer does not touch it": {"abc", []string{"a>b", "b>c", "a>c"}, func(l *Layout) bool {
			return l.Nodes["c"].X > l.Nodes["b"].X && len(l.Edges[Edge{"a", "c"}]) == 4
		}},
		"a late source stands next to what it needs": {"abcd", []string{"a>b", "b>c", "d>c"}, func(l *Layout) bool {
			return l.Nodes["d"].X == l.Nodes["b"].X
		}},
		"edges to the same target join": {"abcd", []string{"a>b", "b>c", "c>d", "a>d", "b>d"}, func(l *Layout) bool {
			a, b := l.Edges[Edge{"a", "d"}], l.Edges[Edge{"b", "d"}]
			return cmp.Equal(a[len(a)-3:], b[len(b)-3:])
		}},
		"what is not connected stands in a grid": {"abcd", nil, func(l *Layout) bool {
			return l.Nodes["a"].Y == l.Nodes["b"].Y && l.Nodes["a"].X < l.Nodes["b"].X && l.Nodes["c"].Y > l.Nodes["a"].Y
		}},
		"parts do not touch": {"abcdx", []string{"a>b", "c>d"}, func(l *Layout) bool {
			return l.Nodes["x"].Y > max(l.Nodes["a"].Y, l.Nodes["c"].Y) && l.Nodes["a"] != l.Nodes["c"]
		}},
		"a cycle is a stack in a box, in the order of its edges": {"abcd", []string{"a>d", "d>b", "b>c", "c>d"}, func(l *Layout) bool {
			return len(l.Cycles) == 1 && slices.Equal(l.Cycles[0].Members, []string{"d", "b", "c"}) &&
				l.Nodes["d"].Y < l.Nodes["b"].Y && l.Nodes["b"].Y < l.Nodes["c"].Y && l.Nodes["d"].X == l.Nodes["c"].X
		}},
		"the way back in a cycle is outside its members": {"ab", []string{"a>b", "b>a"}, func(l *Layout) bool {
			return len(l.Edges[Edge{"b", "a"}]) == 4 && l.Edges[Edge{"b", "a"}][1].X < l.Nodes["a"].X && l.Edges[Edge{"b", "a"}][1].X > 0
		}},
		"a hub's many dependents stand in several columns, on both sides of the line that leads to it": {
			"abcdefghijklmnopqrst", strings.Fields("a>t b>t c>t d>t e>t f>t g>t h>t i>t j>t k>t l>t m>t n>t o>t p>t q>t r>t s>t"), func(l *Layout) bool {
				line := l.Edges[Edge{"s", "t"}]
				return l.Nodes["a"].X > l.Nodes["s"].X && line[len(line)-1].Y == line[1].Y && l.Nodes["a"].Y < line[1].Y && l.Nodes["h"].Y > line[1].Y
			}},
		"many dependencies stand in several columns": {
			"abcdefghijklmnopqrst", strings.Fields("a>b a>c a>d a>e a>f a>g a>h a>i a>j a>k a>l a>m a>n a>o a>p a>q a>r a>s a>t"), func(l *Layout) bool {
				return l.Nodes["t"].X > l.Nodes["b"].X && l.Nodes["b"].X > l.Nodes["a"].X
			}},
		"an edge to itself and one to nobody have no route": {"a", []string{"a>a", "a>z"}, func(l *Layout) bool { return len(l.Edges) == 0 }},
	} {
		t.Run(name, func(t *testing.T) {
			if l := Of(drawn(c.nodes, c.edges...)); !c.expect(l) {
				t.Errorf("%+v", l)
			}
		})
	}
}

// graphs are random ones of all shapes.
func graphs(t *testing.T, check func(t *testing.T, nodes []Node, edges []Edge)) {
	for seed := range uint64(120) {
		r := rand.New(rand.NewPCG(seed, 1))
		n := 1 + r.IntN(70)
		nodes, edges := services(seed, n, r.IntN(2*n+1))
		for i := range nodes {
			nodes[i].Height += float64(r.IntN(40))
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { check(t, nodes, edges) })
	}
}

// Nothing overlaps, and edges climb only where no node is.
func TestNothingIsInTheWay(t *testing.T) {
	graphs(t, func(t *testing.T, nodes []Node, edges []Edge) {
		l := Of(nodes, edges)
		if len(l.Nodes) != len(nodes) {
			t.Fatalf("%d of %d nodes are placed", len(l.Nodes), len(nodes))
		}
		within(t, l)
		var all []Rect
		boxed := map[string]bool{}
		for _, c := range l.Cycles {
			all = append(all, c.Rect)
			for i, m := range c.Members {
				boxed[m] = true
				if n := l.Nodes[m]; !contains(c.Rect, Point{n.X, n.Y}) || !contains(c.Rect, Point{n.X + n.Width, n.Y + n.Height}) {
					t.Errorf("%s leaves its box", m)
				}
				if i > 0 && overlap(l.Nodes[c.Members[i-1]], l.Nodes[m]) {
					t.Errorf("%s overlaps", m)
				}
			}
		}
		for _, n := range nodes {
			if r := l.Nodes[n.ID]; r.Width < n.Width || r.Height != n.Height {
				t.Errorf("%s has another size: %v", n.ID, r)
			}
			if !boxed[n.ID] {
				all = append(all, l.Nodes[n.ID])
			}
		}
		for i, a := range all {
			for _, b := range all[i+1:] {
				if overlap(a, b) {
					t.Errorf("%v overlaps %v", a, b)
				}
			}
		}
		for _, e := range edges {
			if e.From != e.To {
				clear := slices.DeleteFunc(slices.Clone(nodes), func(n Node) bool { return n.ID == e.From || n.ID == e.To })
				clearOf(t, l, e, clear)
			}
		}
	})
}

// within checks that everything has finite coordinates in the picture.
func within(t *testing.T, l *Layout) {
	t.Helper()
	picture := Rect{0, 0, l.Width, l.Height}
	for id, r := range l.Nodes {
		if !contains(picture, Point{r.X, r.Y}) || !contains(picture, Point{r.X + r.Width, r.Y + r.Height}) {
			t.Errorf("%s is at %v in %v", id, r, picture)
		}
	}
	for e, route := range l.Edges {
		for _, p := range route {
			if !contains(picture, p) {
				t.Errorf("%v passes %v in %v", e, p, picture)
			}
		}
	}
}

// clearOf checks that an edge begins and ends at its nodes and avoids the others.
func clearOf(t *testing.T, l *Layout, e Edge, others []Node) {
	t.Helper()
	route := l.Edges[e]
	if len(route) < 2 {
		t.Fatalf("%v has no route", e)
	}
	if first, last := route[0], route[len(route)-1]; !contains(l.Nodes[e.From], first) || !contains(l.Nodes[e.To], last) {
		t.Errorf("%v leads from %v to %v", e, first, last)
	}
	for i := 1; i < len(route); i++ {
		a, b := route[i-1], route[i]
		covered := Rect{min(a.X, b.X), min(a.Y, b.Y), math.Abs(a.X - b.X), math.Abs(a.Y - b.Y)}
		for _, n := range others {
			if overlap(covered, l.Nodes[n.ID]) {
				t.Errorf("%v runs through %s", e, n.ID)
			}
		}
	}
}

func contains(r Rect, p Point) bool { // NaN is nowhere
	const rounding = 1e-6
	return p.X >= r.X-rounding && p.X <= r.X+r.Width+rounding && p.Y >= r.Y-rounding && p.Y <= r.Y+r.Height+rounding
}

func overlap(a, b Rect) bool {
	const rounding = 1e-6
	return a.X+a.Width > b.X+rounding && b.X+b.Width > a.X+rounding && a.Y+a.Height > b.Y+rounding && b.Y+b.Height > a.Y+rounding
}

var exactly = cmp.AllowUnexported(Layout{}, trace{}, stand{})

func TestOrderOfTheInputDoesNotMatter(t *testing.T) {
	graphs(t, func(t *testing.T, nodes []Node, edges []Edge) {
		want := Of(nodes, edges)
		r := rand.New(rand.NewPCG(7, 7))
		nodes, edges = slices.Clone(nodes), append(slices.Clone(edges), edges...)
		r.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
		r.Shuffle(len(edges), func(i, j int) { edges[i], edges[j] = edges[j], edges[i] })
		if diff := cmp.Diff(want, Of(nodes, edges), exactly); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestAGraphThatDidNotChangeStaysWhereItIs(t *testing.T) {
	graphs(t, func(t *testing.T, nodes []Node, edges []Edge) {
		want := Of(nodes, edges)
		if diff := cmp.Diff(want, After(want, nodes, edges), exactly, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// What is in one layer before and after a node or an edge is added keeps its order.
func TestWhatIsKeptKeepsItsOrder(t *testing.T) {
	graphs(t, func(t *testing.T, nodes []Node, edges []Edge) {
		before := Of(nodes, edges)
		r := rand.New(rand.NewPCG(9, 9))
		old := nodes[r.IntN(len(nodes))]
		added := Node{ID: "added", Width: 150, Height: 44}
		after := After(before, append(slices.Clone(nodes), added), append(slices.Clone(edges), Edge{old.ID, "added"}))
		within(t, after)
		inCycle := map[string]bool{}
		for _, c := range after.Cycles {
			for _, m := range c.Members {
				inCycle[m] = true
			}
		}
		for _, a := range nodes {
			for _, b := range nodes {
				part := func(l *Layout, n Node) int { return l.traces[trace{id: n.ID}].part }
				if inCycle[a.ID] || inCycle[b.ID] || a.ID == old.ID || b.ID == old.ID || part(before, a) != part(before, b) || part(after, a) != part(after, b) {
					continue
				}
				was, is := center(before, a), center(before, b)
				now, then := center(after, a), center(after, b)
				if was.X == is.X && now.X == then.X && was.Y < is.Y && now.Y >= then.Y {
					t.Errorf("%s was above %s", a.ID, b.ID)
				}
			}
		}
	})
}

// A layout after another one moves less than one from scratch, over all random graphs.
func TestWhatIsKeptMovesLittle(t *testing.T) {
	kept, scratch := 0.0, 0.0
	graphs(t, func(_ *testing.T, nodes []Node, edges []Edge) {
		before := Of(nodes, edges)
		r := rand.New(rand.NewPCG(11, 11))
		edges = append(slices.Clone(edges), Edge{nodes[r.IntN(len(nodes))].ID, nodes[r.IntN(len(nodes))].ID})
		after, again := After(before, nodes, edges), Of(nodes, edges)
		for _, n := range nodes {
			was := center(before, n)
			kept += math.Abs(center(after, n).Y - was.Y)
			scratch += math.Abs(center(again, n).Y - was.Y)
		}
	})
	if kept >= scratch/2 {
		t.Errorf("nodes moved by %.0f, and by %.0f from scratch", kept, scratch)
	}
	t.Logf("nodes moved by %.0f, and by %.0f from scratch", kept, scratch)
}

func center(l *Layout, n Node) Point {
	r := l.Nodes[n.ID]
	return Point{r.X + r.Width/2, r.Y + r.Height/2}
}

// b is 5 too high to be straight with a. It moves there, with d, which it is straight with, and pushes c away.
func TestStraighten(t *testing.T) {
	g := condense(drawn("abcd", "a>b", "a>c", "b>d"))
	p := g.layer(g.parts()[0])
	p.order(nil)
	y := map[string]float64{"a": 105, "b": 100, "c": 158, "d": 100}
	p.y = make([]float64, len(p.items))
	for i := range p.items {
		p.y[i] = y[p.items[i].id]
	}
	p.straighten()
	got := map[string]float64{}
	for i := range p.items {
		got[p.items[i].id] = p.y[i]
	}
	if diff := cmp.Diff(map[string]float64{"a": 105, "b": 105, "c": 163, "d": 105}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTreesHaveNoCrossings(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(seed, 2))
		nodes, _ := services(seed, 40, 0)
		var edges []Edge
		for i := 1; i < len(nodes); i++ {
			edges = append(edges, Edge{nodes[r.IntN(i)].ID, nodes[i].ID})
		}
		g := condense(nodes, edges)
		p := g.layer(g.parts()[0])
		p.order(nil)
		if n := p.crossings(); n != 0 {
			t.Errorf("tree %d: %d crossings", seed, n)
		}
	}
}

// The crossings are those that a comparison of all pairs of edges finds, and sweeping never makes more of them.
func TestCrossings(t *testing.T) {
	graphs(t, func(t *testing.T, nodes []Node, edges []Edge) {
		g := condense(nodes, edges)
		for _, stacks := range g.parts() {
			p := g.layer(stacks)
			p.seed()
			seeded := p.crossings()
			p.sweep()
			swept := p.crossings()
			if swept > seeded {
				t.Errorf("%d crossings became %d", seeded, swept)
			}
			want := 0
			for a := range p.items {
				for b := range p.items {
					for _, x := range p.out[a] {
						for _, y := range p.out[b] {
							if p.items[a].layer == p.items[b].layer && p.at[a] < p.at[b] && p.at[x] > p.at[y] {
								want++
							}
						}
					}
				}
			}
			if swept != want {
				t.Errorf("%d crossings, want %d", swept, want)
			}
		}
	})
}
