package ui_test

import (
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// focused is the expression of the ID of the card that has the focus.
const focused = "document.activeElement.dataset.id"

// testKeyboard goes through the page without a mouse.
func (l *live) testKeyboard(t *testing.T) {
	p := open(t, l.browser, l.serve(t, "-n", shop), laptop)
	p.await(t, card(shop+"/"+broken)+"?.classList.contains('notready')")
	for range 20 {
		if p.press(t, kb.Tab); read[bool](t, p, "document.getElementById('canvas').contains(document.activeElement)") {
			break
		}
	}
	isAt := func(name string) { t.Helper(); p.await(t, focused+" === "+quoted(shop+"/"+name)) }
	isAt("adservice") // the first one
	// Along dependencies: who calls it, who calls that, and back.
	p.press(t, kb.ArrowLeft)
	isAt("frontend")
	p.press(t, kb.ArrowLeft)
	isAt("loadgenerator")
	p.press(t, kb.ArrowLeft) // nobody calls it
	isAt("loadgenerator")
	p.press(t, kb.ArrowRight)
	isAt("frontend")
	p.press(t, kb.ArrowRight)
	to := read[string](t, p, focused)
	p.await(t, "[...document.querySelectorAll('#edges title')].some((e) => e.textContent.startsWith("+quoted(shop+"/frontend")+") && e.textContent.includes("+quoted(to)+"))")
	const place = "document.activeElement.getAttribute('transform').match(/[\\d.]+/g).map(Number)"
	before := read[[]float64](t, p, place)
	key := kb.ArrowDown
	if p.press(t, key); read[string](t, p, focused) == to { // it is the lowest one
		key = kb.ArrowUp
		p.press(t, key)
	}
	after := read[[]float64](t, p, place)
	if before[0] != after[0] || (after[1] > before[1]) != (key == kb.ArrowDown) || after[1] == before[1] {
		t.Errorf("from %v the arrow leads to %v, want one above or below", before, after)
	}

	// Enter tells about it, Esc closes, and the focus is where it was.
	here := read[string](t, p, focused)
	p.press(t, kb.Enter)
	p.await(t, quoted(shop)+" + '/' + document.querySelector('#panel h2').textContent === "+quoted(here))
	p.press(t, kb.Escape)
	p.await(t, "!document.querySelector('#panel .why')")
	p.await(t, focused+" === "+quoted(here))

	// Find one.
	p.press(t, "/")
	p.await(t, "document.activeElement.id === 'search'")
	p.press(t, "r", "e", "d", "i", "s")
	p.await(t, "document.querySelectorAll('#nodes .found').length === 1")
	p.press(t, kb.Enter)
	p.await(t, "document.querySelector('#panel h2').textContent === 'redis-cart'")
	isAt("redis-cart")
	p.press(t, "f")
	p.await(t, "document.querySelectorAll('#nodes > g').length === 2")
	p.await(t, card(shop+"/cartservice")+" && "+card(shop+"/redis-cart"))
	p.press(t, "f")
	p.await(t, "document.querySelectorAll('#nodes > g').length === 12")

	// Table, and back.
	p.press(t, "t")
	p.await(t, "document.getElementById('graph').hidden && document.querySelector('#table tbody tr') && !document.getElementById('table').hidden")
	p.press(t, "g")
	p.await(t, "document.getElementById('table').hidden && !document.getElementById('graph').hidden")
	p.press(t, "n")
	p.await(t, "document.querySelector('#panel h2').textContent === "+quoted(broken))
	p.press(t, "?")
	p.await(t, "document.getElementById('help').open")
	p.press(t, "t") // is not for the page behind it
	p.press(t, kb.Escape)
	p.await(t, "!document.getElementById('help').open && !document.getElementById('graph').hidden")
	p.await(t, "document.querySelector('#panel h2').textContent === "+quoted(broken))
}
