package ui_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// cards is the expression of the cards with all that is on them, sorted.
const cards = `[...document.querySelectorAll('#nodes > g')].map((e) => [e.dataset.id, e.getAttribute('class'), e.getAttribute('transform'), e.textContent].join(' ')).sort()`

// testSnapshot: the page in one file shows the same, and asks nobody.
func (l *live) testSnapshot(t *testing.T) {
	served := open(t, l.browser, l.serve(t, "-n", shop), laptop)
	served.await(t, card(shop+"/"+broken)+"?.classList.contains('notready')")
	file := filepath.Join(t.TempDir(), "page.html")
	if code, said := run(t, "--kubeconfig="+l.kubeconfig, "-n", shop, "--snapshot="+file); code != 0 {
		t.Fatal(said)
	}
	p := open(t, l.browser, "file://"+file, laptop)
	p.await(t, card(shop+"/"+broken))
	if diff := cmp.Diff(read[[]string](t, served, cards), read[[]string](t, p, cards)); diff != "" {
		t.Errorf("the cards are not the same (-served +file):\n%s", diff)
	}
	p.await(t, "document.getElementById('context').textContent.includes('as it was')")
	p.click(t, "#panel .trouble li button")
	p.panelSays(t, "why", "cartservice is not Ready: ImagePullFailed", "do fix spec.image")
	p.panelSays(t, "dependencies", "→ redis-cart", "← checkoutservice", "← frontend")
	p.press(t, "t")
	p.await(t, "document.querySelectorAll('#table tbody tr').length === 12")
	if asked := p.requests(); !slices.Equal(asked, []string{"file://" + file}) {
		t.Errorf("the file asked for %v", asked)
	}
	everyLook(t, l.browser, "file://"+file, shop+"/"+broken)
}

// document is a Microservice in a file.
func document(name, spec string) string {
	return fmt.Sprintf(`---
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: %s}
spec: {%s}
`, name, spec)
}

const ports = `ports: [{name: http, port: 80}]`

var (
	before = document("web", `image: "example.com/web:1", dependencies: [{name: orders}, {name: search}]`) +
		document("orders", `image: "example.com/orders:1", `+ports) + document("search", `image: "example.com/search:1", `+ports)
	after = document("web", `image: "example.com/web:2", dependencies: [{name: orders}, {name: stock}]`) +
		document("orders", `image: "example.com/orders:1", `+ports) + document("stock", `image: "example.com/stock:1", `+ports)
)

// folder has one file.
func folder(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "all.yaml"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestCompare: what files change is marked, in the page that is served as in the one that is written.
func TestCompare(t *testing.T) {
	browser := startBrowser(t)
	args := []string{"-n", "shop", "-f", folder(t, after), "--base", folder(t, before)}
	file := filepath.Join(t.TempDir(), "change.html")
	if code, said := run(t, append(args, "--snapshot="+file)...); code != 0 {
		t.Fatal(said)
	}
	for _, address := range []string{serve(t, args...), "file://" + file} {
		p := open(t, browser, address, laptop)
		for id, change := range map[string]string{"shop/web": "Changed", "shop/orders": "", "shop/search": "Removed", "shop/stock": "Added"} {
			e := card(id)
			p.await(t, e)
			p.await(t, "("+e+".querySelector('.pill-text')?.textContent ?? '') === "+quoted(change))
			p.await(t, e+".classList.contains("+quoted("change-"+strings.ToLower(change))+") === "+map[bool]string{true: "true", false: "false"}[change != ""])
		}
		for to, class := range map[string]string{"orders": "", "search": "removed", "stock": "added"} {
			p.await(t, `[...document.querySelectorAll('#edges > path')].find((e) => e.textContent.includes(`+quoted(to)+`)).getAttribute('class').replace('edge', '').trim() === `+quoted(class))
		}
		p.await(t, "[...document.querySelectorAll('#panel .changes li')].map((e) => e.innerText.replace(/\\s+/g, ' ').trim()).sort().join('; ') === 'searchRemoved; stockAdded; webChanged'")
		p.do(t, "[...document.querySelectorAll('#panel .changes li button')].find((b) => b.textContent === 'web').click()")
		p.panelSays(t, "diff", "- image: example.com/web:1", "+ image: example.com/web:2")
	}
	everyLook(t, browser, "file://"+file, "shop/web")
}
