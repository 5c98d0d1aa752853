package explain

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Mermaid's own limits, which a diagram cannot raise: https://mermaid.js.org/config/schema-docs/config.html (maxEdges, maxTextSize).
const (
	maxMermaidEdges = 500
	maxMermaidText  = 50_000
)

// colors of the states, for light and dark backgrounds.
var colors = map[State]string{StateReady: "#2e7d32", StateNotReady: "#c62828", StateMissing: "#ef6c00", StateUnknown: "#616161"}

// symbols of the states: nothing is told by colour alone.
var symbols = map[State]string{StateReady: "✔", StateNotReady: "✖", StateMissing: "?", StateUnknown: "·"}

// Mermaid returns the graph as a Mermaid flowchart. The error says that Mermaid would refuse it for its size.
func (g Graph) Mermaid() (string, error) {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	names, several := map[string]string{}, g.hasSeveralNamespaces()
	for i, n := range g.Nodes {
		names[n.ID] = fmt.Sprintf("n%d", i)
		open, closing := "[", "]"
		if n.Kind != dependency.Microservice {
			open, closing = "([", "])"
		}
		fmt.Fprintf(&b, "  n%d%s\"%s\"%s:::%s\n", i, open, mermaidText(symbols[n.State]+" "+n.label(several)), closing, strings.ToLower(string(n.State)))
	}
	for _, e := range g.Edges {
		arrow := "-->"
		if e.Optional {
			arrow = "-.->"
		}
		if e.isRoute() {
			arrow += fmt.Sprintf("|\"%s\"|", mermaidText(e.hosts()))
		}
		fmt.Fprintf(&b, "  %s %s %s\n", names[e.From], arrow, names[e.To])
	}
	for _, s := range []State{StateReady, StateNotReady, StateMissing, StateUnknown} {
		fmt.Fprintf(&b, "  classDef %s stroke:%s,stroke-width:2px\n", strings.ToLower(string(s)), colors[s])
	}
	if len(g.Edges) > maxMermaidEdges || b.Len() > maxMermaidText {
		return "", fmt.Errorf("%d edges and %d characters are more than Mermaid draws (%d and %d): take a part with --around, or another format",
			len(g.Edges), b.Len(), maxMermaidEdges, maxMermaidText)
	}
	return b.String(), nil
}

// mermaidText escapes what ends a label: https://mermaid.js.org/syntax/flowchart.html#special-characters-that-break-syntax
func mermaidText(s string) string {
	return strings.NewReplacer("#", "#35;", `"`, "#quot;", "\n", " ").Replace(s)
}

// label returns the name of a node, with its namespace if the graph has several.
func (n Node) label(several bool) string {
	name := n.Name
	if n.Namespace != "" && several {
		name = n.Namespace + "/" + name
	}
	if n.Kind == dependency.External {
		return "external " + name
	}
	if n.Kind == dependency.Service {
		return "service " + name
	}
	if n.Kind == Gateway {
		return "gateway " + name
	}
	return name
}

func (g Graph) hasSeveralNamespaces() bool {
	all := sets.New[string]()
	for _, n := range g.Nodes {
		if n.Namespace != "" {
			all.Insert(n.Namespace)
		}
	}
	return all.Len() > 1
}

// Dot returns the graph in the language of Graphviz.
func (g Graph) Dot() string {
	var b strings.Builder
	b.WriteString("digraph microservices {\n  rankdir=LR\n  node [shape=box style=rounded]\n")
	several := g.hasSeveralNamespaces()
	for _, n := range g.Nodes {
		fmt.Fprintf(&b, "  %q [label=%q color=%q]\n", n.ID, symbols[n.State]+" "+n.label(several), colors[n.State])
	}
	for _, e := range g.Edges {
		style := "solid"
		if e.Optional {
			style = "dashed"
		}
		label := ""
		if e.isRoute() {
			label = fmt.Sprintf(" label=%q", e.hosts())
		}
		fmt.Fprintf(&b, "  %q -> %q [style=%s%s]\n", e.From, e.To, style, label)
	}
	b.WriteString("}\n")
	return b.String()
}

// Text returns the graph as trees, one for each node that nobody depends on. What has been printed before is marked.
func (g Graph) Text() string {
	var b strings.Builder
	byID, out, in := map[string]Node{}, map[string][]Edge{}, sets.New[string]()
	for _, n := range g.Nodes {
		byID[n.ID] = n
	}
	for _, e := range g.Edges {
		out[e.From] = append(out[e.From], e)
		in.Insert(e.To)
	}
	printed, several := sets.New[string](), g.hasSeveralNamespaces()
	var print func(id, indent, suffix string)
	print = func(id, indent, suffix string) {
		n := byID[id]
		again := printed.Has(id) && len(out[id]) > 0
		if again {
			suffix += " (again)"
		}
		fmt.Fprintf(&b, "%s%s %s%s%s\n", indent, symbols[n.State], n.label(several), reason(n), suffix)
		printed.Insert(id)
		if again {
			return
		}
		for _, e := range out[id] {
			suffix := ""
			switch {
			case e.Optional:
				suffix = " (optional)"
			case e.isRoute():
				suffix = " (" + e.hosts() + ")"
			}
			print(e.To, indent+"  ", suffix)
		}
	}
	for _, n := range g.Nodes {
		if !in.Has(n.ID) {
			print(n.ID, "", "")
		}
	}
	for _, n := range g.Nodes { // members of a cycle that nobody else depends on
		if !printed.Has(n.ID) {
			print(n.ID, "", "")
		}
	}
	for _, c := range g.Cycles {
		fmt.Fprintf(&b, "cycle: %s\n", strings.Join(c, ", "))
	}
	return b.String()
}

func reason(n Node) string {
	if n.State == StateNotReady && n.Reason != "" {
		return "  " + n.Reason
	}
	return ""
}
