package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// pause is the least time between two messages of a stream. What happens meanwhile goes into the next one.
const pause = 100 * time.Millisecond

// tick is the time between two signs of life on a stream.
const tick = 15 * time.Second

// stream sends what happens, as server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), until the page goes.
func (s *server) stream(w http.ResponseWriter, r *http.Request) {
	selection, err := selectionOf(r.URL.Query(), s.system.scope)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	defer s.idle.enter()()
	changed, cancel := s.system.Subscribe()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	out := http.NewResponseController(w)
	projector := s.system.project(selection)
	alive := time.NewTicker(tick)
	defer alive.Stop()
	for {
		m, err := projector.next()
		if err == nil && m != nil {
			err = send(w, m)
		}
		if err != nil || out.Flush() != nil {
			return
		}
		select {
		case <-time.After(pause):
		case <-r.Context().Done():
			return
		}
		select {
		case <-changed:
		case <-alive.C:
			if _, err := fmt.Fprint(w, ": alive\n\n"); err != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func send(w http.ResponseWriter, m *message) error {
	raw, err := json.Marshal(m)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "data: %s\n\n", raw)
	return err
}
