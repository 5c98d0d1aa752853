package unchanged

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/types"
	testclock "k8s.io/utils/clock/testing"
)

func TestSince(t *testing.T) {
	clock := testclock.NewFakePassiveClock(time.Unix(1_000_000, 0))
	key, s := types.NamespacedName{Name: "web"}, New[string](clock)
	pass := func(d time.Duration) { clock.SetTime(clock.Now().Add(d)) }
	want := func(what string, got, want time.Duration) {
		t.Helper()
		if got != want {
			t.Errorf("%s: unchanged for %s, want %s", what, got, want)
		}
	}
	want("the first value", s.Observe(key, "a"), 0)
	pass(time.Second)
	want("the same", s.Observe(key, "a"), time.Second)
	want("the same, whatever others know", s.ObserveFrom(key, "a", clock.Now().Add(-time.Hour)), time.Second)
	want("another", s.ObserveFrom(key, "b", clock.Now().Add(-time.Hour)), 0)
	pass(time.Second)
	if got, found := s.For(key); got != time.Second || !found {
		t.Errorf("unchanged for %s, %t", got, found)
	}
	s.Forget(key)
	if _, found := s.For(key); found {
		t.Error("what is forgotten is found")
	}
	want("the first value, known to others", s.ObserveFrom(key, "c", clock.Now().Add(-time.Minute)), time.Minute)
	s.Forget(key)
	want("the first value, not known to others", s.ObserveFrom(key, "c", time.Time{}), 0)
	s.Forget(key)
	want("a clock that is ahead", s.ObserveFrom(key, "c", clock.Now().Add(time.Minute)), 0)
}
