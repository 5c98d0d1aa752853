// Package apply is the one door through which children are written and deleted. It knows server-side apply and
// ownership, and not what a Microservice is.
package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Door writes children for all owners. It is safe for concurrent use.
type Door struct {
	// Client writes. Its reads are not used.
	Client client.Client
	// Live reads from the API server, past every cache. It is asked only after a refusal, and before a child that was there
	// is made again.
	Live client.Reader
	// Observer is told of every write.
	Observer Observer
	// Clock tells how long ago a field was restored.
	Clock clock.PassiveClock
	// FieldOwner is the field manager of every write.
	FieldOwner string
	// Annotation is the key under which a child carries the hash of what was last asked for.
	Annotation string

	memory memory
}

// Observer is told of writes, so that somebody can wait until the caches have them.
type Observer interface {
	// WroteAt is called with the resource version in the answer to a write.
	WroteAt(owner types.NamespacedName, kind, resourceVersion string)
	// Deleting is called before an object is deleted, and DeletionFailed when it was not.
	Deleting(owner types.NamespacedName, kind string, uid types.UID)
	DeletionFailed(owner types.NamespacedName, kind string)
}

// Begin opens a batch of writes for one owner, which must have its UID. A paused batch sends nothing and notes what it
// would have sent.
func (d *Door) Begin(owner client.Object, paused bool) *Batch {
	return &Batch{door: d, owner: owner, paused: paused}
}

// Forget drops what is remembered of an owner and its children. They share its namespace and name.
func (d *Door) Forget(owner types.NamespacedName) {
	d.memory.forget(owner)
}

// Object is a pointer to the Go type of a child.
type Object[T any] interface {
	*T
	client.Object
}

// Put makes the child as desired, an apply configuration with a controller reference to the owner. live is what the
// cache holds, nil for nothing; it is not changed. Put returns what is there now: the server's answer, or live where
// nothing was sent or the server refused. A failure is in the batch's changes.
func Put[T any, P Object[T]](ctx context.Context, b *Batch, desired any, live P, options ...Option) P {
	kind := reflect.TypeFor[T]().Name()
	wish, err := newWish(kind, client.ObjectKeyFromObject(b.owner), desired, options)
	if err != nil {
		b.note(ctx, Update, kind, err)
		return live
	}
	plan := b.plan(wish, live, live != nil)
	restored, err := b.contest(ctx, wish, plan, live)
	if err != nil {
		b.note(ctx, Update, kind, err)
		return live
	}
	if plan.inPlace() {
		return live
	}
	if plan.verb == Create && !b.paused && b.door.memory.knows(wish.key, kind) {
		plan.err = b.ownerLives(ctx)
	}
	if plan.err != nil || b.paused {
		b.note(ctx, plan.verb, kind, plan.err)
		return live
	}
	answer, err := write(ctx, b, wish, plan, live)
	if outdated(err) {
		answer, plan.verb, err = writeAgain[T, P](ctx, b, wish)
	}
	if plan.verb == Update && refusedAsInvalid(err) {
		answer, err = heal[T, P](ctx, b, wish, err)
	}
	if plan.verb != "" {
		b.note(ctx, plan.verb, kind, err).Restored = restored
	}
	if err != nil {
		return live
	}
	if err := b.door.contested(wish, ""); err != nil {
		b.note(ctx, Update, kind, err)
	}
	return answer
}

// outdated says that the plan was made from a look that no longer holds: the object exists where none was expected, is
// newer, is gone, or is another of the same name. For the last the server does not answer 409: to it we are changing the
// UID, which is immutable.
func outdated(err error) bool {
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return true
	}
	cause, found := apierrors.StatusCause(err, metav1.CauseTypeFieldValueInvalid)
	return found && apierrors.IsInvalid(err) && cause.Field == "metadata.uid"
}

