package layout

import (
	"math"
	"slices"
)

// segment is an edge between the items of two layers.
type segment struct{ from, to int }

// crossedLongEdges returns the segments that cross one between two bends. Those give way: long edges are to be straight.
func (p *part) crossedLongEdges() map[segment]bool {
	crossed := map[segment]bool{}
	for l := 1; l < len(p.layers); l++ {
		low, next := 0, 0
		for i, n := range p.layers[l] {
			high, inner := len(p.layers[l-1]), false
			if p.items[n].isBend() {
				for _, m := range p.in[n] {
					if p.items[m].isBend() {
						high, inner = p.at[m], true
					}
				}
			}
			if !inner && i < len(p.layers[l])-1 {
				continue
			}
			for ; next <= i; next++ {
				to := p.layers[l][next]
				for _, m := range p.in[to] {
					long := p.items[m].isBend() && p.items[to].isBend()
					if !long && (p.at[m] < low || p.at[m] > high) {
						crossed[segment{m, to}] = true
					}
				}
			}
			low = high
		}
	}
	return crossed
}

// alignment returns heights that align each item with a middle neighbour in the layer before it, or after it if it is backwards, as
// far up as possible, or as far down if it is upsideDown.
func (p *part) alignment(crossed map[segment]bool, backwards, upsideDown bool) []float64 {
	layers, neighbours := make([][]int, len(p.layers)), p.in
	for i := range layers {
		layers[i] = slices.Clone(p.layers[i])
		if upsideDown {
			slices.Reverse(layers[i])
		}
	}
	if backwards {
		slices.Reverse(layers)
		neighbours = p.out
	}
	at := slices.Clone(p.at)
	for _, layer := range layers {
		for i, n := range layer {
			at[n] = i
		}
	}
	// root is the first item of a row of aligned ones, and next the one after an item; that of the last one is the root.
	root, next := make([]int, len(p.items)), make([]int, len(p.items))
	for n := range root {
		root[n], next[n] = n, n
	}
	for _, layer := range layers {
		last := -1
		for _, n := range layer {
			for _, m := range middle(neighbours[n], upsideDown) {
				s := segment{m, n}
				if backwards {
					s = segment{n, m}
				}
				if next[n] == n && last < at[m] && !crossed[s] {
					next[m], root[n], next[n] = n, root[m], root[m]
					last = at[m]
				}
			}
		}
	}
	y := p.compact(layers, root)
	if upsideDown {
		for n := range y {
			y[n] = -y[n]
		}
	}
	return y
}

// middle returns the one or two items in the middle.
func middle(sorted []int, upsideDown bool) []int {
	n := len(sorted)
	if n == 0 {
		return nil
	}
	pair := sorted[(n-1)/2 : n/2+1]
	if upsideDown && len(pair) == 2 {
		return []int{pair[1], pair[0]}
	}
	return pair
}

// compact returns heights at which the items with the same root are in a row: each row as far up as those above it let it, and
// then as far down as those below it let it, which makes edges shorter.
func (p *part) compact(layers [][]int, root []int) []float64 {
	type bound struct {
		row      int
		distance float64
	}
	below, waits := make([][]bound, len(root)), make([]int, len(root))
	for _, layer := range layers {
		for i := 1; i < len(layer); i++ {
			a, b := root[layer[i-1]], root[layer[i]]
			below[a] = append(below[a], bound{b, p.distance(layer[i-1], layer[i])})
			waits[b]++
		}
	}
	y := make([]float64, len(root))
	var sorted []int
	for n := range root {
		if root[n] == n && waits[n] == 0 {
			sorted = append(sorted, n)
		}
	}
	for i := 0; i < len(sorted); i++ {
		row := sorted[i]
		for _, b := range below[row] {
			y[b.row] = max(y[b.row], y[row]+b.distance)
			if waits[b.row]--; waits[b.row] == 0 {
				sorted = append(sorted, b.row)
			}
		}
	}
	for _, row := range slices.Backward(sorted) {
		lowest := math.Inf(1)
		for _, b := range below[row] {
			lowest = min(lowest, y[b.row]-b.distance)
		}
		if len(below[row]) > 0 {
			y[row] = max(y[row], lowest)
		}
	}
	for n := range y {
		y[n] = y[root[n]]
	}
	return y
}

// distance is that between the middles of two items, one above the other.
func (p *part) distance(a, b int) float64 {
	gap := nodeGap
	if p.items[a].isBend() || p.items[b].isBend() {
		gap = bendGap
	}
	return (p.items[a].height+p.items[b].height)/2 + gap
}
