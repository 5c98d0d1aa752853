package main

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestReadyGeneration(t *testing.T) {
	status := func(ready, observed any) *unstructured.Unstructured {
		condition := map[string]any{"type": "Ready", "status": ready}
		if observed != nil {
			condition["observedGeneration"] = observed
		}
		return &unstructured.Unstructured{Object: map[string]any{
			"metadata": map[string]any{"generation": int64(5)},
			"status":   map[string]any{"observedGeneration": int64(4), "conditions": []any{condition}},
		}}
	}
	for name, c := range map[string]struct {
		o    *unstructured.Unstructured
		want int64
	}{
		"the condition says which": {status("True", int64(3)), 3},
		"the status does":          {status("True", nil), 4},
		"not ready":                {status("False", int64(5)), 0},
		"nothing is said":          {&unstructured.Unstructured{Object: map[string]any{}}, 0},
	} {
		if got, _ := (*Ready)(nil).generation(c.o); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

// What a system file says of ready is found in a status of any shape.
func TestReadyElsewhere(t *testing.T) {
	object := &unstructured.Unstructured{Object: map[string]any{
		"metadata": map[string]any{"generation": int64(5)},
		"status": map[string]any{
			"phase": "Running", "up": true, "seen": int64(4), "at": "2026-01-01T00:00:01Z",
			"conditions": []any{map[string]any{"type": "Synced", "status": "True"}, map[string]any{"type": "Failed", "status": "False"}},
		},
	}}
	for name, c := range map[string]struct {
		ready Ready
		want  int64
		since string
	}{
		"a word":                      {ready: Ready{Path: "status.phase", Value: "Running"}, want: 5},
		"another word":                {ready: Ready{Path: "status.phase", Value: "Pending"}},
		"not a string":                {ready: Ready{Path: "status.up", Value: "true"}, want: 5},
		"nothing there":               {ready: Ready{Path: "status.state.name", Value: "Running"}},
		"a condition":                 {ready: Ready{Path: `status.conditions[?(@.type=="Synced")].status`, Value: "True"}, want: 5},
		"another condition":           {ready: Ready{Path: `status.conditions[?(@.type=="Failed")].status`, Value: "True"}},
		"of a generation":             {ready: Ready{Path: "status.phase", Value: "Running", Observed: "status.seen"}, want: 4},
		"of a generation not there":   {ready: Ready{Path: "status.phase", Value: "Running", Observed: "status.generation"}},
		"since a time":                {ready: Ready{Path: "status.phase", Value: "Running", Since: "status.at"}, want: 5, since: "2026-01-01T00:00:01Z"},
		"since a time that is no one": {ready: Ready{Path: "status.phase", Value: "Running", Since: "status.phase"}},
	} {
		got, since := c.ready.generation(object)
		if got != c.want || (c.since != "" && since.Format(time.RFC3339) != c.since) {
			t.Errorf("%s: %d since %s, want %d since %q", name, got, since, c.want, c.since)
		}
	}
}

// What is wrong is named, with its value and the cure.
func TestReadyIsValidated(t *testing.T) {
	for name, c := range map[string]struct {
		ready *Ready
		want  string
	}{
		"none":                 {nil, ""},
		"a path and a value":   {&Ready{Path: "status.phase", Value: "Running"}, ""},
		"no path":              {&Ready{Value: "Running"}, "ready.path is empty: name the field"},
		"no value":             {&Ready{Path: "status.phase"}, "ready.value is empty: give what status.phase says"},
		"with braces":          {&Ready{Path: "{.status.phase}", Value: "Running"}, `ready.path is "{.status.phase}", which is no JSONPath`},
		"a generation, broken": {&Ready{Path: "a", Value: "b", Observed: "status.seen["}, `ready.observed is "status.seen["`},
		"a time, broken":       {&Ready{Path: "a", Value: "b", Since: "status[?(at]"}, `ready.since is "status[?(at]"`},
	} {
		err := c.ready.validate()
		if (err == nil) != (c.want == "") || (err != nil && !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// A status that is older than a change is not an answer to it, though the object has its generation.
func TestReadySinceBeforeTheChange(t *testing.T) {
	object := func(generation int64, at time.Time) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{"status": map[string]any{"state": "Synced", "at": at.Format(time.RFC3339)}}}
		o.SetName("m")
		o.SetGeneration(generation)
		return o
	}
	tracker := newTracker(&Ready{Path: "status.state", Value: "Synced", Since: "status.at"}, nil)
	before := time.Now().Add(-time.Minute)
	tracker.expect(object(2, before))
	tracker.saw(object(2, before))
	tracker.changed(object(2, before))
	tracker.saw(object(2, before))
	if n := len(tracker.waiting()); n != 1 {
		t.Fatalf("%d are waited for while the status is that of before, want 1", n)
	}
	tracker.saw(object(2, time.Now()))
	if samples, _ := tracker.take(); len(samples) != 1 || len(tracker.waiting()) != 0 {
		t.Errorf("%d changes became ready, want 1", len(samples))
	}
}
