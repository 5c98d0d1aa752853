package restarts

import (
	"fmt"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/sets"
	testclock "k8s.io/utils/clock/testing"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

var (
	web = dependency.Key{Namespace: "shop", Name: "web"}
	hub = dependency.Target{Kind: dependency.Microservice, Key: dependency.Key{Namespace: "shop", Name: "hub"}}
)

func newGate(limit int) (*Gate, *testclock.FakePassiveClock) {
	clock := testclock.NewFakePassiveClock(time.Unix(1_000_000, 0))
	return NewGate(limit, clock), clock
}

func advance(clock *testclock.FakePassiveClock, d time.Duration) {
	clock.SetTime(clock.Now().Add(d))
}

func nobody(dependency.Target) (sets.Set[dependency.Key], error) {
	return sets.New[dependency.Key](), nil
}

func TestSettleWaitsUntilNoAddressHasChanged(t *testing.T) {
	gate, clock := newGate(0)
	one, two := dependency.Addresses{"a": "http://a.shop.svc:80"}, dependency.Addresses{"a": "http://a.shop.svc:80", "b": "http://b.shop.svc:80"}
	steps := []struct {
		what    string
		after   time.Duration
		wanted  dependency.Addresses
		changed time.Duration // ago; 0 is never
		want    time.Duration
	}{
		{"the first look", 0, one, 0, Quiet},
		{"half of the time", time.Second, one, 0, Quiet - time.Second},
		{"another address begins anew", 0, two, 0, Quiet},
		{"so does an address of the neighbourhood", Quiet, two, 500 * time.Millisecond, Quiet - 500*time.Millisecond},
		{"it is quiet", Quiet, two, Quiet, 0},
		{"and stays so", 0, two, time.Hour, 0},
	}
	for _, s := range steps {
		advance(clock, s.after)
		changed := time.Time{}
		if s.changed != 0 {
			changed = clock.Now().Add(-s.changed)
		}
		if got := gate.Settle(web, s.wanted, changed); got.For != s.want || (got.Reason == "") != (got.For == 0) {
			t.Errorf("%s: waits for %s (%q), want %s", s.what, got.For, got.Reason, s.want)
		}
	}
}

// Where something comes at any time, a start would never begin.
func TestSettleEndsWhereItIsNeverQuiet(t *testing.T) {
	gate, clock := newGate(0)
	began := clock.Now()
	for i := 0; ; i++ {
		wait := gate.Settle(web, dependency.Addresses{"a": fmt.Sprint(i)}, clock.Now())
		if wait.For == 0 {
			break
		}
		advance(clock, min(wait.For, time.Second))
	}
	if waited := clock.Since(began); waited != maxSettling {
		t.Errorf("waited for %s, want %s", waited, maxSettling)
	}
}

func TestTurnLetsSoManyRestartAtOnce(t *testing.T) {
	gate, _ := newGate(10)
	restarting := sets.New[dependency.Key]()
	ask := func(i int) time.Duration {
		t.Helper()
		key := dependency.Key{Namespace: "shop", Name: fmt.Sprint(i)}
		gate.Observe(key, []dependency.Target{hub})
		wait, err := gate.Turn(key, []dependency.Target{hub}, func(dependency.Target) (sets.Set[dependency.Key], error) {
			return restarting.Clone(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return wait.For
	}
	for i := range 3 { // these restart already
		restarting.Insert(dependency.Key{Namespace: "shop", Name: fmt.Sprint("r", i)})
	}
	granted := 0
	for i := range 200 {
		if ask(i) == 0 {
			granted++
		}
	}
	if granted != 7 {
		t.Errorf("%d have been let through beside 3, want 7", granted)
	}
	if ask(0) != 0 {
		t.Error("whoever has been let through has to wait for itself")
	}
	gate.Observe(dependency.Key{Namespace: "shop", Name: "0"}, nil) // it is restarted, and done
	if ask(100) != 0 {
		t.Error("the next one is not let through when one is done")
	}
	if ask(101) != turnInterval {
		t.Error("two are let through when one is done")
	}
}

func TestTurnHasNoLimitAtZero(t *testing.T) {
	gate, _ := newGate(0)
	for i := range 200 {
		wait, err := gate.Turn(dependency.Key{Name: fmt.Sprint(i)}, []dependency.Target{hub}, nobody)
		if err != nil || wait.For != 0 {
			t.Fatalf("waits for %s, %v", wait.For, err)
		}
	}
}

// The port changes every second for a day, as fast as it is taken.
func TestWhoFlapsAPortRestartsLessAndLessOften(t *testing.T) {
	gate, clock := newGate(10)
	began, last := clock.Now(), clock.Now()
	var gaps []time.Duration
	for clock.Since(began) < 24*time.Hour {
		wait, err := gate.Turn(web, []dependency.Target{hub}, nobody)
		if err != nil {
			t.Fatal(err)
		}
		if wait.For == 0 {
			gaps, last = append(gaps, clock.Since(last)), clock.Now()
			gate.Observe(web, nil) // restarted
		}
		advance(clock, max(wait.For, time.Second))
	}
	want := []time.Duration{0, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 10 * time.Minute, 10 * time.Minute}
	if fmt.Sprint(gaps[:len(want)]) != fmt.Sprint(want) {
		t.Errorf("restarts %v after each other, want %v and so on", gaps[:len(want)], want)
	}
	if last := gaps[len(gaps)-1]; last != maxBackoff {
		t.Errorf("the last two restarts are %s apart, want %s", last, maxBackoff)
	}
}

func TestBackoffForgives(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	b := backoff{}.next(now).next(now.Add(time.Minute))
	if b.delay != 2*firstBackoff {
		t.Fatalf("the second delay is %s", b.delay)
	}
	if b = b.next(now.Add(time.Minute + 2*maxBackoff + 1)); b.delay != firstBackoff {
		t.Errorf("the delay after a long time is %s, want %s", b.delay, firstBackoff)
	}
}

// A write that fails is no restart.
func TestATurnThatWasNotTakenCostsNothing(t *testing.T) {
	gate, _ := newGate(10)
	for range 5 {
		if wait, err := gate.Turn(web, []dependency.Target{hub}, nobody); err != nil || wait.For != 0 {
			t.Fatalf("waits for %s, %v", wait.For, err)
		}
		gate.Observe(web, []dependency.Target{hub})
	}
	if len(gate.backoffs[web]) != 0 {
		t.Errorf("remembers %v", gate.backoffs[web])
	}
}

func TestForgetLeavesNothing(t *testing.T) {
	gate, _ := newGate(10)
	gate.Settle(web, nil, time.Time{})
	if _, err := gate.Turn(web, []dependency.Target{hub}, nobody); err != nil {
		t.Fatal(err)
	}
	gate.Observe(web, nil)
	if _, err := gate.Turn(web, nil, nobody); err != nil {
		t.Fatal(err)
	}
	gate.Forget(web)
	if len(gate.turns)+len(gate.backoffs) != 0 {
		t.Errorf("%v and %v are left", gate.turns, gate.backoffs)
	}
}
