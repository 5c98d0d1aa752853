package apply_test

import (
	"context"
	"errors"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// When a cache has not heard yet that the owner is gone, and has heard that its children are, they are not made again: the
// garbage collector would take them away, and they would come again, as long as the cache stands still.
func TestDoesNotMakeAgainWhatGoesWithItsOwner(t *testing.T) {
	t.Parallel()
	for _, gone := range []struct {
		name string
		do   func(t *testing.T, owner *corev1.ConfigMap)
	}{
		{"the owner is gone", func(t *testing.T, owner *corev1.ConfigMap) {
			mustDo(t, admin.Delete(context.Background(), owner))
		}},
		{"another has its name", func(t *testing.T, owner *corev1.ConfigMap) {
			mustDo(t, admin.Delete(context.Background(), owner.DeepCopy()))
			again := &corev1.ConfigMap{}
			again.Namespace, again.Name = owner.Namespace, owner.Name
			mustDo(t, admin.Create(context.Background(), again))
		}},
		{"the owner waits for its children to go", func(t *testing.T, owner *corev1.ConfigMap) {
			waiting := owner.DeepCopy()
			waiting.Finalizers = []string{"example.com/children"}
			mustDo(t, admin.Update(context.Background(), waiting))
			mustDo(t, admin.Delete(context.Background(), waiting))
		}},
	} {
		t.Run(gone.name, func(t *testing.T) {
			t.Parallel()
			door, owner := newApplier(admin), newOwner(t)
			mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
			mustDo(t, admin.Delete(context.Background(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: owner.Namespace, Name: owner.Name}}))
			stale := owner.DeepCopy()
			gone.do(t, owner)

			var ownerGone *apply.OwnerDeletedError
			changes := putDeployment(door, stale, desiredDeployment(stale), nil)
			if len(changes) != 1 || !errors.As(changes[0].Err, &ownerGone) || ownerGone.Name != owner.Name {
				t.Errorf("changes are %+v, want an *OwnerGoneError", changes)
			}
			if current := read[appsv1.Deployment](t, owner); current != nil {
				t.Errorf("it is made again: %+v", current.ObjectMeta)
			}
		})
	}
}

// A deleted child is created again after a read of its owner. A new child needs no such read.
func TestMakesAgainWhatSomebodyDeletes(t *testing.T) {
	t.Parallel()
	current := &counting{Reader: admin}
	door, owner := newApplier(admin), newOwner(t)
	door.APIReader = current
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	if current.gets != 0 {
		t.Errorf("the first time, it looks %d times", current.gets)
	}
	mustDo(t, admin.Delete(context.Background(), &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: owner.Namespace, Name: owner.Name}}))
	mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), nil))
	if current.gets != 1 || read[appsv1.Deployment](t, owner) == nil {
		t.Errorf("it does not come back, or needs %d looks", current.gets)
	}
}

// counting counts what is asked.
type counting struct {
	client.Reader
	gets int
}

func (c *counting) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	c.gets++
	return c.Reader.Get(ctx, key, o, options...)
}

func mustDo(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
