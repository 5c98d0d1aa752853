package faults

import (
	"context"
	"slices"
	"testing"
)

// TestLostStatus has the watch lose the event of a status, which the next change takes back (F07). The cache shows the
// status before, which is right again; the one that it was not told of must not stay.
func TestLostStatus(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, journey[0])
	s.Proxy.OnEvents(func(_ context.Context, e Told) int {
		if e.Resource == "microservices" && e.Name == "web" && e.Type != "BOOKMARK" {
			return 0
		}
		return 1
	})
	s.take(t, stepOf("withdraw consent"))
	s.Proxy.OnEvents(nil)
	s.take(t, stepOf("consent again"))
	s.rests(t)
}

// stepOf is the step of the journey with that name.
func stepOf(name string) step {
	return journey[slices.IndexFunc(journey, func(s step) bool { return s.name == name })]
}
