package explain

import (
	"fmt"
	"strings"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// heading is the namespace, or their number.
func heading(namespaces []string) string {
	switch len(namespaces) {
	case 0:
		return "Nothing to draw"
	case 1:
		return namespaces[0]
	default:
		return fmt.Sprintf("%d namespaces", len(namespaces))
	}
}

// summary counts the Microservices by state.
func (d *Drawing) summary(nodes []Node) string {
	count := map[string]int{}
	for _, n := range nodes {
		if n.Kind == dependency.Microservice {
			count[""]++
			count[n.look().Word]++
		}
	}
	if count[""] == 0 {
		return "There are no Microservices"
	}
	text := counted(count[""], "Microservice")
	separator := ": "
	for _, l := range looks {
		if n := count[l.Word]; n > 0 && d.observed {
			text += fmt.Sprintf("%s%d %s", separator, n, strings.ToLower(l.Word))
			separator = ", "
		}
	}
	return text
}

// description tells what the picture shows: first what is not well, then each edge.
func (p *picture) description() string {
	sentences := []string{p.Summary}
	for i := range p.Nodes {
		if n := &p.Nodes[i]; n.State == StateNotReady || n.State == StateMissing {
			sentences = append(sentences, n.Sentence)
		}
	}
	for _, c := range p.graph.Cycles {
		sentences = append(sentences, "a cycle: "+strings.Join(c, ", "))
	}
	for _, e := range p.graph.Edges {
		sentences = append(sentences, e.sentence())
	}
	return strings.Join(sentences, ". ") + "."
}

func (e Edge) sentence() string {
	if e.isRoute() {
		text := fmt.Sprintf("%s leads %s to %s", e.From, e.hosts(), e.To)
		if e.isBroken() {
			text += ", and is not accepted"
		}
		return text
	}
	text := fmt.Sprintf("%s depends on %s", e.From, e.To)
	if e.Optional {
		text += ", optionally"
	}
	if e.State != "" {
		text += ": " + string(e.State)
	}
	return text
}

// sentence tells what a card shows.
func (d *Drawing) sentence(n Node) string {
	text := n.ID
	if n.Kind == Gateway || n.Kind == Namespace {
		return text + ": " + n.Words()
	}
	if d.hasState(n) {
		text += ": " + n.look().Word
	}
	if n.State == StateNotReady && n.Reason != "" {
		text += ", " + n.Words()
	}
	return text
}
