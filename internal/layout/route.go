package layout

// take places a part at a point: its nodes, the boxes of its cycles, and its edges.
func (l *Layout) take(g *condensed, p *part, index int, at Point) {
	for i := range p.items {
		it := &p.items[i]
		l.traces[it.trace] = stand{index, at.Y + p.y[i]}
		if it.isBend() {
			continue
		}
		st := &g.stacks[it.stack]
		corner := Point{at.X + p.x[it.layer] + (p.widths[it.layer]-it.width)/2, at.Y + p.y[i] - it.height/2}
		c := Cycle{Rect: Rect{corner.X, corner.Y, st.width, st.height}}
		for j, m := range st.members {
			l.Nodes[g.nodes[m].ID] = rectAt(corner.plus(st.corners[j]), g.nodes[m])
			c.Members = append(c.Members, g.nodes[m].ID)
		}
		if len(st.members) > 1 {
			l.Cycles = append(l.Cycles, c)
		}
		for e, points := range st.routes {
			route := make([]Point, len(points))
			for j := range points {
				route[j] = corner.plus(points[j])
			}
			l.Edges[Edge{g.nodes[e[0]].ID, g.nodes[e[1]].ID}] = route
		}
	}
	for s, from := range p.itemOf {
		for _, m := range g.stacks[s].members {
			for _, e := range g.edgesFrom(m) {
				if to := g.stackOf[e[1]]; to != s {
					id := Edge{g.nodes[e[0]].ID, g.nodes[e[1]].ID}
					l.Edges[id] = p.route(l.Nodes[id.From].right(), l.Nodes[id.To].left(), p.items[from].layer, &p.items[p.itemOf[to]], at)
				}
			}
		}
	}
}

func (p Point) plus(q Point) Point { return Point{p.X + q.X, p.Y + q.Y} }

// route returns the points of an edge: it climbs between layers only.
func (p *part) route(from, to Point, layer int, target *item, at Point) []Point {
	var points []Point
	add := func(q Point) {
		if n := len(points); n == 0 || points[n-1] != q {
			points = append(points, q)
		}
	}
	add(from)
	add(Point{at.X + p.x[layer] + p.widths[layer], from.Y})
	for between := layer + 1; between < target.layer; between++ {
		y := at.Y + p.y[p.bends[bend{target.stack, target.layer - between}]]
		add(Point{at.X + p.x[between], y})
		add(Point{at.X + p.x[between] + p.widths[between], y})
	}
	add(Point{at.X + p.x[target.layer], to.Y})
	add(to)
	return points
}
