package ui_test

import (
	"bytes"
	"context"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/microservice-dev/microservice-operator/internal/cli"
)

// serve runs `kubectl msvc ui` until the test is over, and returns the address that it prints.
func serve(t *testing.T, args ...string) string {
	t.Helper()
	address, _ := serveUntil(t, args...)
	return address
}

// serveUntil is the same, and returns what ends it earlier.
func serveUntil(t *testing.T, args ...string) (address string, end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background()) // t.Context() ends before the last check of the page
	out, in := io.Pipe()
	var said bytes.Buffer
	ended := make(chan int, 1)
	go func() {
		streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: in, ErrOut: &said}
		ended <- cli.Run(ctx, streams, append([]string{"kubectl-msvc", "ui", "--open=false"}, args...))
		_ = in.Close() // who reads it is told
	}()
	end = sync.OnceFunc(func() {
		cancel()
		if code := <-ended; code != 0 {
			t.Errorf("kubectl msvc ui %v: exit code %d, %s", args, code, said.String())
		}
	})
	t.Cleanup(end)
	address = addressIn(out)
	if address == "" {
		t.Fatalf("kubectl msvc ui %v printed no address", args)
	}
	go func() { _, _ = io.Copy(io.Discard, out) }() // or it would wait for who reads
	return address, end
}

var printed = regexp.MustCompile(`http://127\.0\.0\.1:\d+/#token=\w+`)

// addressIn reads until there is an address.
func addressIn(out io.Reader) string {
	var text bytes.Buffer
	for buffer := make([]byte, 1024); ; {
		n, err := out.Read(buffer)
		text.Write(buffer[:n])
		if found := printed.FindString(text.String()); found != "" || err != nil {
			return found
		}
	}
}

// run runs `kubectl msvc ui` where it ends by itself, and returns what it says on standard error.
func run(t *testing.T, args ...string) (code int, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var errors bytes.Buffer
	streams := genericiooptions.IOStreams{In: strings.NewReader(""), Out: io.Discard, ErrOut: &errors}
	code = cli.Run(ctx, streams, append([]string{"kubectl-msvc", "ui", "--open=false"}, args...))
	return code, errors.String()
}
