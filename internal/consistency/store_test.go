package consistency

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
)

var web = types.NamespacedName{Namespace: "shop", Name: "web"}

func object(name, version string) *metav1.ObjectMeta {
	return &metav1.ObjectMeta{Namespace: web.Namespace, Name: name, UID: types.UID("uid-" + name), ResourceVersion: version}
}

func TestBehind(t *testing.T) {
	going := object("web", "12")
	going.DeletionTimestamp = &metav1.Time{Time: time.Unix(1, 0)}
	another := object("web", "12")
	another.UID = "another"
	cases := map[string]struct {
		do   func(*Store)
		want bool
	}{
		"nothing was written":                   {func(*Store) {}, false},
		"a write without an event":              {func(s *Store) { s.WroteAt(web, "Service", "10") }, true},
		"its event":                             {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Observe("Service", object("web", "10"), false) }, false},
		"an older event":                        {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Observe("Service", object("web", "9"), false) }, true},
		"an event of another kind":              {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Observe("Deployment", object("web", "11"), false) }, true},
		"a later event of the same watch":       {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Observe("Service", object("api", "11"), false) }, false},
		"an event that came before the answer":  {func(s *Store) { s.Observe("Service", object("web", "10"), false); s.WroteAt(web, "Service", "10") }, false},
		"an event that said that it is deleted": {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Observe("Service", object("web", "11"), true) }, false},
		"one of two writes has its event": {func(s *Store) {
			s.WroteAt(web, "Service", "10")
			s.WroteAt(web, "Deployment", "11")
			s.Observe("Service", object("web", "10"), false)
		}, true},
		"versions of different length": {func(s *Store) { s.Observe("Service", object("web", "9"), false); s.WroteAt(web, "Service", "10") }, true},
		"a deletion without an event":  {func(s *Store) { s.Deleting(web, "Service", "uid-web") }, true},
		"a deletion and a change before it": {func(s *Store) {
			s.Deleting(web, "Service", "uid-web")
			s.Observe("Service", object("web", "12"), false)
		}, true},
		"a deletion with its event":             {func(s *Store) { s.Deleting(web, "Service", "uid-web"); s.Observe("Service", object("web", "12"), true) }, false},
		"a deletion that waits for a finalizer": {func(s *Store) { s.Deleting(web, "Service", "uid-web"); s.Observe("Service", going, false) }, false},
		"the deletion of another of the name":   {func(s *Store) { s.Deleting(web, "Service", "uid-web"); s.Observe("Service", another, true) }, true},
		"a deletion that failed":                {func(s *Store) { s.Deleting(web, "Service", "uid-web"); s.DeletionFailed(web, "Service") }, false},
		"a server that has the object older": {func(s *Store) {
			s.Observe("Service", object("web", "7"), false)
			s.WroteAt(web, "Service", "10")
			s.Read(web, "Service", "7")
		}, false},
		"a server that has the object newer": {func(s *Store) {
			s.WroteAt(web, "Service", "10")
			s.Read(web, "Service", "12")
			s.Observe("Service", object("web", "10"), false)
		}, true},
		"a deletion that the server did, and the watch did not tell": {func(s *Store) { s.Deleting(web, "Service", "uid-web"); s.Read(web, "Service", "12") }, true},
		"a look at what was not written":                             {func(s *Store) { s.Read(web, "Service", "10") }, false},
		"an owner that is gone":                                      {func(s *Store) { s.WroteAt(web, "Service", "10"); s.Forget(web) }, false},
		"a version that is not a number, waiting":                    {func(s *Store) { s.Observe("Service", object("web", "x"), false); s.WroteAt(web, "Service", "y") }, false},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			s := NewStore(clocktesting.NewFakePassiveClock(time.Unix(100, 0)))
			tc.do(s)
			if behind := s.BehindIn(web, "Service") || s.BehindIn(web, "Deployment"); behind != tc.want {
				t.Errorf("behind in a kind is %t, want %t", behind, tc.want)
			}
			if _, behind := s.Behind(web); behind != tc.want {
				t.Errorf("behind is %t, want %t", behind, tc.want)
			}
		})
	}
}

