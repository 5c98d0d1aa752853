package ui

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/http"

	"github.com/microservice-dev/microservice-operator/internal/explain"
)

//go:embed static
var files embed.FS

// template of the page. Its icons are those of graph -o svg.
var pageTemplate = template.Must(template.ParseFS(files, "static/index.html"))

// pageData is what the page is made of. Snapshot is nil for a page that is served.
type pageData struct {
	Icons    []icon
	Markers  template.HTML
	Snapshot *snapshot
}

// icon is the symbol of one of explain.Looks.
type icon struct {
	Look, Word string
	SVG        template.HTML
}

// newPage returns the data of a page. The SVG in it are constants of ours.
func newPage(s *snapshot) pageData {
	data := pageData{Markers: template.HTML(explain.Markers()), Snapshot: s}
	for _, l := range explain.Looks() {
		data.Icons = append(data.Icons, icon{Look: l.Class, Word: l.Word, SVG: template.HTML(l.Icon)})
	}
	return data
}

func page() http.Handler {
	var out bytes.Buffer
	if err := pageTemplate.Execute(&out, newPage(nil)); err != nil {
		panic(err) // the template is part of the program
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = w.Write(out.Bytes()) // who has gone needs no answer
	})
}

func static() http.Handler {
	sub, err := fs.Sub(files, "static")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	return http.FileServerFS(sub)
}

func graphStyle(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/css; charset=utf-8")
	_, _ = w.Write([]byte(explain.Style())) // who has gone needs no answer
}
