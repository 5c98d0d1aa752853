package layout

import (
	"cmp"
	"math"
	"slices"
)

// part is a connected part of a graph, in layers. It names its items by index.
type part struct {
	items []item
	// layers are the items from left to right, each from top to bottom.
	layers [][]int
	// in and out are the neighbours of an item in the layers before and after it.
	in, out [][]int
	// at is the index of an item in its layer.
	at []int
	// y is the height of an item's middle, and x that of a layer's left border.
	y, x []float64
	// widths are those of the layers.
	widths []float64
	// bends are the bends on the way to a stack, by their distance from it.
	bends map[bend]int
	// itemOf is the item of a stack.
	itemOf map[int]int

	width, height float64
}

// item is a stack, or the bend of edges that pass a layer.
type item struct {
	trace
	group  string
	layer  int
	stack  int // the target, if it is a bend
	width  float64
	height float64
}

func (i item) isBend() bool { return i.distance > 0 }

// bend is where the edges to a stack pass a layer, so many layers before it.
type bend struct{ target, distance int }

// layer puts stacks into layers, with bends for the edges that span several. All edges with the same target share its bends, so a
// target that many depend on has one line that leads to it, and not hundreds.
func (g *condensed) layer(stacks []int) *part {
	p := &part{bends: map[bend]int{}, itemOf: make(map[int]int, len(stacks))}
	g.narrow(stacks)
	first := g.rank[stacks[0]]
	for _, s := range stacks {
		first = min(first, g.rank[s])
	}
	g.widen(stacks)
	for _, s := range stacks {
		st := &g.stacks[s]
		p.itemOf[s] = p.add(item{trace: trace{id: st.id}, group: st.group, layer: g.rank[s] - first, stack: s, width: st.width, height: st.height})
	}
	for _, s := range stacks {
		to := p.itemOf[s]
		for _, source := range g.in[s] {
			p.lead(p.itemOf[source], to)
		}
	}
	for i := range p.items {
		l := p.items[i].layer
		for len(p.layers) <= l {
			p.layers = append(p.layers, nil)
		}
		p.layers[l] = append(p.layers[l], i)
	}
	p.at = make([]int, len(p.items))
	return p
}

// narrow moves stacks out of layers that are so high that a square picture would not hold them: those without dependents to the left,
// and those without dependencies to the right. One line leads past a layer to each target, so this costs few bends.
func (g *condensed) narrow(stacks []int) {
	most := max(8, int(math.Sqrt(squareLayer*float64(len(stacks)))))
	first, last := g.rank[stacks[0]], g.rank[stacks[0]]
	for _, s := range stacks {
		first, last = min(first, g.rank[s]), max(last, g.rank[s])
	}
	for l := last; l >= first || len(g.excess(stacks, l, 0, g.in)) > 0; l-- {
		for _, s := range g.excess(stacks, l, most, g.in) {
			g.rank[s]--
		}
	}
	for l := first; l <= last || len(g.excess(stacks, l, 0, g.out)) > 0; l++ {
		for _, s := range g.excess(stacks, l, most, g.out) {
			g.rank[s]++
		}
	}
}

// excess returns the stacks without neighbours that a layer has more than most: the last ones.
func (g *condensed) excess(stacks []int, layer, most int, neighbours [][]int) []int {
	var free []int
	count := 0
	for _, s := range stacks {
		if g.rank[s] == layer {
			count++
			if len(neighbours[s]) == 0 {
				free = append(free, s)
			}
		}
	}
	return free[max(0, len(free)-max(0, count-most)):]
}

// widen makes the nodes of each layer as wide as the widest of them.
func (g *condensed) widen(stacks []int) {
	widest := map[int]float64{}
	alone := func(s int) bool { return len(g.stacks[s].members) == 1 }
	for _, s := range stacks {
		if alone(s) {
			widest[g.rank[s]] = max(widest[g.rank[s]], g.stacks[s].width)
		}
	}
	for _, s := range stacks {
		if st := &g.stacks[s]; alone(s) {
			st.width = widest[g.rank[s]]
			g.nodes[st.members[0]].Width = st.width
		}
	}
}

func (p *part) add(i item) int {
	p.items, p.in, p.out = append(p.items, i), append(p.in, nil), append(p.out, nil)
	return len(p.items) - 1
}

// lead adds an edge between two stacks, over the bends of its target.
func (p *part) lead(from, to int) {
	target := p.items[to]
	next := to
	for distance := 1; distance < target.layer-p.items[from].layer; distance++ {
		b, found := p.bends[bend{target.stack, distance}]
		if !found {
			b = p.add(item{trace: trace{target.id, distance}, group: target.group, layer: target.layer - distance, stack: target.stack})
			p.bends[bend{target.stack, distance}] = b
			p.join(b, next)
		}
		next = b
	}
	p.join(from, next)
}

func (p *part) join(from, to int) {
	p.out[from] = append(p.out[from], to)
	p.in[to] = append(p.in[to], from)
}

// number sets at after a layer was sorted.
func (p *part) number(layer []int) {
	for i, n := range layer {
		p.at[n] = i
	}
}

// sortNeighbours sorts the neighbours of the items of a layer from top to bottom.
func (p *part) sortNeighbours(layer []int) {
	above := func(a, b int) int { return cmp.Compare(p.at[a], p.at[b]) }
	for _, n := range layer {
		slices.SortFunc(p.in[n], above)
		slices.SortFunc(p.out[n], above)
	}
}
