package ui

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/layout"
)

// mostDrawn is how many nodes are drawn unless the user asks for all: more are drawn as their namespaces.
const mostDrawn = 300

// Selection is the part of a system that a page shows.
type Selection struct {
	// Namespace is empty for all.
	Namespace string
	// Around is the ID of a node, of which only the neighbours up to Depth edges away are drawn. It is empty for all nodes.
	Around string
	Depth  int
	// Whole draws each node, however many there are.
	Whole bool
}

// selectionOf reads a selection from the query of a request, which names a namespace if it is not that of the scope.
func selectionOf(q url.Values, scope Scope) (Selection, error) {
	s := Selection{Namespace: scope.Namespace, Around: q.Get("around"), Depth: 1, Whole: q.Get("whole") == "true"}
	if q.Has("namespace") {
		s.Namespace = q.Get("namespace")
	}
	if text := q.Get("depth"); text != "" {
		depth, err := strconv.Atoi(text)
		if err != nil || depth < 1 || depth > 9 {
			return s, fmt.Errorf("depth=%q: must be a number from 1 to 9", text)
		}
		s.Depth = depth
	}
	return s, nil
}

// message is what a page is told: all that there is at first, and then what is not the same any more.
type message struct {
	// Reset is set in the first message of a stream.
	Reset bool `json:"reset,omitempty"`
	// View is set if any of it has changed.
	View json.RawMessage `json:"view,omitempty"`
	// Rows are the Microservices of the table, and Nodes and Edges what is drawn.
	Rows  patch `json:"rows,omitzero"`
	Nodes patch `json:"nodes,omitzero"`
	Edges patch `json:"edges,omitzero"`
	// Events are new ones, the oldest first.
	Events []Event `json:"events,omitempty"`
}

// isEmpty reports whether there is nothing to tell.
func (m *message) isEmpty() bool {
	return !m.Reset && m.View == nil && m.Rows.isEmpty() && m.Nodes.isEmpty() && m.Edges.isEmpty() && len(m.Events) == 0
}

// patch has items that are new or not as they were, and the IDs of those that are gone.
type patch struct {
	Set  []json.RawMessage `json:"set,omitempty"`
	Drop []string          `json:"drop,omitempty"`
}

func (p patch) isEmpty() bool { return len(p.Set)+len(p.Drop) == 0 }

// view is what the page shows besides items.
type view struct {
	Scope
	Heading string         `json:"heading"`
	Summary string         `json:"summary"`
	Width   float64        `json:"width"`
	Height  float64        `json:"height"`
	Cycles  []layout.Cycle `json:"cycles"`
	// Namespaces are all that have a Microservice, sorted.
	Namespaces []string `json:"namespaces"`
	// Only is the one namespace that the user may read, empty if it is not one.
	Only string `json:"only,omitempty"`
	// Collapsed is set if the nodes are namespaces, of Total nodes.
	Collapsed bool `json:"collapsed,omitempty"`
	Total     int  `json:"total"`
	// Counts are how many Microservices look alike.
	Counts map[string]int `json:"counts"`
	// Problem is why all this may be out of date.
	Problem string `json:"problem,omitempty"`
	// Missing is set if what is drawn is to be around a node that does not exist.
	Missing bool `json:"missing,omitempty"`
}

// row is a Microservice in the table.
type row struct {
	ID           string         `json:"id"`
	Namespace    string         `json:"namespace"`
	Name         string         `json:"name"`
	Look         string         `json:"look"`
	Words        string         `json:"words"`
	Replicas     *int32         `json:"replicas,omitempty"`
	Available    *int32         `json:"available,omitempty"`
	Dependencies string         `json:"dependencies,omitempty"`
	Dependents   int            `json:"dependents"`
	Image        string         `json:"image"`
	Message      string         `json:"message,omitempty"`
	Since        *time.Time     `json:"since,omitempty"`
	Change       explain.Change `json:"change,omitempty"`
}

// drawnEdge is an edge with an ID.
type drawnEdge struct {
	ID string `json:"id"`
	explain.DrawnEdge
}

// projector turns the moments of a system into messages for one page. It is not safe for concurrent use.
type projector struct {
	system    *System
	selection Selection

	started  bool
	seq      int
	view     string
	rows     sent
	nodes    sent
	edges    sent
	previous *explain.Drawing
}

func (s *System) project(selection Selection) *projector {
	return &projector{system: s, selection: selection, rows: sent{}, nodes: sent{}, edges: sent{}}
}

