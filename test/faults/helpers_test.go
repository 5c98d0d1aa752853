package faults

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// full says that everything is to be tried, however long it takes.
func full() bool { return os.Getenv("FAULTS") == "full" }

// open starts the operator for one test.
func open(t *testing.T) *Run {
	t.Helper()
	return env.openFor(t, Options{})
}

func (l *Env) openFor(t *testing.T, o Options) *Run {
	t.Helper()
	s, err := l.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s
}

// ownEnv is a cluster that a test may break.
func ownEnv(t *testing.T) *Env {
	t.Helper()
	c := cluster.StartFor(t)
	ctx := context.WithoutCancel(t.Context())
	if err := c.StartControllers(ctx); err != nil {
		t.Fatal(err)
	}
	own, err := NewEnv(ctx, c, env.Program)
	if err != nil {
		t.Fatal(err)
	}
	return own
}

// take has users do steps, and waits after each until it has come to its end.
func (s *Run) take(t *testing.T, steps ...step) {
	t.Helper()
	for i := range steps {
		s.change(t, steps[i].do)
		s.arrive(t, &steps[i])
	}
}

// change has users do something, and waits for nothing.
func (s *Run) change(t *testing.T, do func(context.Context, client.Client, string) error) {
	t.Helper()
	if err := do(t.Context(), s.env.Kube, s.Namespace); err != nil {
		t.Fatal(err)
	}
}

// arrive waits until a step has come to its end.
func (s *Run) arrive(t *testing.T, at *step) {
	t.Helper()
	if _, problems := s.reach(t.Context(), at, anywhere); len(problems) > 0 {
		t.Fatalf("%s\n%s", strings.Join(problems, "\n"), s.Operator.Transcript())
	}
}

// until waits for something that has to come.
func (s *Run) until(t *testing.T, what string, is func() bool) {
	t.Helper()
	err := cluster.Eventually(t.Context(), stepTimeout, func() error {
		if !is() {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil {
		t.Fatalf("%s: %v\n%s", what, err, s.Operator.Transcript())
	}
}

// live is what is there.
func (s *Run) live(t *testing.T) map[string]*unstructured.Unstructured {
	t.Helper()
	live, err := s.History.Live()
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// report fails the test where there are problems, with what the operator said.
func (s *Run) report(t *testing.T, problems []string) {
	t.Helper()
	if len(problems) > 0 {
		t.Errorf("%s\nthe operator's words:\n%s", strings.Join(problems, "\n"), s.Operator.Transcript())
	}
}

// assertQuiet fails the test when the operator writes though everything is in place, or logs what it never must.
func (s *Run) assertQuiet(t *testing.T) {
	t.Helper()
	s.report(t, append(s.silence(t.Context(), lastQuiet), s.words()...))
}
