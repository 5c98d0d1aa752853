package main

import (
	"bytes"
	"fmt"
	"strings"
)

const madeBy = "`make docs` writes this page from [%s](../../%s).\n"

// conditionsPage lists the conditions and their reasons.
func conditionsPage(groups []group) []byte {
	page := &bytes.Buffer{}
	fmt.Fprintf(page, "# Conditions and reasons\n\nWhat each condition and reason means, from the comments in the code. [Status](../concepts/status.md) has the cures.\n"+madeBy,
		conditionsSource, conditionsSource)
	for _, g := range groups {
		title, rest, _ := strings.Cut(g.title, ". ")
		fmt.Fprintf(page, "\n## %s\n\n", strings.TrimSuffix(title, "."))
		if rest != "" {
			fmt.Fprintf(page, "%s\n\n", rest)
		}
		fmt.Fprint(page, "| word | is a | what it means |\n|---|---|---|\n")
		for _, w := range g.words {
			kind := "reason"
			if w.isCondition() {
				kind = "**condition**"
			}
			fmt.Fprintf(page, "| `%s` | %s | %s |\n", w.value, kind, cell(w.meaning))
		}
	}
	return page.Bytes()
}

// eventsPage lists the events. Their reasons are those of Ready, the one of a cycle, and those of no condition.
func eventsPage(groups []group, normal map[string]bool) []byte {
	page := &bytes.Buffer{}
	fmt.Fprint(page, `# Events

The operator sends an event when Ready changes its status or its reason, and when it finds a cycle. It sends the event after it has written the status.
It also sends one when it restores a change by hand.
The event has the reason and message of the condition. Its related object is the Deployment, or the dependency that a first start waits for.

`)
	fmt.Fprintf(page, madeBy, conditionsSource, conditionsSource)
	fmt.Fprint(page, "\n| reason | type | when |\n|---|---|---|\n")
	for _, g := range groups {
		for _, w := range g.words {
			switch {
			case !w.isCondition() && g.ofReady():
				fmt.Fprintf(page, "| `%s` | %s | %s |\n", w.value, eventType(w, normal), cell(w.meaning))
			case strings.HasPrefix(g.title, "Events"):
				fmt.Fprintf(page, "| `%s` | Normal | %s |\n", w.value, cell(w.meaning))
			case w.constant == "ConditionDependencyCycle":
				fmt.Fprintf(page, "| `%s` | Warning | %s |\n", w.value, cell(w.meaning))
			}
		}
	}
	fmt.Fprint(page, "\n`kubectl events --for microservice/NAME` shows them. By default the API server keeps events for an hour.\n")
	return page.Bytes()
}

// ofReady reports whether Ready takes the reasons of the group.
func (g group) ofReady() bool {
	return g.words[0].constant == "ConditionReady" || strings.Contains(g.title, "reasons of `Ready`")
}

// eventType follows the comments: a reason of Ready says so where Ready is not False.
func eventType(w word, normal map[string]bool) string {
	notFalse := strings.Contains(w.meaning, "Ready is True") || strings.Contains(w.meaning, "Ready is Unknown")
	if notFalse || normal[w.constant] {
		return "Normal"
	}
	return "Warning"
}

// cell begins with a capital, but for the name of a field.
func cell(text string) string {
	text = strings.ReplaceAll(text, "|", `\|`)
	if first, _, _ := strings.Cut(text, " "); strings.Contains(first, ".") {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
