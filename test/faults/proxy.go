// Package faults disturbs the operator where it can be disturbed, and compares what comes out with an undisturbed run.
// The operator is a process of its own, with a proxy between it and a real API server; a recorder watches past the proxy.
package faults

import (
	"bytes"
	"context"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"k8s.io/client-go/rest"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// Proxy is the API server as one operator sees it. It speaks TLS and HTTP/1.1, so that each connection carries one
// request at a time and can be cut, and has the server answer in JSON, so that a line of a watch is one event. It sends
// with the identity of the config that it was made with.
type Proxy struct {
	writes, reads side
	server        *httptest.Server

	mu     sync.Mutex
	faults []*Injection
	// events decides about each event of a watch.
	events  EventFault
	watches map[*watching]struct{}
	sent    []Sent
	// open are the writes that are not answered yet.
	open int
}

// side is an API server, with the identity of the operator.
type side struct {
	target   *url.URL
	upstream http.RoundTripper
}

func sideOf(config *rest.Config) (side, error) {
	upstream, err := rest.TransportFor(config)
	if err != nil {
		return side{}, fmt.Errorf("creating the proxy's transport: %w", err)
	}
	target, err := url.Parse(config.Host)
	if err != nil {
		return side{}, fmt.Errorf("reading the API server's address: %w", err)
	}
	return side{target: target, upstream: upstream}, nil
}

// Sent is a request that reached the API server, or was answered in its place.
type Sent struct {
	cluster.Request
	At time.Time
}

// Match reports whether a fault concerns a request.
type Match func(cluster.Request) bool

// Fault decides what becomes of a request.
type Fault func(*Exchange)

// Injection is a fault that waits for its requests.
type Injection struct {
	match Match
	fault Fault
	// skip requests that match pass, then times do not.
	skip, times int
	hits        int
}

// StartProxy starts a proxy that passes everything on.
func StartProxy(config *rest.Config) (*Proxy, error) {
	both, err := sideOf(config)
	if err != nil {
		return nil, err
	}
	p := &Proxy{writes: both, reads: both, watches: map[*watching]struct{}{}}
	p.server = httptest.NewUnstartedServer(p)
	p.server.Config.ErrorLog = silent
	p.server.StartTLS()
	return p, nil
}

// ReadFrom has another API server answer what only reads. Watches that go on are cut.
func (p *Proxy) ReadFrom(config *rest.Config) error {
	other, err := sideOf(config)
	if err != nil {
		return err
	}
	p.mu.Lock()
	p.reads = other
	p.mu.Unlock()
	p.CutWatches(func(cluster.Request) bool { return true })
	return nil
}

func (p *Proxy) sideFor(method string) side {
	p.mu.Lock()
	defer p.mu.Unlock()
	if method == http.MethodGet {
		return p.reads
	}
	return p.writes
}

// Stop cuts all connections.
func (p *Proxy) Stop() {
	p.CutWatches(func(cluster.Request) bool { return true })
	p.server.CloseClientConnections()
	p.server.Close()
}

// WriteKubeconfig writes a kubeconfig that leads to the proxy.
func (p *Proxy) WriteKubeconfig(path string) error {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.server.Certificate().Raw})
	return cluster.WriteKubeconfig(path, &rest.Config{Host: p.server.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca}})
}

// Inject has a fault decide about requests that match: the first skip pass, and then times do not.
func (p *Proxy) Inject(match Match, skip, times int, fault Fault) *Injection {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := &Injection{match: match, skip: skip, times: times, fault: fault}
	p.faults = append(p.faults, i)
	return i
}

// Lift ends all faults, of events too. What hangs goes on hanging.
func (p *Proxy) Lift() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.events = nil, nil
}

// Hits is how often a fault decided.
func (p *Proxy) Hits(i *Injection) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return i.hits
}

// Sent are the requests that match, in the order of their answers. Watches are noted when they begin.
func (p *Proxy) Sent(match Match) []Sent {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []Sent
	for _, s := range p.sent {
		if match(s.Request) {
			all = append(all, s)
		}
	}
	return all
}

