package ui

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Options say how the page is served.
type Options struct {
	// Port is that of 127.0.0.1, 0 for any that is free.
	Port int
	// IdleTimeout is how long to wait for a page to be open, 0 for ever.
	IdleTimeout time.Duration
	// Reader reads what belongs to one Microservice, with the rights of the user. It is nil for files.
	Reader client.Reader
	// Started is called with the address of the page when it can be opened.
	Started func(address string)
}

// server answers the page.
type server struct {
	system *System
	reader client.Reader
	idle   *idle
}

// Serve serves the page of a system until the context ends, or it has not been open for the idle timeout, which is no error.
func Serve(ctx context.Context, s *System, o Options) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)))
	if err != nil {
		return fmt.Errorf("listening on port %d: %w; choose another one with --port", o.Port, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	token := newToken()
	h := &http.Server{
		Handler:           guard(token, (&server{system: s, reader: o.Reader, idle: newIdle(o.IdleTimeout, cancel)}).routes()),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		<-ctx.Done()
		_ = h.Close() // nothing is lost: it only reads
	}()
	if o.Started != nil {
		o.Started(fmt.Sprintf("http://%s/#token=%s", listener.Addr(), token))
	}
	err = h.Serve(listener)
	cancel()
	<-ended
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serving the page: %w", err)
}

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", page())
	mux.Handle("GET /", static())
	mux.HandleFunc("GET /graph.css", graphStyle)
	mux.HandleFunc("GET /api/stream", s.stream)
	mux.HandleFunc("GET /api/details", s.details)
	mux.HandleFunc("GET /api/reach", s.reach)
	return mux
}
