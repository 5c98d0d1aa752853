package explain

import (
	"strings"
	"testing"
)

// The way in is a node, with the hosts, in every format.
func TestGatewaysInTheGraph(t *testing.T) {
	g := NewGraph(world(t, map[string]string{
		"web": with("route: {hostnames: [shop.example.com, '*.shop.example.com'], gateway: {name: public, namespace: gateways}}\n" +
			"dependencies: [{name: api}]\nstatus: {conditions: [{type: Routed, status: 'True', reason: Accepted}]}"),
		"api": with("route: {hostnames: [api.example.com], gateway: {name: public, namespace: gateways}}\n" +
			"status: {conditions: [{type: Routed, status: 'False', reason: NotAllowedByListeners}]}"),
		"admin": with("route: {hostnames: [admin.example.com]}"),
	}))
	mermaid, err := g.Mermaid()
	if err != nil {
		t.Fatal(err)
	}
	text := g.Text()
	if want := `· gateway default
  · admin (admin.example.com)
· gateway gateways/public
  · api (api.example.com)
  · web (shop.example.com, *.shop.example.com)
    · api
`; text != want {
		t.Errorf("text:\n%s\nwant\n%s", text, want)
	}
	for format, words := range map[string][2]string{
		"mermaid":                    {mermaid, `n1 -->|"api.example.com"| n3`},
		"dot":                        {g.Dot(), `"Gateway/gateways/public" -> "shop/api" [style=solid label="api.example.com"]`},
		"the card of svg":            {g.SVG(), `>admin.example.com</text>`},
		"the legend of svg":          {g.SVG(), `>Gateway</text>`},
		"what a screen reader reads": {g.SVG(), `Gateway/gateways/public leads api.example.com to shop/api, and is not accepted.`},
		"the line that is broken":    {g.SVG(), `>route not accepted</text>`},
	} {
		if !strings.Contains(words[0], words[1]) {
			t.Errorf("%s lacks %q:\n%s", format, words[1], words[0])
		}
	}
	if strings.Contains(g.SVG(), "dependency not ready") {
		t.Error("a route counts as a dependency")
	}
	if near := g.Around("shop/admin", 1); len(near.Nodes) != 2 || len(near.Edges) != 1 {
		t.Errorf("around admin is %+v", near)
	}
}