// ServeHTTP passes a request on, or has a fault decide about it.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, err := io.ReadAll(q.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	x := &Exchange{Request: cluster.ParseRequest(q, body), proxy: p, w: w, q: q, body: body}
	if x.Writes() {
		p.count(1)
		defer p.count(-1)
	}
	if fault := p.faultFor(x.Request); fault != nil {
		fault(x)
	}
	x.finish()
}

func (p *Proxy) count(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open += n
}

// Open are the writes that are not answered yet.
func (p *Proxy) Open() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.open
}

func (p *Proxy) faultFor(r cluster.Request) Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, i := range p.faults {
		if i.hits >= i.times || !i.match(r) {
			continue
		}
		if i.skip > 0 {
			i.skip--
			continue
		}
		i.hits++
		return i.fault
	}
	return nil
}

// Exchange is one request and its answer.
type Exchange struct {
	cluster.Request

	proxy    *Proxy
	w        http.ResponseWriter
	q        *http.Request
	body     []byte
	answer   *http.Response
	answered bool
}

// Send has the API server do it, once, and keeps the answer. The connection is cut when there is none.
func (x *Exchange) Send() {
	if x.answer != nil {
		return
	}
	out := x.q.Clone(x.q.Context())
	out.RequestURI, out.Host = "", ""
	to := x.proxy.sideFor(x.q.Method)
	out.URL.Scheme, out.URL.Host = to.target.Scheme, to.target.Host
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(x.body)), int64(len(x.body))
	out.Header.Set("Accept", inJSON(out.Header.Get("Accept")))
	out.Header.Del("Connection")
	answer, err := to.upstream.RoundTrip(out)
	if err != nil {
		x.Cut()
	}
	x.answer, x.Code = answer, answer.StatusCode
	x.note()
}

func (x *Exchange) note() {
	x.proxy.mu.Lock()
	defer x.proxy.mu.Unlock()
	x.proxy.sent = append(x.proxy.sent, Sent{Request: x.Request, At: time.Now()})
}

// inJSON leaves out of an Accept header what is not JSON.
func inJSON(accept string) string {
	kept := slices.DeleteFunc(strings.Split(accept, ","), func(one string) bool { return !strings.Contains(one, "json") })
	if len(kept) == 0 {
		return "application/json"
	}
	return strings.Join(kept, ",")
}

// Cut ends the connection without an answer. It does not return.
func (x *Exchange) Cut() {
	if x.answer != nil {
		_ = x.answer.Body.Close()
	}
	panic(http.ErrAbortHandler)
}

// Refuse answers in the API server's place. It says when to come back, where that is not 0.
func (x *Exchange) Refuse(code int, reason string, after time.Duration) {
	if after > 0 {
		x.w.Header().Set("Retry-After", fmt.Sprint(int(after.Seconds())))
	}
	x.w.Header().Set("Content-Type", "application/json")
	x.w.WriteHeader(code)
	_, _ = fmt.Fprintf(x.w, `{"kind":"Status","apiVersion":"v1","status":"Failure","code":%d,"reason":%q,"message":"injected: %s"}`, code, reason, reason)
	x.answered = true
	x.Code = code
	x.note()
}

// Context ends with the connection.
func (x *Exchange) Context() context.Context { return x.q.Context() }

// finish gives the operator the server's answer, unless it has one.
func (x *Exchange) finish() {
	if x.answered {
		return
	}
	x.Send()
	defer func() { _ = x.answer.Body.Close() }()
	for key, values := range x.answer.Header {
		x.w.Header()[key] = values
	}
	x.w.WriteHeader(x.answer.StatusCode)
	if x.Verb == "watch" && x.Code == http.StatusOK {
		x.proxy.stream(x)
		return
	}
	if _, err := io.Copy(x.w, x.answer.Body); err != nil {
		panic(http.ErrAbortHandler)
	}
}