// write creates the child, or takes over what an apply would leave behind, and sends the wish.
func write[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish, plan plan, live P) (P, error) {
	if plan.verb == Create {
		return create[T, P](ctx, b, wish, plan)
	}
	after, err := takeLeftovers(ctx, b.door, wish, live)
	if err == nil && client.Object(after) == client.Object(live) {
		after, err = takeBirth(ctx, b.door, wish, live)
	}
	if err != nil {
		return nil, err
	}
	if client.Object(after) != client.Object(live) {
		plan = b.guarded(wish, after)
	}
	return send[T, P](ctx, b, wish, plan)
}

// writeAgain follows an outdated plan. It looks once and plans again from what is really there, which may be that nothing
// is left to do.
func writeAgain[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish) (P, Verb, error) {
	live := P(new(T))
	if err := b.door.Live.Get(ctx, wish.key, live); apierrors.IsNotFound(err) {
		live = nil
	} else if err != nil {
		return nil, Update, err
	}
	plan := b.plan(wish, live, live != nil)
	if plan.inPlace() {
		b.door.Observer.WroteAt(wish.key, wish.kind, live.GetResourceVersion())
	}
	if plan.err != nil || plan.inPlace() {
		return live, plan.verb, plan.err
	}
	answer, err := write(ctx, b, wish, plan, live)
	return answer, plan.verb, err
}

// Remove deletes the child if the owner controls it. live is what the cache holds, nil for nothing.
func Remove[T any, P Object[T]](ctx context.Context, b *Batch, live P) {
	kind, key := reflect.TypeFor[T]().Name(), client.ObjectKeyFromObject(b.owner)
	if live == nil || !metav1.IsControlledBy(live, b.owner) || live.GetDeletionTimestamp() != nil {
		b.door.memory.drop(key, kind)
		return
	}
	if b.paused {
		b.note(ctx, Delete, kind, nil)
		return
	}
	uid, version := live.GetUID(), live.GetResourceVersion()
	child := P(new(T))
	child.SetNamespace(live.GetNamespace())
	child.SetName(live.GetName())
	b.door.Observer.Deleting(key, kind, uid)
	err := b.door.Client.Delete(ctx, child,
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil {
		b.door.Observer.DeletionFailed(key, kind)
	}
	if err = client.IgnoreNotFound(err); err == nil {
		b.door.memory.drop(key, kind)
	}
	b.note(ctx, Delete, kind, err)
}

// createOnly as a resourceVersion makes a server-side apply create what is missing and answer 409 for what exists, in
// one atomic request: no object has a version that old.
const createOnly = "1"

// create is one POST, which the server refuses where an object of that name exists. It costs the server less than a server-side
// apply that creates. But a POST owns no value that is empty: what asks for some, such as no rule of a kind in a NetworkPolicy, is applied.
func create[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish, plan plan) (P, error) {
	if wish.hasEmpty() {
		plan.resourceVersion = createOnly
		return send[T, P](ctx, b, wish, plan)
	}
	body, err := wish.body(b.door.Annotation, plan)
	if err != nil {
		return nil, err
	}
	answer := P(new(T))
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	if err := b.door.Client.Create(ctx, answer, client.FieldOwner(b.door.FieldOwner)); err != nil {
		return nil, err
	}
	b.door.wrote(wish, answer)
	if !wish.ownedBy(b.door.entryOf(answer)) { // there was an empty value of another kind, such as false
		return write(ctx, b, wish, b.guarded(wish, answer), answer)
	}
	return answer, nil
}

// wrote remembers the answer to a write.
func (d *Door) wrote(wish *wish, answer client.Object) {
	d.memory.remember(wish, answer, d.entryOf(answer))
	d.Observer.WroteAt(wish.key, wish.kind, answer.GetResourceVersion())
}

// send is one server-side apply. The answer is decoded into a typed object, so that what is said of the child later is
// what the server said, not what a cache still shows.
func send[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish, plan plan) (P, error) {
	body, err := wish.body(b.door.Annotation, plan)
	if err != nil {
		return nil, err
	}
	answer := P(new(T))
	answer.SetNamespace(wish.key.Namespace)
	answer.SetName(wish.key.Name)
	err = b.door.Client.Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, body),
		client.FieldOwner(b.door.FieldOwner), client.ForceOwnership)
	if err != nil {
		return nil, err
	}
	b.door.wrote(wish, answer)
	return answer, nil
}
