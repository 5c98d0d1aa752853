package layout

import (
	"math"
	"slices"
)

// place sets the heights of the items, after Brandes and Koepf: Fast and Simple Horizontal Coordinate Assignment
// (https://doi.org/10.1007/3-540-45848-4_3): the mean of the middle two of four alignments, each of which makes as many edges straight
// as it can, and first of all the long ones. Each keeps the order and the distances in a layer, and so does the mean. Then it sets
// the borders of the layers.
func (p *part) place() {
	for _, layer := range p.layers {
		p.sortNeighbours(layer)
	}
	crossed := p.crossedLongEdges()
	var four [4][]float64
	for i := range four {
		four[i] = p.alignment(crossed, i&1 != 0, i&2 != 0)
	}
	p.alignAll(&four)
	p.y = make([]float64, len(p.items))
	for n := range p.items {
		all := []float64{four[0][n], four[1][n], four[2][n], four[3][n]}
		slices.Sort(all)
		p.y[n] = (all[1] + all[2]) / 2
	}
	p.straighten()
	top, bottom := p.extent(p.y)
	for n := range p.y {
		p.y[n] -= top
	}
	p.height = bottom - top
	p.spread()
}

// alignAll moves each alignment to the least high one: those that are as far up as possible with their tops, the others with their
// bottoms.
func (p *part) alignAll(four *[4][]float64) {
	var tops, bottoms [4]float64
	least := 0
	for i, y := range four {
		tops[i], bottoms[i] = p.extent(y)
		if bottoms[i]-tops[i] < bottoms[least]-tops[least] {
			least = i
		}
	}
	for i, y := range four {
		by := tops[least] - tops[i]
		if i&2 != 0 {
			by = bottoms[least] - bottoms[i]
		}
		for n := range y {
			y[n] += by
		}
	}
}

// extent returns where the uppermost item begins, and where the lowest one ends.
func (p *part) extent(y []float64) (top, bottom float64) {
	top, bottom = math.Inf(1), math.Inf(-1)
	for n := range y {
		top, bottom = min(top, y[n]-p.items[n].height/2), max(bottom, y[n]+p.items[n].height/2)
	}
	return top, bottom
}

// spread sets the borders of the layers. They are further apart where an edge between them is steep.
func (p *part) spread() {
	p.x, p.widths = make([]float64, len(p.layers)), make([]float64, len(p.layers))
	for l, layer := range p.layers {
		climb := 0.0
		for _, n := range layer {
			p.widths[l] = max(p.widths[l], p.items[n].width)
			for _, m := range p.in[n] {
				climb = max(climb, math.Abs(p.y[n]-p.y[m]))
			}
		}
		if l > 0 {
			p.x[l] = p.width + min(layerGap+math.Round(steepGap*max(0, climb-layerGap)), mostGap)
		}
		p.width = p.x[l] + p.widths[l]
	}
}
