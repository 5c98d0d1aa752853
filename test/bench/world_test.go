package main

import (
	"strings"
	"testing"
)

// A cluster that does not start is an error, and what was begun is cleared away.
func TestClusterThatDoesNotStart(t *testing.T) {
	t.Setenv("KUBEBUILDER_ASSETS", t.TempDir())
	_, err := open(t.Context(), &System{Name: "a"}, worldOptions{})
	if err == nil || !strings.Contains(err.Error(), "make controlplane") {
		t.Errorf("%v, want that there are no programs", err)
	}
}
