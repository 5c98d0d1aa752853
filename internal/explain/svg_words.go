package explain

import (
	"fmt"
	"strings"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// heading is the namespace, or their number.
func (p *picture) heading() string {
	switch len(p.namespaces) {
	case 0:
		return "Nothing to draw"
	case 1:
		return p.namespaces[0]
	default:
		return fmt.Sprintf("%d namespaces", len(p.namespaces))
	}
}

// summary counts the Microservices by state.
func (p *picture) summary() string {
	count := map[string]int{}
	for _, n := range p.graph.Nodes {
		if n.Kind == dependency.Microservice {
			count[""]++
			count[n.look().word]++
		}
	}
	if count[""] == 0 {
		return "There are no Microservices"
	}
	text := fmt.Sprintf("%d Microservices", count[""])
	if count[""] == 1 {
		text = "1 Microservice"
	}
	separator := ": "
	for _, l := range looks {
		if n := count[l.word]; n > 0 && p.observed {
			text += fmt.Sprintf("%s%d %s", separator, n, strings.ToLower(l.word))
			separator = ", "
		}
	}
	return text
}

// description tells what the picture shows: first what is not well, then each edge.
func (p *picture) description() string {
	sentences := []string{p.summary()}
	for _, n := range p.graph.Nodes {
		if n.State == StateNotReady || n.State == StateMissing {
			sentences = append(sentences, p.tooltip(n))
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

func (p *picture) tooltip(n Node) string {
	text := n.ID
	if n.Kind == Gateway {
		return text + ": " + n.words()
	}
	if p.hasState(n) {
		text += ": " + n.look().word
	}
	if n.State == StateNotReady && n.Reason != "" {
		text += ", " + n.words()
	}
	return text
}
