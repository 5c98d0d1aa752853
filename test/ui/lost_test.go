package ui_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// wire leads to an address, and can be cut.
type wire struct {
	to, address string

	mu          sync.Mutex
	listener    net.Listener
	connections []net.Conn
}

// mend listens again, at the same address.
func (w *wire) mend(t *testing.T) {
	t.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	address := w.address
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	w.address, w.listener = l.Addr().String(), l
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			w.lead(from)
		}
	}()
}

func (w *wire) lead(from net.Conn) {
	to, err := net.Dial("tcp", w.to)
	if err != nil {
		_ = from.Close()
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.connections = append(w.connections, from, to)
	for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
		go func() {
			_, _ = io.Copy(ends[0], ends[1])
			_ = ends[0].Close()
		}()
	}
}

// cut ends all connections, and takes no more.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	_ = w.listener.Close()
	for _, c := range w.connections {
		_ = c.Close()
	}
	w.connections = nil
}

const banner = "document.getElementById('banner')"

// testLostCluster: when the API server does not answer, the page says so, and when it answers again shows what has happened meanwhile.
func (l *live) testLostCluster(t *testing.T) {
	const namespace = "far-away"
	l.newNamespace(t, namespace)
	ms := wrappers.MakeMicroservice(namespace, "web")
	l.create(t, ms)
	w := &wire{to: strings.Trim(strings.TrimPrefix(l.server.Config.Host, "https:"), "/")}
	w.mend(t)
	t.Cleanup(w.cut)
	address := serve(t, "--kubeconfig="+l.server.KubeconfigAt(t, "https://"+w.address), "-n", namespace)
	p := open(t, l.browser, address, laptop)
	p.await(t, card(namespace+"/web")+"?.classList.contains('unknown') && "+banner+".hidden")
	w.cut()
	p.await(t, "!"+banner+".hidden && "+banner+".textContent.startsWith('The cluster does not answer: ')")
	setReady(ms, false)
	l.status(t, ms)
	w.mend(t)
	p.await(t, banner+".hidden")
	p.await(t, card(namespace+"/web")+".classList.contains('notready')")
}

// testLostScript: a browser drops what it loads when a network interface comes or goes. Then the page says what to do.
func (l *live) testLostScript(t *testing.T) {
	p := newPage(t, l.browser, laptop)
	p.loseServer(true)
	err := chromedp.Do(p.ctx, chromedp.Func(func(ctx context.Context, _ *chromedp.Target) error {
		_, err := chromedp.Call(ctx, network.SetBlockedURLs, network.SetBlockedURLsParams{URLPatterns: []*network.BlockPattern{{URLPattern: "*://*:*/words.js", Block: true}}})
		return err
	}), chromedp.Navigate(l.serve(t, "-n", shop)))
	if err != nil {
		t.Fatal(err)
	}
	p.await(t, "document.body.innerText.includes('If nothing comes, load the page again.')")
}

// testLostCommand: when the command ends, the page says so, and keeps what it has.
func (l *live) testLostCommand(t *testing.T) {
	address, end := serveUntil(t, "--kubeconfig="+l.kubeconfig, "-n", shop)
	p := open(t, l.browser, address, laptop)
	p.await(t, card(shop+"/"+broken)+"?.classList.contains('notready') && "+banner+".hidden")
	p.loseServer(true)
	end()
	p.await(t, "!"+banner+".hidden && "+banner+".textContent.includes('does not answer')")
	p.await(t, card(shop+"/"+broken)+".classList.contains('notready')")
}
