package dependency

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/iterator"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Cycle is a strongly connected component over admitted edges: Microservices that depend on each other. A nil Cycle has no
// members.
type Cycle struct {
	// edges are those inside the cycle, sorted, by member.
	edges map[Key][]Key
}

// Has reports whether a target is a member.
func (c *Cycle) Has(t Target) bool {
	if c == nil || t.Kind != Microservice {
		return false
	}
	_, found := c.edges[t.Key]
	return found
}

// Members returns the members, sorted.
func (c *Cycle) Members() []Key {
	if c == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(c.edges), CompareKeys)
}

// Equal reports whether both have the same members and edges.
func (c *Cycle) Equal(other *Cycle) bool {
	if c == nil || other == nil {
		return c == other
	}
	return c == other || maps.EqualFunc(c.edges, other.edges, slices.Equal[[]Key])
}

// Path returns a shortest path from a member through others back to it, such as orders, payments, orders. Among several it
// always picks the same one. It is empty if from is not a member.
func (c *Cycle) Path(from Key) []Key {
	if c == nil {
		return nil
	}
	cameFrom := map[Key]Key{}
	for queue := []Key{from}; len(queue) > 0; queue = queue[1:] {
		for _, to := range c.edges[queue[0]] {
			if _, seen := cameFrom[to]; seen {
				continue
			}
			cameFrom[to] = queue[0]
			if to == from {
				return backwards(cameFrom, from)
			}
			queue = append(queue, to)
		}
	}
	return nil
}

// Describe formats the path from a member, such as "orders -> payments -> orders". Members of other namespaces have theirs in
// front.
func (c *Cycle) Describe(from Key) string {
	var names []string
	for _, k := range c.Path(from) {
		if k.Namespace == from.Namespace {
			names = append(names, k.Name)
		} else {
			names = append(names, k.String())
		}
	}
	return strings.Join(names, " -> ")
}

func backwards(cameFrom map[Key]Key, from Key) []Key {
	path := []Key{from}
	for at := cameFrom[from]; at != from; at = cameFrom[at] {
		path = append(path, at)
	}
	path = append(path, from)
	slices.Reverse(path)
	return path
}

// Cycles returns the cycles among all Microservices, by member. Dependencies that are not admitted or whose target does not
// exist are not edges.
func Cycles(all []*v1alpha1.Microservice, namespaces Namespaces) map[Key]*Cycle {
	edges := admittedEdges(all, namespaces)
	byMember := map[Key]*Cycle{}
	for _, members := range components(edges) {
		c := &Cycle{edges: make(map[Key][]Key, len(members))}
		for _, m := range members {
			c.edges[m], byMember[m] = nil, c
		}
		for _, m := range members {
			for _, to := range edges[m] {
				if byMember[to] == c {
					c.edges[m] = append(c.edges[m], to)
				}
			}
			slices.SortFunc(c.edges[m], CompareKeys)
		}
	}
	return byMember
}

func admittedEdges(all []*v1alpha1.Microservice, namespaces Namespaces) map[Key][]Key {
	there := make(map[Key]*v1alpha1.Microservice, len(all))
	for _, ms := range all {
		there[KeyOf(ms)] = ms
	}
	edges := make(map[Key][]Key, len(all))
	for _, ms := range all {
		from := KeyOf(ms)
		for _, to := range Targets(ms, Microservice) {
			if target := there[to]; target != nil && Admits(target, ms.Namespace, namespaces) {
				edges[from] = append(edges[from], to)
			}
		}
	}
	return edges
}

// components returns the strongly connected components with two or more members.
func components(edges map[Key][]Key) [][]Key {
	g, ids := &adjacency{}, make(map[Key]int64, len(edges))
	node := func(k Key) graph.Node {
		id, found := ids[k]
		if !found {
			id = int64(len(g.keys))
			ids[k], g.keys, g.nodes, g.to = id, append(g.keys, k), append(g.nodes, simple.Node(id)), append(g.to, nil)
		}
		return g.nodes[id]
	}
	for from, targets := range edges {
		id := node(from).ID()
		for _, to := range targets {
			next := node(to)
			g.to[id] = append(g.to[id], next)
		}
	}
	var all [][]Key
	for _, members := range topo.TarjanSCC(g) {
		if len(members) < 2 {
			continue // a dependency on oneself is no edge
		}
		of := make([]Key, 0, len(members))
		for _, m := range members {
			of = append(of, g.keys[m.ID()])
		}
		all = append(all, of)
	}
	return all
}

// adjacency is a directed graph as adjacency lists: gonum's own, made of maps, takes twice the time.
type adjacency struct {
	graph.Directed // the search asks for Nodes and From alone
	keys           []Key
	nodes          []graph.Node
	to             [][]graph.Node
}

// Nodes returns all nodes.
func (g *adjacency) Nodes() graph.Nodes {
	return iterator.NewOrderedNodes(g.nodes)
}

// From returns the successors of a node.
func (g *adjacency) From(id int64) graph.Nodes {
	return iterator.NewOrderedNodes(g.to[id])
}

// EdgesChanged reports whether a change of a Microservice may have added or removed an edge: its dependencies or its consent
// changed. before or after is nil if it does not exist. A Microservice without dependencies is in no cycle.
func EdgesChanged(before, after *v1alpha1.Microservice) bool {
	if before == nil || after == nil {
		ms := cmp.Or(before, after)
		return len(Targets(ms, Microservice)) > 0
	}
	return !slices.Equal(Targets(before, Microservice), Targets(after, Microservice)) ||
		!equality.Semantic.DeepEqual(before.Spec.AllowedDependents, after.Spec.AllowedDependents)
}
