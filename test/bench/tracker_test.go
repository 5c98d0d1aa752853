package main

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// The tracker counts a change once, whether the watch or the answer is first, and a generation that is passed over.
func TestTracker(t *testing.T) {
	object := func(generation, ready int64) *unstructured.Unstructured {
		o := &unstructured.Unstructured{Object: map[string]any{}}
		o.SetNamespace("x")
		o.SetName("m")
		o.SetUID("1")
		o.SetGeneration(generation)
		if ready > 0 {
			_ = unstructured.SetNestedSlice(o.Object, []any{map[string]any{"type": "Ready", "status": "True", "observedGeneration": ready}}, "status", "conditions")
		}
		return o
	}
	for name, c := range map[string]struct {
		do             func(*tracker)
		samples, after int
		waiting        int
	}{
		"the answer is first": {func(t *tracker) {
			t.expect(object(1, 0))
			t.changed(object(1, 0))
			t.saw(object(1, 1))
			t.saw(object(1, 1))
		}, 1, 0, 0},
		"the watch is first": {func(t *tracker) { t.expect(object(1, 0)); t.saw(object(1, 1)); t.changed(object(1, 0)) }, 1, 0, 0},
		"not ready yet":      {func(t *tracker) { t.expect(object(1, 0)); t.changed(object(1, 0)) }, 0, 0, 1},
		"passed over": {func(t *tracker) {
			for g := range int64(3) {
				t.expect(object(g+1, 0))
				t.changed(object(g+1, 0))
			}
			t.saw(object(3, 3))
		}, 3, 2, 0},
		"a change that changes nothing": {func(t *tracker) {
			t.expect(object(1, 0))
			t.changed(object(1, 0))
			t.saw(object(1, 1))
			t.expect(object(1, 0))
			t.changed(object(1, 1))
		}, 1, 0, 0},
		"deleted": {func(t *tracker) { t.expect(object(1, 0)); t.changed(object(1, 0)); t.forget(object(1, 0)) }, 0, 0, 0},
	} {
		tracker := newTracker(nil, nil)
		c.do(tracker)
		waiting := len(tracker.waiting())
		samples, passed := tracker.take()
		if len(samples) != c.samples || passed != c.after || waiting != c.waiting {
			t.Errorf("%s: %d samples, %d passed over, %d waiting; want %d, %d, %d", name, len(samples), passed, waiting, c.samples, c.after, c.waiting)
		}
	}
}
