package apply_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// countedDoor counts looks past the cache, and writes.
func countedDoor(t *testing.T) (door *apply.Door, live *counting, requests *int) {
	t.Helper()
	live, requests = &counting{Reader: admin}, new(int)
	door = newDoor(countingClient(t, requests))
	door.Live = live
	return door, live, requests
}

// A watch that has lost an event leaves the cache with what was there before. What was written is not written again, and
// what is wanted again, is.
func TestLooksPastACacheThatLostAnEvent(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door, live, requests := countedDoor(t)
	one := desiredDeployment(owner)
	two := desiredDeployment(owner).WithSpec(desiredDeployment(owner).Spec.WithMinReadySeconds(2))
	expect := func(what string, gets, writes int, minReadySeconds int32) {
		t.Helper()
		if live.gets != gets || *requests != writes {
			t.Errorf("%s: %d looks and %d writes, want %d and %d", what, live.gets, *requests, gets, writes)
		}
		if now := read[appsv1.Deployment](t, owner); now.Spec.MinReadySeconds != minReadySeconds {
			t.Errorf("%s: minReadySeconds is %d, want %d", what, now.Spec.MinReadySeconds, minReadySeconds)
		}
		live.gets, *requests = 0, 0
	}

	mustSucceed(t, putDeployment(door, owner, one, nil))
	expect("created", 0, 1, 0)
	mustSucceed(t, putDeployment(door, owner, one, nil))
	expect("the creation was not heard of", 1, 0, 0)
	old := read[appsv1.Deployment](t, owner)
	mustSucceed(t, putDeployment(door, owner, two, old))
	expect("changed", 0, 1, 2)
	mustSucceed(t, putDeployment(door, owner, two, old))
	expect("the change was not heard of", 1, 0, 2)
	mustSucceed(t, putDeployment(door, owner, one, old))
	expect("the change was not heard of, and is taken back", 1, 1, 0)
}

// What was made without the cache hearing of it goes when it is not wanted any more.
func TestRemovesWhatTheCacheNeverHeardOf(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door, live, requests := countedDoor(t)
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	for range 2 {
		b := door.Begin(owner, false)
		apply.Remove[appsv1.Deployment](context.Background(), b, nil)
		mustSucceed(t, b.Changes())
	}
	if read[appsv1.Deployment](t, owner) != nil || live.gets != 1 || *requests != 2 {
		t.Errorf("it is there still, or took %d looks and %d writes, want 1 and 2", live.gets, *requests)
	}
}

// A cluster that was restored has lower versions. They are believed after one look.
func TestBelievesAnOlderVersionOfTheServer(t *testing.T) {
	t.Parallel()
	live := &counting{Reader: admin}
	owner := newOwner(t)
	door := newDoor(admin)
	door.Live = restored{live}
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	past := read[appsv1.Deployment](t, owner)
	past.ResourceVersion = "1"
	for range 3 {
		if changes := putDeployment(door, owner, desiredDeployment(owner), past); len(changes) > 0 {
			t.Errorf("changes are %+v, want none", changes)
		}
	}
	if live.gets != 1 {
		t.Errorf("it looks %d times, want once", live.gets)
	}
}

// restored gives everything the first version.
type restored struct{ client.Reader }

func (r restored) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	err := r.Reader.Get(ctx, key, o, options...)
	o.SetResourceVersion("1")
	return err
}
