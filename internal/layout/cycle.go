package layout

import (
	"cmp"
	"math"
	"slices"
)

// Distances in the box of a cycle.
const (
	boxTop   = 30.0 // above the members: room for a caption
	boxSide  = 18.0
	boxGap   = 26.0 // between the members: room for an arrow
	laneGap  = 10.0
	maxLanes = 8 // more are drawn on each other
)

// arrange puts the members of a cycle one above the other, in a box, and routes the edges between them: straight to the next
// member, and in lanes at the sides otherwise, downwards at the right and upwards at the left. Edges to the same member share
// a lane.
func (s *stack) arrange(nodes []Node, edges [][2]int, entered []bool) {
	s.members = inOrder(s.members, edges, entered)
	place := make(map[int]int, len(s.members))
	widest := 0.0
	for i, m := range s.members {
		place[m] = i
		widest = max(widest, nodes[m].Width)
	}
	left, right := lanesOf(edges, place, -1), lanesOf(edges, place, 1)
	start := boxSide + laneGap*float64(left.count)
	s.width = start + widest + boxSide + laneGap*float64(right.count)
	y := boxTop
	s.corners = make([]Point, len(s.members))
	for i, m := range s.members {
		s.corners[i] = Point{start + (widest-nodes[m].Width)/2, y}
		y += nodes[m].Height + boxGap
	}
	s.height = y - boxGap + boxSide

	s.routes = make(map[[2]int][]Point, len(edges))
	for _, e := range edges {
		from, to := rectAt(s.corners[place[e[0]]], nodes[e[0]]), rectAt(s.corners[place[e[1]]], nodes[e[1]])
		switch direction := place[e[1]] - place[e[0]]; {
		case direction == 1:
			x := start + widest/2
			s.routes[e] = []Point{{x, from.Y + from.Height}, {x, to.Y}}
		case direction > 1:
			x := start + widest + laneGap*float64(right.of[e[1]]+1)
			s.routes[e] = []Point{from.right(), {x, from.right().Y}, {x, to.right().Y}, to.right()}
		default:
			x := start - laneGap*float64(left.of[e[1]]+1)
			s.routes[e] = []Point{from.left(), {x, from.left().Y}, {x, to.left().Y}, to.left()}
		}
	}
}

func rectAt(corner Point, n Node) Rect { return Rect{corner.X, corner.Y, n.Width, n.Height} }

func (r Rect) left() Point  { return Point{r.X, r.Y + r.Height/2} }
func (r Rect) right() Point { return Point{r.X + r.Width, r.Y + r.Height/2} }

// inOrder returns the members of a cycle so that many edges lead to the next one: it follows them, from the first member that is
// entered from outside.
func inOrder(members []int, edges [][2]int, entered []bool) []int {
	starts := slices.Clone(members)
	slices.SortStableFunc(starts, func(a, b int) int {
		if entered[a] == entered[b] {
			return 0
		}
		if entered[a] {
			return -1
		}
		return 1
	})
	targets := make(map[int][]int, len(members))
	for _, e := range edges {
		targets[e[0]] = append(targets[e[0]], e[1])
	}
	seen, order := make(map[int]bool, len(members)), make([]int, 0, len(members))
	var follow func(m int)
	follow = func(m int) {
		if seen[m] {
			return
		}
		seen[m] = true
		order = append(order, m)
		for _, to := range targets[m] {
			follow(to)
		}
	}
	follow(starts[0]) // reaches all
	return order
}

// lanes are at one side of a box. of is the lane of the edges to a member, 0 the one next to the members.
type lanes struct {
	of    map[int]int
	count int
}

// lanesOf returns the lanes of the edges that lead upwards (-1), or downwards past the next member (1).
func lanesOf(edges [][2]int, place map[int]int, side int) lanes {
	type span struct{ target, top, bottom int }
	spans := map[int]span{}
	for _, e := range edges {
		from, to := place[e[0]], place[e[1]]
		if d := to - from; d*side < 0 || d == 1 {
			continue
		}
		s, found := spans[e[1]]
		if !found {
			s = span{e[1], math.MaxInt, 0}
		}
		spans[e[1]] = span{e[1], min(s.top, from, to), max(s.bottom, from, to)}
	}
	sorted := make([]span, 0, len(spans))
	for _, s := range spans {
		sorted = append(sorted, s)
	}
	slices.SortFunc(sorted, func(a, b span) int { // short ones next to the members
		return cmp.Or(cmp.Compare(a.bottom-a.top, b.bottom-b.top), cmp.Compare(a.top, b.top), cmp.Compare(a.target, b.target))
	})
	l, taken := lanes{of: make(map[int]int, len(spans))}, [][]span{}
	for _, s := range sorted {
		lane := slices.IndexFunc(taken, func(others []span) bool {
			return !slices.ContainsFunc(others, func(o span) bool { return s.top <= o.bottom && o.top <= s.bottom })
		})
		if lane < 0 {
			lane, taken = len(taken), append(taken, nil)
		}
		taken[lane] = append(taken[lane], s)
		l.of[s.target] = lane % maxLanes
	}
	l.count = min(len(taken), maxLanes)
	return l
}
