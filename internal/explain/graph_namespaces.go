package explain

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Namespace is the kind of a node that stands for all Microservices of a namespace.
const Namespace dependency.Kind = "Namespace"

// ByNamespace returns the graph of the namespaces: a graph of hundreds of Microservices is no picture. A namespace is as its worst
// Microservice, and so is an edge. What lies outside the cluster is left out, and so are Gateways.
func (g Graph) ByNamespace() Graph {
	namespaces, of := map[string]*Node{}, map[string]string{}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if n.Namespace == "" {
			continue
		}
		id := "Namespace/" + n.Namespace
		of[n.ID] = id
		if namespaces[id] == nil {
			namespaces[id] = &Node{ID: id, Namespace: n.Namespace, Name: n.Namespace, Kind: Namespace, State: StateUnknown}
		}
		if n.Kind == dependency.Microservice {
			namespaces[id].count(n)
		}
	}
	edges := map[end]Edge{}
	for i := range g.Edges {
		e := Edge{From: of[g.Edges[i].From], To: of[g.Edges[i].To], State: g.Edges[i].State}
		if e.From == "" || e.To == "" || e.From == e.To {
			continue
		}
		if known, found := edges[e.end()]; !found || !known.isBroken() && e.isBroken() {
			edges[e.end()] = e
		}
	}
	all := Graph{Nodes: []Node{}, Cycles: [][]string{}}
	for _, id := range slices.Sorted(maps.Keys(namespaces)) {
		all.Nodes = append(all.Nodes, *namespaces[id])
	}
	all.Edges = slices.AppendSeq([]Edge{}, maps.Values(edges))
	slices.SortFunc(all.Edges, func(a, b Edge) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To)) })
	return all
}

// count adds a Microservice to the node of its namespace.
func (n *Node) count(ms *Node) {
	n.Microservices++
	switch {
	case ms.State == StateMissing || ms.look() == lookNotReady:
		n.NotReady++
		n.State = StateNotReady
	case ms.State == StateReady && n.State == StateUnknown:
		n.State = StateReady
	}
}

// namespaceWords counts the Microservices of a namespace.
func (n Node) namespaceWords() string {
	if n.NotReady == 0 {
		return counted(n.Microservices, "Microservice")
	}
	return fmt.Sprintf("%s, %d not ready", counted(n.Microservices, "Microservice"), n.NotReady)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
