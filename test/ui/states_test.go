package ui_test

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// testStates: what the operator says of a Microservice is on its card, in the overview and in the panel.
func (l *live) testStates(t *testing.T) {
	p := open(t, l.browser, l.serve(t, "-n", shop), laptop)
	for _, c := range []struct{ name, look, word, pill string }{
		{broken, "notready", "ImagePullFailed", "0/1"},
		{parked, "parked", "Parked", ""},
		{scaling, "moving", "RollingOut", "1/3"},
		{"frontend", "ready", "Ready", ""},
	} {
		e := card(shop + "/" + c.name)
		p.await(t, e+"?.classList.contains("+quoted(c.look)+")")
		p.await(t, e+".querySelector('.word').textContent === "+quoted(c.word))
		p.await(t, "("+e+".querySelector('.pill-text')?.textContent ?? '') === "+quoted(c.pill))
		p.await(t, e+".querySelector('use').getAttribute('href') === "+quoted("#icon-"+c.look))
		p.await(t, e+".getAttribute('aria-label').startsWith("+quoted(strings.TrimSpace(c.name+" "+c.word+" "+c.pill))+")")
	}
	p.await(t, "document.querySelectorAll('#nodes > g').length === 12")
	p.await(t, "document.title === '(1) online-boutique · test'")
	p.await(t, "document.querySelector('#panel .trouble li button').textContent === "+quoted(broken))
	p.await(t, "document.querySelector('#panel .trouble').innerText.includes('2 Microservices depend on it')")

	p.click(t, "#panel .trouble li button")
	p.await(t, "document.querySelector('#panel h2').textContent === "+quoted(broken))
	p.panelSays(t, "why", "cartservice is not Ready: ImagePullFailed", notFound, "now nothing serves", "do fix spec.image")
	p.panelSays(t, "dependencies", "→ redis-cart", "← checkoutservice", "← frontend")
	p.panelSays(t, "pods", "Pods (1)", "cartservice-", "not ready")
	p.panelSays(t, "objects", "Deployment cartservice", "0 available, of 1", "NetworkPolicy cartservice", "Service cartservice")
	p.panelSays(t, "conditions", "Ready False ImagePullFailed", "Available False")
	p.panelSays(t, "events", "RollingOut")
	p.panelSays(t, "reach", "✓ checkoutservice can, port 7070/TCP", "✓ frontend")
	if err := chromedp.Do(p.ctx, chromedp.SendKeys(chromedp.CSS("#panel .ask input"), "adservice"+kb.Enter)); err != nil {
		t.Fatal(err)
	}
	p.panelSays(t, "reach", "✕ adservice cannot, port 7070/TCP")
}

// panelSays opens a part of the panel and waits until it has all texts.
func (p *page) panelSays(t *testing.T, part string, texts ...string) {
	t.Helper()
	e := "document.querySelector('#panel ." + part + "')"
	p.await(t, e)
	p.do(t, "{ const part = "+e+"; if (part instanceof HTMLDetailsElement && !part.open) part.querySelector('summary').click() }")
	for _, text := range texts {
		p.await(t, e+"?.innerText.replace(/\\s+/g, ' ').includes("+quoted(text)+")")
	}
}

// testRights: who may read Microservices in one namespace alone sees that, and is told what else he may not see.
func (l *live) testRights(t *testing.T) {
	const hidden = "not-for-everyone"
	l.newNamespace(t, hidden)
	l.create(t, wrappers.MakeMicroservice(hidden, hidden))
	rules := rbacv1.PolicyRule{APIGroups: []string{"apps.microservice.dev"}, Resources: []string{"microservices"}, Verbs: []string{"get", "list", "watch"}}
	if err := cluster.Grant(t.Context(), l.kube, "viewer", shop, "viewer", rules); err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := l.server.KubeconfigFor("viewer")
	if err != nil {
		t.Fatal(err)
	}
	p := open(t, l.browser, serve(t, "--kubeconfig="+kubeconfig, "-n", shop), laptop)
	p.await(t, card(shop+"/"+broken))
	p.await(t, "document.querySelectorAll('#nodes > g').length === 12")
	p.await(t, "document.getElementById('namespace').disabled")
	if text := read[string](t, p, "document.documentElement.innerHTML"); strings.Contains(text, hidden) {
		t.Errorf("the page has %s:\n%s", hidden, text)
	}
	p.click(t, "#panel .trouble li button")
	p.panelSays(t, "why", "cartservice is not Ready: ImagePullFailed")
	p.panelSays(t, "pods", "Pod: cannot see: forbidden")
	p.panelSays(t, "objects", "Deployment: cannot see: forbidden")
	p.panelSays(t, "events", "Cannot see: forbidden")
	if code, said := run(t, "--kubeconfig="+kubeconfig, "-A"); code != 2 || !strings.Contains(said, "forbidden") {
		t.Errorf("ui -A of who may not list all namespaces: exit code %d, %q", code, said)
	}
	// The one who may sees it, so it is there to be seen.
	p = open(t, l.browser, l.serve(t, "-A"), laptop)
	p.await(t, card(hidden+"/"+hidden))
}
