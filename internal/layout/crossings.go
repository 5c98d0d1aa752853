package layout

const maxRounds = 8 // of transposition

// transpose swaps items that stand next to each other and may be swapped, as long as that saves crossings.
func (p *part) transpose(may func(a, b int) bool) {
	improved := true
	for round := 0; improved && round < maxRounds; round++ {
		improved = false
		for _, layer := range p.layers {
			p.sortNeighbours(layer)
			for i := 1; i < len(layer); i++ {
				a, b := layer[i-1], layer[i]
				if !may(a, b) {
					continue
				}
				before := p.inversions(p.in[a], p.in[b]) + p.inversions(p.out[a], p.out[b])
				if after := p.inversions(p.in[b], p.in[a]) + p.inversions(p.out[b], p.out[a]); after < before {
					layer[i-1], layer[i] = b, a
					p.at[a], p.at[b] = i, i-1
					improved = true
				}
			}
		}
	}
}

// inversions returns how often edges to upper cross edges to lower, which are neighbours of two items, the first above the other.
// Both are sorted from top to bottom.
func (p *part) inversions(upper, lower []int) int {
	count, passed := 0, 0
	for _, u := range upper {
		for passed < len(lower) && p.at[lower[passed]] < p.at[u] {
			passed++
		}
		count += passed
	}
	return count
}

// crossings returns how often edges cross, after Barth, Mutzel and Juenger: Simple and Efficient Bilayer Cross Counting
// (https://doi.org/10.7155/jgaa.00088).
func (p *part) crossings() int {
	total := 0
	for l := 0; l+1 < len(p.layers); l++ {
		p.sortNeighbours(p.layers[l])
		tree := make([]int, len(p.layers[l+1])+1) // a Fenwick tree of the ends so far
		ends := 0
		for _, n := range p.layers[l] {
			for _, m := range p.out[n] {
				total += ends
				for i := p.at[m] + 1; i > 0; i -= i & -i {
					total -= tree[i]
				}
			}
			for _, m := range p.out[n] {
				ends++
				for i := p.at[m] + 1; i < len(tree); i += i & -i {
					tree[i]++
				}
			}
		}
	}
	return total
}
