package layout

import (
	"cmp"
	"math"
	"slices"
)

// landscape is the width of a picture by its height, if it has parts to choose from.
const landscape = 1.6

// pack puts the parts beside and below each other, and the single nodes into a grid below them. They keep the order that they had
// before; new parts come last, the high ones first.
func (l *Layout) pack(g *condensed, parts []*part, single []int, before map[trace]stand) {
	previously := func(t trace) int {
		if s, found := before[t]; found {
			return s.part
		}
		return math.MaxInt
	}
	was := make(map[*part]int, len(parts))
	area, widest := 0.0, 0.0
	for _, p := range parts {
		was[p] = math.MaxInt
		for i := range p.items {
			was[p] = min(was[p], previously(p.items[i].trace))
		}
		area += (p.width + partGap) * (p.height + partGap)
		widest = max(widest, p.width)
	}
	slices.SortStableFunc(parts, func(a, b *part) int {
		return cmp.Or(cmp.Compare(was[a], was[b]), cmp.Compare(b.height, a.height), cmp.Compare(b.width, a.width))
	})
	slices.SortStableFunc(single, func(a, b int) int {
		x, y := &g.stacks[a], &g.stacks[b]
		return cmp.Or(cmp.Compare(previously(trace{id: x.id}), previously(trace{id: y.id})), cmp.Compare(x.group, y.group))
	})

	s := skyline{width: max(widest, math.Sqrt(area*landscape))}
	for i, p := range parts {
		at := s.add(p.width+partGap, p.height+partGap)
		l.take(g, p, i, at)
		l.Width, l.Height = max(l.Width, at.X+p.width), max(l.Height, at.Y+p.height)
	}
	l.grid(g, single, len(parts))
	slices.SortFunc(l.Cycles, func(a, b Cycle) int { return cmp.Compare(slices.Min(a.Members), slices.Min(b.Members)) })
}

// grid puts single nodes into rows below what is there, about as wide.
func (l *Layout) grid(g *condensed, single []int, part int) {
	if len(single) == 0 {
		return
	}
	width, height := 0.0, 0.0
	for _, s := range single {
		width, height = max(width, g.stacks[s].width), max(height, g.stacks[s].height)
	}
	width, height = width+nodeGap, height+nodeGap
	columns := int(max((l.Width+nodeGap)/width, math.Ceil(math.Sqrt(float64(len(single))*height/width*landscape))))
	top := l.Height
	if top > 0 {
		top += partGap
	}
	for i, s := range single {
		st := &g.stacks[s]
		r := Rect{float64(i%columns) * width, top + float64(i/columns)*height, st.width, st.height}
		l.Nodes[st.id] = r
		l.traces[trace{id: st.id}] = stand{part + i, r.Y + r.Height/2}
		l.Width, l.Height = max(l.Width, r.X+r.Width), max(l.Height, r.Y+r.Height)
	}
}

// skyline is the lower border of what has been placed in a strip, from left to right. Each part goes where it is the highest, as in
// the bottom-left heuristic of Baker, Coffman and Rivest: Orthogonal Packings in Two Dimensions (https://doi.org/10.1137/0209064).
type skyline struct {
	width float64
	steps []Rect // X, Y and Width
}

// add returns the place of a rectangle that is at most as wide as the strip.
func (s *skyline) add(width, height float64) Point {
	if len(s.steps) == 0 {
		s.steps = []Rect{{Width: s.width + partGap}}
	}
	best := Point{Y: math.Inf(1)}
	for _, step := range s.steps {
		if step.X+width > s.width+partGap {
			break
		}
		y := 0.0
		for _, other := range s.steps {
			if other.X < step.X+width && step.X < other.X+other.Width {
				y = max(y, other.Y)
			}
		}
		if y < best.Y {
			best = Point{step.X, y}
		}
	}
	rest := []Rect{{best.X, best.Y + height, width, 0}}
	for _, step := range s.steps {
		if left := best.X - step.X; left > 0 {
			rest = append(rest, Rect{step.X, step.Y, min(step.Width, left), 0})
		}
		if end := best.X + width; step.X+step.Width > end {
			start := max(step.X, end)
			rest = append(rest, Rect{start, step.Y, step.X + step.Width - start, 0})
		}
	}
	slices.SortFunc(rest, func(a, b Rect) int { return cmp.Compare(a.X, b.X) })
	s.steps = rest
	return best
}
