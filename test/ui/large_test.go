package ui_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	pagecommands "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

const many = 1000

// crowd creates 1,000 Microservices with 2,000 dependencies in 4 namespaces, each with a status.
func (l *live) crowd(t *testing.T) []*v1alpha1.Microservice {
	t.Helper()
	const namespaces = 4
	for i := range namespaces {
		l.newNamespace(t, fmt.Sprintf("crowd-%d", i))
	}
	name := func(i int) string { return fmt.Sprintf("service-%03d", i/namespaces) }
	all := make([]*v1alpha1.Microservice, many)
	for i := range all {
		ms := wrappers.MakeMicroservice(fmt.Sprintf("crowd-%d", i%namespaces), name(i))
		// Each calls two of those before it, in its namespace but for one in twenty; the first ones call two after them.
		for k, back := range []int{1 + i%7, 9 + i%23} {
			to := i - namespaces*back
			if to < 0 {
				to = i + namespaces*(40+k)
			}
			d := v1alpha1.Dependency{Name: name(to)}
			if i%20 == 7 && k == 1 {
				d = v1alpha1.Dependency{Name: "elsewhere", Microservice: &v1alpha1.ObjectReference{Namespace: fmt.Sprintf("crowd-%d", (i+1)%namespaces), Name: name(to)}}
			}
			ms.Spec.Dependencies = append(ms.Spec.Dependencies, d)
		}
		all[i] = ms
	}
	var wg sync.WaitGroup
	failures := make([]error, many)
	turn := make(chan struct{}, 10)
	for i, ms := range all {
		wg.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			if failures[i] = l.kube.Create(t.Context(), ms); failures[i] != nil {
				return
			}
			setReady(ms, i%10 != 5) // a hundred are broken
			failures[i] = l.kube.Status().Update(t.Context(), ms)
		})
	}
	wg.Wait()
	if err := errors.Join(failures...); err != nil {
		t.Fatal(err)
	}
	return all
}

// cardsPainted has a page keep when so many cards were painted, in milliseconds since its beginning.
func cardsPainted(n int) string {
	return fmt.Sprintf(`
	(function look() {
		if (document.querySelectorAll('#nodes > g').length < %d) requestAnimationFrame(look);
		else setTimeout(() => (window.paintedAt = performance.now()));
	})();`, n)
}

// testLarge: 1,000 Microservices are shown as their namespaces, and painted within a second when one wants to see all of them.
func (l *live) testLarge(t *testing.T) {
	const times, bound = 5, time.Second
	l.crowd(t)
	p := open(t, l.browser, l.serve(t, "-A"), laptop)
	p.await(t, "document.querySelector('#nodes > g .name')?.textContent === 'crowd-0'")
	if cards := read[int](t, p, "document.querySelectorAll('#nodes > g').length"); cards > 20 {
		t.Errorf("it begins with %d cards, want the namespaces", cards)
	}
	p.await(t, "document.getElementById('focus').innerText.includes('are too many to read')")
	// The panel is drawn whenever something happens, so it does not list all that are broken.
	p.await(t, "document.querySelectorAll('#panel .trouble li').length === 50")
	p.await(t, "/^\\d+ more are in the table\\.$/.test(document.querySelector('#panel .trouble > div > p')?.textContent)")
	p.do(t, "[...document.querySelectorAll('#focus button')].find((b) => b.textContent === 'Draw all').click()")
	p.await(t, fmt.Sprintf("document.querySelectorAll('#nodes > g').length >= %d", many))
	total := read[int](t, p, "document.querySelectorAll('#nodes > g').length")

	if _, err := chromedp.Call(p.ctx, pagecommands.AddScriptToEvaluateOnNewDocument, pagecommands.AddScriptToEvaluateOnNewDocumentParams{Source: cardsPainted(total)}); err != nil {
		t.Fatal(err)
	}
	p.do(t, "void (location.hash += '&whole=true')")
	var took []time.Duration
	for range times {
		if err := chromedp.Do(p.ctx, chromedp.Reload()); err != nil {
			t.Fatal(err)
		}
		p.await(t, "window.paintedAt")
		took = append(took, time.Duration(read[float64](t, p, "window.paintedAt")*float64(time.Millisecond)).Round(time.Millisecond))
	}
	slices.Sort(took)
	t.Logf("%d cards and %d lines were painted within %v", total, read[int](t, p, "document.querySelectorAll('#edges > path').length"), took)
	if median := took[times/2]; *timed && median > bound {
		t.Errorf("half of the times it took %s and more, want less than %s", median, bound)
	}
}
