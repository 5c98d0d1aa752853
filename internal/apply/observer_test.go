package apply_test

import (
	"context"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// Who waits for the caches must hear of each write, and of a deletion before its event can come.
func TestTellsTheObserverOfWrites(t *testing.T) {
	t.Parallel()
	door, owner, o := newApplier(admin), newOwner(t), &observer{}
	door.Observer = o
	expect := func(what string, want ...string) {
		t.Helper()
		if !slices.Equal(o.told, want) {
			t.Errorf("%s: told %q, want %q", what, o.told, want)
		}
		o.told = nil
	}
	remove := func(current *appsv1.Deployment) []apply.Change {
		b := door.NewBatch(owner, false)
		apply.Delete(context.Background(), b, current)
		return b.Changes()
	}

	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	created := read[appsv1.Deployment](t, owner)
	expect("created", "wrote Deployment "+created.ResourceVersion)
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	expect("the cache has not heard of the creation", "wrote Deployment "+created.ResourceVersion)
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), created))
	expect("in place")

	before := created.DeepCopy()
	edited := created.DeepCopy()
	edited.Labels["edited"] = "yes"
	mustDo(t, admin.Patch(context.Background(), edited, client.MergeFrom(before)))
	if changes := remove(before); len(changes) != 1 || changes[0].Err == nil {
		t.Errorf("changes are %+v, want a conflict", changes)
	}
	expect("it was edited meanwhile", "deleting Deployment "+string(created.UID), "deletion of Deployment failed")
	mustSucceed(t, remove(edited))
	expect("deleted", "deleting Deployment "+string(created.UID))
	mustSucceed(t, remove(edited))
	expect("it is gone already", "deleting Deployment "+string(created.UID), "deletion of Deployment failed")
}
