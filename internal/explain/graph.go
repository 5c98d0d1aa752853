package explain

import (
	"cmp"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Graph is who depends on whom. Its JSON is the same for all commands that print it, so its fields only ever grow.
type Graph struct {
	// Nodes are sorted by ID.
	Nodes []Node `json:"nodes"`
	// Edges are those of Gateways, and then those of Microservices, each sorted by From, in the order of the spec.
	Edges []Edge `json:"edges"`
	// Cycles are the IDs of Microservices that depend on each other.
	Cycles [][]string `json:"cycles"`
}

// Node is a Microservice, something else that one depends on, or a Gateway that leads to one.
type Node struct {
	// ID is "namespace/name" of a Microservice, "Service/namespace/name", "External/" and a host or alias,
	// "Gateway/namespace/name", or "Gateway" for that of the operator's settings.
	ID        string          `json:"id"`
	Namespace string          `json:"namespace,omitempty"`
	Name      string          `json:"name"`
	Kind      dependency.Kind `json:"kind"`
	// State is Ready, NotReady, Missing or Unknown.
	State State `json:"state"`
	// Reason is that of the condition Ready.
	Reason string `json:"reason,omitempty"`
	// Hostnames are those of all routes of a Gateway, sorted.
	Hostnames []string `json:"hostnames,omitempty"`
	// Replicas is how many pods a Microservice has, and Available how many of them serve. Without a status they are not set.
	Replicas  *int32 `json:"replicas,omitempty"`
	Available *int32 `json:"available,omitempty"`
	// Microservices is how many a namespace has, and NotReady how many of them need help. Only ByNamespace sets them.
	Microservices int `json:"microservices,omitempty"`
	NotReady      int `json:"notReady,omitempty"`
	// Change is what Compare found.
	Change Change `json:"change,omitempty"`
}

// State is how a node is.
type State string

const (
	// StateReady means Ready and available.
	StateReady State = "Ready"
	// StateNotReady means anything else that is known.
	StateNotReady State = "NotReady"
	// StateMissing means that it does not exist, or not for the one who asks.
	StateMissing State = "Missing"
	// StateUnknown means that nobody observes it, or that it is not loaded.
	StateUnknown State = "Unknown"
)

// Edge is one declared dependency, or one route.
type Edge struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Name is the alias, empty for a route.
	Name     string                   `json:"name"`
	Port     string                   `json:"port,omitempty"`
	State    v1alpha1.DependencyState `json:"state,omitempty"`
	Optional bool                     `json:"optional,omitempty"`
	// Hostnames are those of a route. No other edge has any.
	Hostnames []string `json:"hostnames,omitempty"`
	// Change is what Compare found.
	Change Change `json:"change,omitempty"`
}

// NewGraph returns the graph of the loaded Microservices.
func NewGraph(w World) Graph {
	g := Graph{Nodes: []Node{}, Edges: []Edge{}, Cycles: [][]string{}}
	nodes := map[string]Node{}
	all := w.Sorted()
	for _, ms := range all {
		nodes[idOf(dependency.KeyOf(ms))] = NodeOf(ms)
	}
	g.addGateways(all, nodes)
	for _, ms := range all {
		for i := range ms.Spec.Dependencies {
			to, edge := w.EdgeOf(ms, &ms.Spec.Dependencies[i])
			if _, known := nodes[to.ID]; !known {
				nodes[to.ID] = to
			}
			g.Edges = append(g.Edges, edge)
		}
	}
	g.Nodes = slices.SortedFunc(maps.Values(nodes), func(a, b Node) int { return cmp.Compare(a.ID, b.ID) })
	seen := sets.New[*dependency.Cycle]()
	cycles := dependency.Cycles(all, nil)
	for _, ms := range all {
		if c := cycles[dependency.KeyOf(ms)]; c != nil && !seen.Has(c) {
			seen.Insert(c)
			var ids []string
			for _, member := range c.Members() {
				ids = append(ids, idOf(member))
			}
			g.Cycles = append(g.Cycles, ids)
		}
	}
	return g
}

func idOf(key dependency.Key) string { return key.Namespace + "/" + key.Name }

// NodeOf returns the node of a Microservice.
func NodeOf(ms *v1alpha1.Microservice) Node {
	n := Node{ID: idOf(dependency.KeyOf(ms)), Namespace: ms.Namespace, Name: ms.Name, Kind: dependency.Microservice, State: StateUnknown}
	if ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady); ready != nil {
		n.Reason, n.State = ready.Reason, StateNotReady
		n.Replicas, n.Available = &ms.Status.Replicas, &ms.Status.AvailableReplicas
		if isTrue(ready, ms) {
			n.State = StateReady
		}
	}
	return n
}

// EdgeOf returns an edge, and the node that it leads to as far as the status of its source knows it.
func (w World) EdgeOf(ms *v1alpha1.Microservice, d *v1alpha1.Dependency) (Node, Edge) {
	target := w.targetOf(ms, d)
	to := Node{Namespace: target.Key.Namespace, Name: target.Key.Name, Kind: target.Kind, State: StateUnknown}
	edge := Edge{From: idOf(dependency.KeyOf(ms)), Name: d.Name, Port: d.Port, Optional: d.Optional}
	if is := ms.Status.Dependency(d.Name); is != nil {
		edge.State = is.State
	}
	switch edge.State {
	case v1alpha1.DependencyReady:
		to.State = StateReady
	case v1alpha1.DependencyNotReady, v1alpha1.DependencyPortNotFound:
		to.State = StateNotReady
	case v1alpha1.DependencyNotFound, v1alpha1.DependencyNotPermitted:
		to.State = StateMissing
	}
	switch target.Kind {
	case dependency.External:
		to.Name = cmp.Or(d.External.Host, d.Name)
		to.ID, to.State = "External/"+to.Name, StateUnknown
	case dependency.Service:
		to.ID = "Service/" + idOf(target.Key)
	default:
		to.ID = idOf(target.Key)
	}
	edge.To = to.ID
	return to, edge
}

// Around returns the part of a graph that is at most so many edges away from a node, in either direction.
func (g Graph) Around(id string, depth int) Graph {
	near := sets.New(id)
	for range depth {
		next := sets.New[string]()
		for _, e := range g.Edges {
			if near.Has(e.From) {
				next.Insert(e.To)
			}
			if near.Has(e.To) {
				next.Insert(e.From)
			}
		}
		near = near.Union(next)
	}
	part := Graph{Nodes: []Node{}, Edges: []Edge{}, Cycles: [][]string{}}
	for _, n := range g.Nodes {
		if near.Has(n.ID) {
			part.Nodes = append(part.Nodes, n)
		}
	}
	for _, e := range g.Edges {
		if near.HasAll(e.From, e.To) {
			part.Edges = append(part.Edges, e)
		}
	}
	for _, c := range g.Cycles {
		if near.HasAll(c...) {
			part.Cycles = append(part.Cycles, c)
		}
	}
	return part
}

// Has reports whether the graph has a node.
func (g Graph) Has(id string) bool {
	return slices.ContainsFunc(g.Nodes, func(n Node) bool { return n.ID == id })
}
