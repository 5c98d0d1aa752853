package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"sync"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// silent is for the HTTP server, which logs each connection that is cut.
var silent = log.New(io.Discard, "", 0)

// WatchEvent is one event of a watch.
type WatchEvent struct {
	// Resource is what is watched.
	Resource string
	// Type is ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.
	Type            string
	Namespace, Name string
	// Version is the resource version of the object.
	Version string
}

// EventFault says how often an event is told: 0 drops it, 2 repeats it. It may wait, and so hold the rest of the watch
// back, until the watch ends.
type EventFault func(ctx context.Context, e WatchEvent) int

// OnEvents has a fault decide about each event of a watch from now on.
func (p *Proxy) OnEvents(fault EventFault) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = fault
}

// Hold keeps the watches of a resource from telling anything until release is called.
func (p *Proxy) Hold(resource string) (release func()) {
	opened := make(chan struct{})
	p.OnEvents(func(ctx context.Context, e WatchEvent) int {
		if e.Resource == resource {
			select {
			case <-opened:
			case <-ctx.Done():
			}
		}
		return 1
	})
	return sync.OnceFunc(func() {
		p.OnEvents(nil)
		close(opened)
	})
}

// watching is a watch that goes on.
type watching struct {
	request cluster.Request
	cancel  context.CancelFunc
	// expired says that it ends with 410 Gone.
	expired bool
}

// CutWatches ends watches as a lost connection does.
func (p *Proxy) CutWatches(match Match) {
	p.end(match, false)
}

// ExpireWatches ends watches with 410 Gone, after which the operator has to list.
func (p *Proxy) ExpireWatches(match Match) {
	p.end(match, true)
}

func (p *Proxy) end(match Match, expired bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for w := range p.watches {
		if match(w.request) {
			w.expired = expired
			w.cancel()
		}
	}
}

// gone is what the API server says when it no longer knows the version that a watch starts at.
const gone = `{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","code":410,"reason":"Expired","message":"injected: too old resource version"}}` + "\n"

// stream passes a watch on, line by line. It ends with the connection, with the server's answer, or when it is cut.
func (p *Proxy) stream(x *Exchange) {
	ctx, cancel := context.WithCancel(x.Context())
	defer cancel()
	w := &watching{request: x.Request, cancel: cancel}
	p.mu.Lock()
	p.watches[w] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.watches, w)
	}()
	go func() {
		<-ctx.Done()
		_ = x.answer.Body.Close() // ends the read below
	}()
	flush(x.w)
	err := p.copyEvents(ctx, x)
	p.mu.Lock()
	expired := w.expired
	p.mu.Unlock()
	if expired {
		_, _ = io.WriteString(x.w, gone)
		flush(x.w)
		return
	}
	if !errors.Is(err, io.EOF) {
		panic(http.ErrAbortHandler)
	}
}

func (p *Proxy) copyEvents(ctx context.Context, x *Exchange) error {
	for lines := bufio.NewReaderSize(x.answer.Body, 1<<16); ; {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return err
		}
		for range p.tell(ctx, x.Resource, line) {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if _, err := x.w.Write(line); err != nil {
				return err
			}
			flush(x.w)
		}
	}
}

func (p *Proxy) tell(ctx context.Context, resource string, line []byte) int {
	p.mu.Lock()
	decide := p.events
	p.mu.Unlock()
	if decide == nil {
		return 1
	}
	var event struct {
		Type   string
		Object struct {
			Metadata struct{ Namespace, Name, ResourceVersion string }
		}
	}
	if err := json.Unmarshal(line, &event); err != nil {
		return 1
	}
	about := event.Object.Metadata
	return decide(ctx, WatchEvent{Resource: resource, Type: event.Type, Namespace: about.Namespace, Name: about.Name, Version: about.ResourceVersion})
}

func flush(w http.ResponseWriter) {
	if f, ok := w.(http.Flusher); ok {
		f.Flush()
	}
}