// next returns what has changed since the last call, nil for nothing. The first call returns everything. The error is that of
// encoding/json.
func (p *projector) next() (*message, error) { return p.show(p.system.moment()) }

// show is next for a moment that is known.
func (p *projector) show(now moment) (*message, error) {
	g := p.system.graph(now.world, p.selection.Namespace)
	rows := p.system.tableOf(now.world, g)
	v := view{
		Scope: p.system.scope, Namespaces: namespacesOf(now.world), Only: p.system.only,
		Total: len(g.Nodes), Counts: map[string]int{}, Problem: now.problem,
	}
	for _, r := range rows {
		v.Counts[r.Look]++
	}
	switch {
	case p.selection.Around != "":
		v.Missing = !g.Has(p.selection.Around)
		g = g.Around(p.selection.Around, p.selection.Depth)
	case len(g.Nodes) > mostDrawn && !p.selection.Whole && severalNamespaces(g):
		v.Collapsed, g = true, g.ByNamespace()
	}
	d := g.Draw(p.previous)
	p.previous = d
	v.Heading, v.Summary, v.Width, v.Height, v.Cycles = d.Heading, d.Summary, d.Width, d.Height, d.Cycles
	m := &message{Reset: !p.started}
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	if string(raw) != p.view {
		p.view, m.View = string(raw), raw
	}
	if m.Rows, err = patchOf(p.rows, rows, func(r row) string { return r.ID }); err != nil {
		return nil, err
	}
	if m.Nodes, err = patchOf(p.nodes, d.Nodes, func(n explain.DrawnNode) string { return n.ID }); err != nil {
		return nil, err
	}
	edges := make([]drawnEdge, 0, len(d.Edges))
	for _, e := range d.Edges {
		edges = append(edges, drawnEdge{ID: e.From + " " + e.To + " " + e.Name, DrawnEdge: e})
	}
	if m.Edges, err = patchOf(p.edges, edges, func(e drawnEdge) string { return e.ID }); err != nil {
		return nil, err
	}
	for _, e := range now.events {
		if e.Seq > p.seq {
			m.Events = append(m.Events, e)
		}
	}
	for _, e := range m.Events {
		p.seq = max(p.seq, e.Seq)
	}
	p.started = true
	if m.isEmpty() {
		return nil, nil
	}
	return m, nil
}

// sent are the items that the page has, as JSON by ID.
type sent map[string]string

// patchOf tells what changes the sent items into these.
func patchOf[T any](s sent, items []T, id func(T) string) (p patch, err error) {
	present := make(sets.Set[string], len(items))
	for _, item := range items {
		raw, err := json.Marshal(item)
		if err != nil {
			return p, err
		}
		key := id(item)
		present.Insert(key)
		if s[key] != string(raw) {
			s[key] = string(raw)
			p.Set = append(p.Set, raw)
		}
	}
	for key := range s {
		if !present.Has(key) {
			p.Drop = append(p.Drop, key)
			delete(s, key)
		}
	}
	slices.Sort(p.Drop)
	return p, nil
}

// tableOf returns the Microservices of a graph.
func (s *System) tableOf(w explain.World, g explain.Graph) []row {
	dependents := w.Dependents()
	var rows []row
	for _, n := range g.Nodes {
		key := dependency.Key{Namespace: n.Namespace, Name: n.Name}
		ms := w.Microservices[key]
		if ms == nil && s.comparison != nil {
			ms = s.comparison.Base.Microservices[key]
		}
		if n.Kind != dependency.Microservice || ms == nil {
			continue
		}
		r := row{
			ID: n.ID, Namespace: n.Namespace, Name: n.Name, Look: n.Look(), Words: n.Words(), Replicas: n.Replicas, Available: n.Available,
			Dependencies: ms.Status.DependenciesSummary, Dependents: len(dependents[key]), Image: ms.Spec.Image, Change: n.Change,
		}
		if since, message := ready(ms); !since.IsZero() {
			r.Since, r.Message = &since, message
		}
		rows = append(rows, r)
	}
	return rows
}

func namespacesOf(w explain.World) []string {
	all := sets.New[string]()
	for key := range w.Microservices {
		all.Insert(key.Namespace)
	}
	return sets.List(all)
}

func severalNamespaces(g explain.Graph) bool {
	first := ""
	for _, n := range g.Nodes {
		if n.Namespace != "" && first != "" && n.Namespace != first {
			return true
		}
		first = cmp.Or(first, n.Namespace)
	}
	return false
}