func TestOneKindIsBehindAndAnotherIsNot(t *testing.T) {
	s := NewStore(clocktesting.NewFakePassiveClock(time.Unix(100, 0)))
	s.WroteAt(web, "Service", "10")
	s.WroteAt(web, "Deployment", "11")
	s.Observe("Service", object("web", "10"), false)
	if s.BehindIn(web, "Service") || !s.BehindIn(web, "Deployment") {
		t.Error("want Deployment alone to be behind")
	}
}

// Each namespace may have a watch of its own, and one may be ahead of another.
func TestANamespaceThatIsAheadSaysNothingOfAnother(t *testing.T) {
	s := NewStore(clocktesting.NewFakePassiveClock(time.Unix(100, 0)))
	s.WroteAt(web, "Service", "10")
	ahead := object("web", "20")
	ahead.Namespace = "other"
	s.Observe("Service", ahead, false)
	if _, behind := s.Behind(web); !behind {
		t.Error("an event of another namespace counted")
	}
}

func TestBehindSinceTheFirstWrite(t *testing.T) {
	clock := clocktesting.NewFakePassiveClock(time.Unix(100, 0))
	s := NewStore(clock)
	s.WroteAt(web, "Service", "10")
	clock.SetTime(time.Unix(103, 0))
	s.WroteAt(web, "Service", "11")
	clock.SetTime(time.Unix(105, 0))
	if since, _ := s.Behind(web); since != 5*time.Second {
		t.Errorf("behind for %s, want 5s", since)
	}
	s.Observe("Service", object("web", "11"), false)
	s.WroteAt(web, "Service", "12")
	if since, behind := s.Behind(web); since != 0 || !behind {
		t.Errorf("behind is %t for %s, want a new count", behind, since)
	}
}

func TestObserveWakesWhoWaits(t *testing.T) {
	s := NewStore(clocktesting.NewFakePassiveClock(time.Unix(100, 0)))
	s.WroteAt(web, "Service", "10")
	if s.Observe("Service", object("web", "10"), false) {
		t.Error("nobody waited")
	}
	s.WroteAt(web, "Service", "11")
	s.WroteAt(web, "Deployment", "12")
	s.Behind(web)
	if s.Observe("Service", object("web", "11"), false) {
		t.Error("woken while the Deployment is behind")
	}
	if !s.Observe("Deployment", object("web", "12"), false) {
		t.Error("not woken")
	}
	if s.Observe("Deployment", object("web", "13"), false) {
		t.Error("woken twice")
	}
	if len(s.owners) > 0 {
		t.Errorf("%d owners are remembered", len(s.owners))
	}
}

// A write that failed may have been done, and a retry may come before its event.
func TestObserveWakesWhoseWriteFailed(t *testing.T) {
	s := NewStore(clocktesting.NewFakePassiveClock(time.Unix(100, 0)))
	s.WriteFailed(web, "Microservice", "10")
	if _, behind := s.Behind(web); behind {
		t.Error("it is behind, but there may be no event to wait for")
	}
	for what, told := range map[string]bool{
		"the version that was to be written": s.Observe("Microservice", object("web", "10"), false),
		"an older version, told late":        s.Observe("Microservice", object("web", "9"), false),
		"another object":                     s.Observe("Microservice", object("api", "11"), false),
		"another kind":                       s.Observe("Service", object("web", "11"), false),
	} {
		if told {
			t.Errorf("woken by %s", what)
		}
	}
	if !s.Observe("Microservice", object("web", "12"), false) {
		t.Error("not woken")
	}
	if s.Observe("Microservice", object("web", "13"), false) {
		t.Error("woken twice")
	}
	s.WriteFailed(web, "Microservice", "13")
	s.Forget(web)
	if len(s.failed) > 0 {
		t.Errorf("%d failed writes are remembered", len(s.failed))
	}
}
