package dependency

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"gonum.org/v1/gonum/graph"
	"gonum.org/v1/gonum/graph/simple"
	"gonum.org/v1/gonum/graph/topo"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Cycle is Microservices each of which depends on each other, over admitted edges: a strongly connected component. A nil
// Cycle has no members.
type Cycle struct {
	// edges are those inside the cycle, sorted, by member.
	edges map[Key][]Key
}

// Has says whether a target is a member.
func (c *Cycle) Has(t Target) bool {
	if c == nil || t.Kind != Microservice {
		return false
	}
	_, found := c.edges[t.Key]
	return found
}

// Members are sorted.
func (c *Cycle) Members() []Key {
	if c == nil {
		return nil
	}
	return slices.SortedFunc(maps.Keys(c.edges), compareKeys)
}

// Equal says whether both have the same members and edges.
func (c *Cycle) Equal(other *Cycle) bool {
	if c == nil || other == nil {
		return c == other
	}
	return c == other || maps.EqualFunc(c.edges, other.edges, slices.Equal[[]Key])
}

// Path is one of the shortest ways from a member through others back to it, such as orders, payments, orders. Of several
// it is always the same one. For what is no member it is empty.
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

// Describe is the path from a member, such as "orders -> payments -> orders". Names of other namespaces than from's have
// theirs in front.
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

// Cycles are those among all Microservices, by member. Dependencies that are not admitted, or that lead nowhere, are no
// edges.
func Cycles(all []*v1alpha1.Microservice, known Namespaces) map[Key]*Cycle {
	edges := admittedEdges(all, known)
	byMember := map[Key]*Cycle{}
	for _, members := range components(edges) {
		if len(members) < 2 {
			continue // a dependency on oneself is no edge
		}
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
			slices.SortFunc(c.edges[m], compareKeys)
		}
	}
	return byMember
}

func admittedEdges(all []*v1alpha1.Microservice, known Namespaces) map[Key][]Key {
	there := make(map[Key]*v1alpha1.Microservice, len(all))
	for _, ms := range all {
		there[KeyOf(ms)] = ms
	}
	edges := make(map[Key][]Key, len(all))
	for _, ms := range all {
		from := KeyOf(ms)
		for _, to := range Targets(ms, Microservice) {
			if target := there[to]; target != nil && Admits(target, ms.Namespace, known) {
				edges[from] = append(edges[from], to)
			}
		}
	}
	return edges
}

func components(edges map[Key][]Key) [][]Key {
	ids, keys := map[Key]int64{}, []Key{}
	id := func(k Key) simple.Node {
		n, found := ids[k]
		if !found {
			n = int64(len(keys))
			ids[k], keys = n, append(keys, k)
		}
		return simple.Node(n)
	}
	g := simple.NewDirectedGraph()
	for from, targets := range edges {
		for _, to := range targets {
			g.SetEdge(simple.Edge{F: id(from), T: id(to)})
		}
	}
	var all [][]Key
	for _, nodes := range topo.TarjanSCC(g) {
		all = append(all, keysOf(nodes, keys))
	}
	return all
}

func keysOf(nodes []graph.Node, keys []Key) []Key {
	of := make([]Key, 0, len(nodes))
	for _, n := range nodes {
		of = append(of, keys[n.ID()])
	}
	return of
}

// EdgesChanged says whether a change of a Microservice may have made or broken an edge: it names others, or admits
// others. nil is not there; what names nobody is in no cycle.
func EdgesChanged(before, after *v1alpha1.Microservice) bool {
	if before == nil || after == nil {
		ms := cmp.Or(before, after)
		return len(Targets(ms, Microservice)) > 0
	}
	return !slices.Equal(Targets(before, Microservice), Targets(after, Microservice)) ||
		!equality.Semantic.DeepEqual(before.Spec.AllowedDependents, after.Spec.AllowedDependents)
}
