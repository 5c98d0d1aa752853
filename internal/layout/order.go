package layout

import (
	"cmp"
	"math"
	"slices"
)

const (
	maxSweeps = 24
	patience  = 4 // sweeps without an improvement
)

// order sorts the layers so that few edges cross. If something of the part stood in the layout before, what stood there keeps its
// order, and only what is new looks for its place.
func (p *part) order(before map[trace]stand) {
	kept := make([]bool, len(p.items))
	any := false
	for i := range p.items {
		_, kept[i] = before[p.items[i].trace]
		any = any || kept[i]
	}
	if any {
		p.restore(before, kept)
		p.transpose(func(a, b int) bool { return !kept[a] || !kept[b] })
		return
	}
	p.seed()
	p.sweep()
	p.center()
}

// byName sorts items by group and ID.
func (p *part) byName(a, b int) int {
	x, y := &p.items[a], &p.items[b]
	return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(x.id, y.id), cmp.Compare(x.distance, y.distance))
}

// seed sorts the layers in the order in which a search from the left finds their items. Trees have no crossings then.
func (p *part) seed() {
	above := make([][]int, len(p.layers))
	seen := make([]bool, len(p.items))
	var visit func(n int)
	visit = func(n int) {
		if seen[n] {
			return
		}
		seen[n] = true
		above[p.items[n].layer] = append(above[p.items[n].layer], n)
		for _, next := range p.out[n] {
			visit(next)
		}
	}
	for i := range p.items {
		slices.SortFunc(p.out[i], p.byName)
	}
	for _, layer := range p.layers {
		slices.SortFunc(layer, p.byName)
		for _, n := range layer {
			visit(n)
		}
	}
	p.layers = above
	for _, layer := range p.layers {
		p.number(layer)
	}
}

// restore sorts the layers by where their items stood. What is new stands at the mean of its neighbours.
func (p *part) restore(before map[trace]stand, kept []bool) {
	y, known := make([]float64, len(p.items)), slices.Clone(kept)
	for i := range p.items {
		y[i] = math.Inf(1)
		if kept[i] {
			y[i] = before[p.items[i].trace].y
		}
	}
	guess := func(layers [][]int, neighbours [][]int) {
		for _, layer := range layers {
			for _, n := range layer {
				sum, count := 0.0, 0.0
				for _, m := range neighbours[n] {
					if known[m] {
						sum, count = sum+y[m], count+1
					}
				}
				if !known[n] && count > 0 {
					y[n], known[n] = sum/count, true
				}
			}
		}
	}
	backwards := slices.Clone(p.layers)
	slices.Reverse(backwards)
	guess(p.layers, p.in)
	guess(backwards, p.out)
	for _, layer := range p.layers {
		slices.SortFunc(layer, func(a, b int) int { return cmp.Or(cmp.Compare(y[a], y[b]), p.byName(a, b)) })
		p.number(layer)
	}
}

// sweep sorts each layer by the mean place of the neighbours in the layer before it, and then by those in the layer after it, and
// goes back to the best order that it came across.
func (p *part) sweep() {
	always := func(int, int) bool { return true }
	best, fewest := [][]int(nil), math.MaxInt
	keep := func() bool {
		n := p.crossings()
		if n >= fewest {
			return false
		}
		fewest, best = n, make([][]int, len(p.layers))
		for i := range p.layers {
			best[i] = slices.Clone(p.layers[i])
		}
		return true
	}
	keep()
	mean := make([]float64, len(p.items))
	for i, idle := 0, 0; i < maxSweeps && idle < patience && fewest > 0; i++ {
		if i%2 == 0 {
			for l := 1; l < len(p.layers); l++ {
				p.sortByMean(p.layers[l], p.in, mean)
			}
		} else {
			for l := len(p.layers) - 2; l >= 0; l-- {
				p.sortByMean(p.layers[l], p.out, mean)
			}
		}
		p.transpose(always)
		if idle++; keep() {
			idle = 0
		}
	}
	p.layers = best
	for _, layer := range p.layers {
		p.number(layer)
	}
}

// center puts a line that passes a column of sources on its way to their only target into the middle of them. Nothing crosses that
// did not before.
func (p *part) center() {
	for _, layer := range p.layers {
		for start := 0; start < len(layer); {
			end, line := start, -1
			for ; end < len(layer) && slices.Equal(p.out[layer[end]], p.out[layer[start]]) && len(p.out[layer[end]]) == 1; end++ {
				if n := layer[end]; p.items[n].isBend() {
					line = end
				} else if len(p.in[n]) > 0 {
					break
				}
			}
			if line >= 0 {
				n := layer[line]
				copy(layer[line:], layer[line+1:end])
				middle := start + (end-start)/2
				copy(layer[middle+1:end], layer[middle:end-1])
				layer[middle] = n
			}
			start = max(end, start+1)
		}
		p.number(layer)
	}
}

// sortByMean sorts a layer by the mean place of its items' neighbours. Items without one keep their place.
func (p *part) sortByMean(layer []int, neighbours [][]int, mean []float64) {
	movable := make([]int, 0, len(layer))
	for _, n := range layer {
		if len(neighbours[n]) == 0 {
			continue
		}
		sum := 0
		for _, m := range neighbours[n] {
			sum += p.at[m]
		}
		mean[n] = float64(sum) / float64(len(neighbours[n]))
		movable = append(movable, n)
	}
	slices.SortStableFunc(movable, func(a, b int) int { return cmp.Compare(mean[a], mean[b]) })
	next := 0
	for i, n := range layer {
		if len(neighbours[n]) > 0 {
			layer[i] = movable[next]
			next++
		}
	}
	p.number(layer)
}
