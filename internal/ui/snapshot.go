package ui

import (
	"fmt"
	"html/template"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"time"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// snapshot is what a page in one file has in itself.
type snapshot struct {
	Style  template.CSS
	Script template.JS
	Data   snapshotData
}

// snapshotData is what the page would ask the server.
type snapshotData struct {
	At      time.Time           `json:"at"`
	Message *message            `json:"message"`
	Details map[string]*details `json:"details"`
}

// modules are the files of the page's program, those that others need first.
var modules = []string{"words.js", "store.js", "source.js", "dom.js", "graph.js", "table.js", "panel.js", "app.js"}

// WriteSnapshot writes a page that needs no server: a system at one moment. Pods, objects and events are not in it.
func (s *System) WriteSnapshot(out io.Writer) error {
	now := s.moment()
	p := s.project(Selection{Namespace: s.scope.Namespace, Whole: true})
	m, err := p.show(now)
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	data := snapshotData{At: s.now().UTC().Truncate(time.Second), Message: m, Details: map[string]*details{}}
	dependents := now.world.Dependents()
	for _, n := range p.previous.Nodes {
		if key := (dependency.Key{Namespace: n.Namespace, Name: n.Name}); n.Kind == dependency.Microservice {
			data.Details[n.ID] = s.detailsOf(now.world, key, dependents[key])
		}
	}
	style, script, err := inlined()
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	err = pageTemplate.Execute(out, newPage(&snapshot{Style: template.CSS(style), Script: template.JS(script), Data: data}))
	if err != nil {
		return fmt.Errorf("writing the snapshot: %w", err)
	}
	return nil
}

// importLine and exportWord are what tells modules apart from one program: names are unique over all modules.
var (
	importLine = regexp.MustCompile(`(?m)^import .*\n`)
	exportWord = regexp.MustCompile(`(?m)^export `)
)

// inlined returns the style sheets and the modules, each as one text.
func inlined() (style, script string, err error) {
	read := func(name string) string {
		raw, readErr := fs.ReadFile(files, "static/"+name)
		if readErr != nil {
			err = readErr
		}
		return string(raw)
	}
	var all []string
	for _, name := range modules {
		all = append(all, exportWord.ReplaceAllString(importLine.ReplaceAllString(read(name), ""), ""))
	}
	return explain.Style() + read("style.css"), strings.Join(all, "\n"), err
}
