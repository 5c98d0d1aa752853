package layout

import (
	"math"
	"slices"
)

// nearMiss is how far an edge may be from straight so that straighten tries to make it so.
const nearMiss = 14.0

const rounding = 1e-6

// straighten removes the small climbs that a mean of alignments leaves. It moves one end of an edge to the height of the other,
// with everything that is in a row with it, and pushes away what is then too near. So no edge that is straight ceases to be.
func (p *part) straighten() {
	r := &rows{part: p, of: make([]int, len(p.items)), members: make([][]int, len(p.items))}
	for n := range r.of {
		r.of[n], r.members[n] = n, []int{n}
	}
	var near []segment
	for from := range p.items {
		for _, to := range p.out[from] {
			if climb := math.Abs(p.y[from] - p.y[to]); climb < rounding {
				r.join(from, to)
			} else if climb <= nearMiss {
				near = append(near, segment{from, to})
			}
		}
	}
	long := func(s segment) int { // edges that span layers first
		if p.items[s.from].isBend() || p.items[s.to].isBend() {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(near, func(a, b segment) int { return long(a) - long(b) })
	for _, s := range near {
		climb := p.y[s.to] - p.y[s.from]
		if math.Abs(climb) > nearMiss || math.Abs(climb) < rounding {
			continue
		}
		if r.move(s.to, s.from, -climb) || r.move(s.from, s.to, climb) {
			r.join(s.from, s.to)
		}
	}
}

// rows are items that straight edges join.
type rows struct {
	*part
	of      []int
	members [][]int
}

func (r *rows) join(a, b int) {
	from, to := r.of[a], r.of[b]
	if from == to {
		return
	}
	for _, n := range r.members[from] {
		r.of[n] = to
	}
	r.members[to] = append(r.members[to], r.members[from]...)
	r.members[from] = nil
}

// move moves the row of an item by a distance, unless that would push the row of fixed.
func (r *rows) move(item, fixed int, by float64) bool {
	moved := map[int]float64{r.of[item]: by}
	queue := []int{r.of[item]}
	step := math.Copysign(1, by)
	for i := 0; i < len(queue); i++ {
		row := queue[i]
		for _, n := range r.members[row] {
			layer := r.layers[r.items[n].layer]
			next := r.at[n] + int(step)
			if next < 0 || next >= len(layer) {
				continue
			}
			m := layer[next]
			missing := r.distance(n, m) - step*(r.y[m]+moved[r.of[m]]-r.y[n]-moved[row])
			if missing <= rounding {
				continue
			}
			if r.of[m] == r.of[fixed] {
				return false
			}
			moved[r.of[m]] += step * missing
			queue = append(queue, r.of[m])
		}
	}
	for row, d := range moved {
		for _, n := range r.members[row] {
			r.y[n] += d
		}
	}
	return true
}
