package apply_test

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// contestant is a applier with a clock that stands, and somebody who changes the size through the scale subresource.
type contestant struct {
	t     *testing.T
	owner client.Object
	clock *clocktesting.FakePassiveClock
	door  *apply.Applier
}

func newContestant(t *testing.T) *contestant {
	c := &contestant{t: t, owner: newOwner(t), clock: clocktesting.NewFakePassiveClock(time.Now()), door: newApplier(admin)}
	c.door.Clock = c.clock
	if err := c.put(); err != nil {
		t.Fatal(err)
	}
	return c
}

// put gives what went wrong.
func (c *contestant) put() error {
	c.t.Helper()
	var all error
	for _, change := range putDeployment(c.door, c.owner, desiredOf(c.owner)["Deployment"], read[appsv1.Deployment](c.t, c.owner)) {
		all = errors.Join(all, change.Err)
	}
	return all
}

func (c *contestant) scales() {
	c.t.Helper()
	a := read[appsv1.Deployment](c.t, c.owner)
	body := client.RawPatch(types.MergePatchType, []byte(`{"spec":{"replicas":5}}`))
	if err := admin.SubResource("scale").Patch(context.Background(), a, body, client.FieldOwner("kube-controller-manager")); err != nil {
		c.t.Fatal(err)
	}
}

func (c *contestant) size() int32 { return *read[appsv1.Deployment](c.t, c.owner).Spec.Replicas }

func (c *contestant) waits(a time.Duration) { c.clock.SetTime(c.clock.Now().Add(a)) }

// TestAContestIsSlow has somebody change the size each time it is restored: three restorations are at once, then there are
// pauses, it is told who it is, and that stays the same when all is in place for a moment. When the other one stops, so does the error.
func TestAContestIsSlow(t *testing.T) {
	t.Parallel()
	c := newContestant(t)
	for range 3 {
		c.scales()
		if err := c.put(); err != nil || c.size() != 2 {
			t.Fatalf("a restoration at once: %v, size %d", err, c.size())
		}
		if err := c.put(); err != nil {
			t.Fatalf("in place: %v", err)
		}
	}
	var said string
	for _, pause := range []time.Duration{15 * time.Second, 30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		c.scales()
		var contested *apply.ContestedError
		if err := c.put(); !errors.As(err, &contested) || c.size() != 5 || contested.Retry != pause {
			t.Fatalf("want a pause of %s, got %+v, size %d", pause, err, c.size())
		}
		if contested.Field != "spec.replicas" || len(contested.Managers) != 1 || contested.Managers[0] != "kube-controller-manager (scale)" {
			t.Errorf("it is told of %+v", contested)
		}
		if said == "" {
			said = contested.Error()
		}
		c.waits(pause)
		for _, when := range []string{"when it is restored", "when it is in place for a moment"} {
			if err := c.put(); err == nil || err.Error() != said || c.size() != 2 {
				t.Errorf("%s: want the same words as before, got %v, size %d", when, err, c.size())
			}
		}
	}
	c.waits(10 * time.Minute)
	if err := c.put(); err != nil {
		t.Errorf("the other one has stopped: %v", err)
	}
	c.scales()
	if err := c.put(); err != nil || c.size() != 2 {
		t.Errorf("a new change is restored at once: %v, size %d", err, c.size())
	}
}

// Changes of different fields, and of a intent, are no contest.
func TestDriftOfManyFieldsIsNoContest(t *testing.T) {
	t.Parallel()
	c := newContestant(t)
	for range 4 {
		for _, patch := range []string{`{"spec":{"replicas":5}}`, `{"spec":{"template":{"spec":{"enableServiceLinks":true}}}}`} {
			by(t, "kubectl-edit", c.owner, patch)
			if err := c.put(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
