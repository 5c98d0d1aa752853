package ui_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is longer than any busy machine needs.
const patience = time.Minute

// startBrowser starts a Chromium that has not been used before.
func startBrowser(t *testing.T) context.Context {
	t.Helper()
	program, err := chromium()
	if err != nil {
		t.Fatal(err)
	}
	ctx, end := chromedp.NewExecAllocator(context.Background(), append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(program))...)
	t.Cleanup(end)
	ctx, cancel := chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatal(err)
	}
	return ctx
}

func chromium() (string, error) {
	if program := os.Getenv("CHROMIUM"); program != "" {
		return program, nil
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if program, err := exec.LookPath(name); err == nil {
			return program, nil
		}
	}
	return "", errors.New("there is no Chromium: run `apt-get install chromium`, or set CHROMIUM to the path of one")
}

// page is a tab with nothing kept from other tabs.
type page struct {
	ctx context.Context

	mu sync.Mutex
	// asked are the addresses of all requests, and said is what a developer would see in red.
	asked, said []string
	// lostServer is set while the server is meant not to answer, which the browser complains of.
	lostServer bool
}

// device is what a page is seen on.
type device struct {
	width, height int64
	dark          bool
	scale         float64
}

var laptop = device{width: 1280, height: 800}

// open opens an address. When the test is over it fails if the page has asked another host, or has complained.
func open(t *testing.T, browser context.Context, address string, on device) *page {
	t.Helper()
	p := newPage(t, browser, on)
	if err := chromedp.Do(p.ctx, chromedp.Navigate(address)); err != nil {
		t.Fatal(err)
	}
	return p
}

// newPage opens an empty tab, with the same promise.
func newPage(t *testing.T, browser context.Context, on device) *page {
	t.Helper()
	p := &page{}
	ctx, cancel := chromedp.NewContext(browser, chromedp.WithNewBrowserContext(), chromedp.WithListener(p.listen))
	p.ctx = ctx
	t.Cleanup(cancel)
	scheme := "light"
	if on.dark {
		scheme = "dark"
	}
	err := chromedp.Do(ctx,
		chromedp.EmulateViewport(on.width, on.height, chromedp.EmulateScale(max(on.scale, 1))),
		chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
			_, err := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
				{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
			}})
			return err
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.check(t) })
	return p
}

// listen keeps what the browser tells of a page.
func (p *page) listen(event any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		p.asked = append(p.asked, e.Request.URL)
	case *runtime.EventExceptionThrown:
		p.said = append(p.said, e.ExceptionDetails.Text+" "+describe(e.ExceptionDetails.Exception))
	case *runtime.EventConsoleAPICalled:
		if e.Type == runtime.ConsoleAPICalledTypeError || e.Type == runtime.ConsoleAPICalledTypeWarning {
			p.said = append(p.said, fmt.Sprintf("console.%s: %s", e.Type, describe(e.Args...)))
		}
	case *log.EventEntryAdded:
		if e.Entry.Level == log.EntryLevelError || e.Entry.Level == log.EntryLevelWarning {
			p.complain(e.Entry)
		}
	}
}

func (p *page) complain(e *log.Entry) {
	if p.lostServer && e.Source == log.EntrySourceNetwork {
		return
	}
	p.said = append(p.said, fmt.Sprintf("%s %s: %s %s", e.Source, e.Level, e.Text, e.URL))
}

func describe(objects ...*runtime.RemoteObject) string {
	var all []string
	for _, o := range objects {
		if o != nil {
			all = append(all, o.Description+string(o.Value))
		}
	}
	return strings.Join(all, " ")
}

// check fails the test if the page has asked another host, or has complained.
func (p *page) check(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, asked := range p.asked {
		if u, err := url.Parse(asked); err != nil || !slices.Contains([]string{"127.0.0.1", ""}, u.Hostname()) || !slices.Contains([]string{"http", "file", "data"}, u.Scheme) {
			t.Errorf("the page asked %s", asked)
		}
	}
	for _, said := range p.said {
		t.Errorf("the page complained: %s", said)
	}
}

// requests are the addresses that the page has asked, but for data in the page itself.
func (p *page) requests() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.asked), func(u string) bool { return strings.HasPrefix(u, "data:") })
}

// loseServer sets whether the server is meant not to answer.
func (p *page) loseServer(lost bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lostServer = lost
}

// read evaluates a JavaScript expression, whose promise is awaited.
func read[T any](t *testing.T, p *page, expression string) T {
	t.Helper()
	value, err := chromedp.Run(p.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: %v", expression, err)
	}
	return value
}

// do runs JavaScript.
func (p *page) do(t *testing.T, statement string) {
	t.Helper()
	read[chromedp.Void](t, p, statement)
}

// await waits until an expression is true. It does not use chromedp.Poll, which the page's policy forbids.
func (p *page) await(t *testing.T, expression string) {
	t.Helper()
	for deadline := time.Now().Add(patience); !read[bool](t, p, "!!("+expression+")"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s\nthe page: %s", expression, read[string](t, p, "document.body.innerText"))
		}
	}
}

// press presses keys, one after the other.
func (p *page) press(t *testing.T, keys ...string) {
	t.Helper()
	for _, key := range keys {
		if err := chromedp.Do(p.ctx, chromedp.KeyEvent(key)); err != nil {
			t.Fatal(err)
		}
	}
}

// click clicks an element.
func (p *page) click(t *testing.T, selector string) {
	t.Helper()
	if err := chromedp.Do(p.ctx, chromedp.Click(chromedp.CSS(selector))); err != nil {
		t.Fatalf("clicking %s: %v", selector, err)
	}
}

// quoted is a string as JavaScript.
func quoted(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // it is a string
	}
	return string(raw)
}

// card is the expression of the card of a node.
func card(id string) string { return "document.querySelector('[data-id=" + quoted(id) + "]')" }
