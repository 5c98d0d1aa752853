package apply_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// A Deployment that is as wanted: the same process asks again, and another one asks for the first time.
func BenchmarkInPlace(b *testing.B) {
	b.Run("remembered", func(b *testing.B) {
		look := deploymentInPlace(b)
		door := newApplier(admin)
		look(door)
		b.ReportAllocs()
		for b.Loop() {
			look(door)
		}
	})
	b.Run("after a restart", func(b *testing.B) {
		look := deploymentInPlace(b)
		b.ReportAllocs()
		for b.Loop() {
			look(newApplier(admin))
		}
	})
}

// Measured: 14, for the JSON of what is wanted and its hash.
const mostAllocationsInPlace = 17

func TestSeesAtLittleCostThatAllIsInPlace(t *testing.T) {
	look := deploymentInPlace(t)
	door := newApplier(admin)
	look(door)
	if n := testing.AllocsPerRun(100, func() { look(door) }); n > mostAllocationsInPlace {
		t.Errorf("%v allocations, want at most %d", n, mostAllocationsInPlace)
	}
}

// deploymentInPlace returns a function that applies a Deployment which is up to date.
func deploymentInPlace(t testing.TB) func(*apply.Applier) {
	owner := newOwner(t)
	in := desiredOf(owner)["Deployment"]
	mustSucceed(t, putDeployment(newApplier(admin), owner, in, nil))
	current := read[appsv1.Deployment](t, owner)
	return func(door *apply.Applier) {
		b := door.NewBatch(owner, false)
		apply.Apply(context.Background(), b, in, current)
		if len(b.Changes()) > 0 {
			t.Fatal("it is not in place")
		}
	}
}
