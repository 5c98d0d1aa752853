package ui_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// axe is the program of axe-core, which finds what people who do not see, hear or point cannot use.
func axe(t *testing.T) string {
	t.Helper()
	file := os.Getenv("AXE")
	if file == "" {
		found, _ := filepath.Glob(filepath.Join(cluster.Root(), "bin", "axe-core-*", "axe.min.js")) // the pattern is a good one
		file = strings.Join(found[max(len(found)-1, 0):], "")
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("there is no axe-core (%v): run `make axe`, or set AXE to the path of axe.min.js of axe-core", err)
	}
	return string(raw)
}

// accessible fails the test if axe-core finds something wrong with what a page shows now.
func (p *page) accessible(t *testing.T, state string) {
	t.Helper()
	p.do(t, axe(t)+"\n;void 0")
	type violation struct {
		ID, Impact, Help string
		Nodes            []struct{ HTML, FailureSummary string }
	}
	result := read[struct {
		Violations []violation
		Passes     int
	}](t, p, `axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], resultTypes: ['violations']})
		.then((r) => ({violations: r.violations.map(({id, impact, help, nodes}) => ({id, impact, help, nodes: nodes.map(({html, failureSummary}) => ({html, failureSummary}))})), passes: r.passes.length}))`)
	if result.Passes == 0 {
		t.Errorf("%s: axe-core has looked at nothing", state)
	}
	for _, v := range result.Violations {
		var nodes []string
		for _, n := range v.Nodes[:min(3, len(v.Nodes))] {
			nodes = append(nodes, fmt.Sprintf("%.300s\n    %s", n.HTML, strings.ReplaceAll(n.FailureSummary, "\n", "\n    ")))
		}
		t.Errorf("%s: %s (%s): %s: %d of\n  %s", state, v.ID, v.Impact, v.Help, len(v.Nodes), strings.Join(nodes, "\n  "))
	}
}

// everyLook checks all that there is to see, on a phone and a laptop, in light and dark. id is that of a Microservice with much to tell.
func everyLook(t *testing.T, browser context.Context, address, id string) {
	for _, on := range []device{
		{width: 1280, height: 800}, {width: 1280, height: 800, dark: true}, {width: 360, height: 740}, {width: 360, height: 740, dark: true},
	} {
		p := open(t, browser, address, on)
		see := func(state string) {
			p.accessible(t, fmt.Sprintf("%s, %d px wide, dark %t", state, on.width, on.dark))
		}
		p.await(t, card(id))
		p.click(t, "#show-graph")
		p.await(t, "!document.getElementById('graph').hidden")
		see("graph")
		p.click(t, "#show-table")
		p.await(t, "document.querySelector('#table tbody tr')")
		see("table")
		p.do(t, "document.querySelector('#table tbody button[data-at="+quoted(id)+"]').click()")
		p.await(t, "document.querySelector('#panel .facts')")
		p.do(t, "for (const d of document.querySelectorAll('#panel details')) d.open = true")
		p.await(t, "!document.querySelector('#panel details:not([open])')")
		see("panel")
		p.click(t, "#panel [data-at=close]")
		p.await(t, "!document.querySelector('#panel .facts')")
		p.click(t, "#open-help")
		p.await(t, "document.getElementById('help').open")
		see("help")
	}
}
