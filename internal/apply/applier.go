// Package apply is the one place where children are written and deleted. It knows server-side apply and
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

// Applier writes children for all owners. It is safe for concurrent use.
type Applier struct {
	// Client writes. Its reads are not used.
	Client client.Client
	// APIReader reads from the API server, past every cache. It is asked only after a refusal, and before a child that was there
	// is made again.
	APIReader client.Reader
	// Observer is told of every write.
	Observer Observer
	// Clock tells how long ago a field was restored.
	Clock clock.PassiveClock
	// FieldOwner is the field manager of every write.
	FieldOwner string
	// Annotation is the key under which a child carries the hash of what was last asked for.
	Annotation string

	observed observedStore
}

// Observer is told of writes, so that somebody can wait until the caches have them.
type Observer interface {
	// WroteAt is called with the resource version in the answer to a write.
	WroteAt(owner types.NamespacedName, kind, resourceVersion string)
	// Deleting is called before an object is deleted, and DeletionFailed when it was not.
	Deleting(owner types.NamespacedName, kind string, uid types.UID)
	DeletionFailed(owner types.NamespacedName, kind string)
}

// NewBatch opens a batch of writes for one owner, which must have its UID. A paused batch sends nothing and notes what it
// would have sent.
func (a *Applier) NewBatch(owner client.Object, paused bool) *Batch {
	return &Batch{applier: a, owner: owner, paused: paused}
}

// Forget drops what is remembered of an owner and its children. They share its namespace and name.
func (a *Applier) Forget(owner types.NamespacedName) {
	a.observed.forget(owner)
}

// Object is a pointer to the Go type of a child.
type Object[T any] interface {
	*T
	client.Object
}

// Apply makes the child as desired, an apply configuration with a controller reference to the owner. live is what the
// cache holds, nil for nothing; it is not changed. Put returns what is there now: the server's answer, or live where
// nothing was sent or the server refused. A failure is in the batch's changes.
func Apply[T any, P Object[T]](ctx context.Context, b *Batch, desired any, current P, options ...Option) P {
	kind := reflect.TypeFor[T]().Name()
	in, err := newIntent(kind, client.ObjectKeyFromObject(b.owner), desired, options)
	if err != nil {
		b.record(ctx, VerbUpdate, kind, err)
		return current
	}
	plan := b.plan(in, current, current != nil)
	restored, err := b.contest(ctx, in, plan, current)
	if err != nil {
		b.record(ctx, VerbUpdate, kind, err)
		return current
	}
	if plan.isEmpty() {
		return current
	}
	if plan.verb == VerbCreate && !b.paused && b.applier.observed.has(in.key, kind) {
		plan.err = b.recheckOwner(ctx)
	}
	if plan.err != nil || b.paused {
		b.record(ctx, plan.verb, kind, plan.err)
		return current
	}
	answer, err := write(ctx, b, in, plan, current)
	if outdated(err) {
		answer, plan.verb, err = writeAfterRead[T, P](ctx, b, in)
	}
	if plan.verb == VerbUpdate && isInvalidObject(err) {
		answer, err = heal[T, P](ctx, b, in, err)
	}
	if plan.verb != "" {
		b.record(ctx, plan.verb, kind, err).Restored = restored
	}
	if err != nil {
		return current
	}
	if err := b.applier.contested(in, ""); err != nil {
		b.record(ctx, VerbUpdate, kind, err)
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

// write creates the child, or takes over what an apply would leave behind, and sends the intent.
func write[T any, P Object[T]](ctx context.Context, b *Batch, in *intent, plan plan, current P) (P, error) {
	if plan.verb == VerbCreate {
		return create[T, P](ctx, b, in, plan)
	}
	after, err := takeOverLeftovers(ctx, b.applier, in, current)
	if err == nil && client.Object(after) == client.Object(current) {
		after, err = convertCreateEntry(ctx, b.applier, in, current)
	}
	if err != nil {
		return nil, err
	}
	if client.Object(after) != client.Object(current) {
		plan = b.guardedUpdate(in, after)
	}
	return serverSideApply[T, P](ctx, b, in, plan)
}

// writeAfterRead follows an outdated plan. It looks once and plans again from what is really there, which may be that nothing
// is left to do.
func writeAfterRead[T any, P Object[T]](ctx context.Context, b *Batch, in *intent) (P, Verb, error) {
	current := P(new(T))
	if err := b.applier.APIReader.Get(ctx, in.key, current); apierrors.IsNotFound(err) {
		current = nil
	} else if err != nil {
		return nil, VerbUpdate, err
	}
	plan := b.plan(in, current, current != nil)
	if plan.isEmpty() {
		b.applier.Observer.WroteAt(in.key, in.kind, current.GetResourceVersion())
	}
	if plan.err != nil || plan.isEmpty() {
		return current, plan.verb, plan.err
	}
	answer, err := write(ctx, b, in, plan, current)
	return answer, plan.verb, err
}

// Delete deletes the child if the owner controls it. live is what the cache holds, nil for nothing.
func Delete[T any, P Object[T]](ctx context.Context, b *Batch, current P) {
	kind, key := reflect.TypeFor[T]().Name(), client.ObjectKeyFromObject(b.owner)
	if current == nil || !metav1.IsControlledBy(current, b.owner) || current.GetDeletionTimestamp() != nil {
		b.applier.observed.drop(key, kind)
		return
	}
	if b.paused {
		b.record(ctx, VerbDelete, kind, nil)
		return
	}
	uid, version := current.GetUID(), current.GetResourceVersion()
	child := P(new(T))
	child.SetNamespace(current.GetNamespace())
	child.SetName(current.GetName())
	b.applier.Observer.Deleting(key, kind, uid)
	err := b.applier.Client.Delete(ctx, child,
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if err != nil {
		b.applier.Observer.DeletionFailed(key, kind)
	}
	if err = client.IgnoreNotFound(err); err == nil {
		b.applier.observed.drop(key, kind)
	}
	b.record(ctx, VerbDelete, kind, err)
}

// createOnly as a resourceVersion makes a server-side apply create what is missing and answer 409 for what exists, in
// one atomic request: no object has a version that old.
const createOnly = "1"

// create is one POST, which the server refuses where an object of that name exists. It costs the server less than a server-side
// apply that creates. But a POST owns no value that is empty: what asks for some, such as no rule of a kind in a NetworkPolicy, is applied.
func create[T any, P Object[T]](ctx context.Context, b *Batch, in *intent, plan plan) (P, error) {
	if in.hasEmpty() {
		plan.resourceVersion = createOnly
		return serverSideApply[T, P](ctx, b, in, plan)
	}
	body, err := in.body(b.applier.Annotation, plan)
	if err != nil {
		return nil, err
	}
	answer := P(new(T))
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	if err := b.applier.Client.Create(ctx, answer, client.FieldOwner(b.applier.FieldOwner)); err != nil {
		return nil, err
	}
	b.applier.recordWrite(in, answer)
	if !in.ownedBy(b.applier.ownFields(answer)) { // there was an empty value of another kind, such as false
		return write(ctx, b, in, b.guardedUpdate(in, answer), answer)
	}
	return answer, nil
}

// recordWrite remembers the answer to a write.
func (a *Applier) recordWrite(in *intent, answer client.Object) {
	a.observed.record(in, answer, a.ownFields(answer))
	a.Observer.WroteAt(in.key, in.kind, answer.GetResourceVersion())
}

// serverSideApply is one server-side apply. The answer is decoded into a typed object, so that what is said of the child later is
// what the server said, not what a cache still shows.
func serverSideApply[T any, P Object[T]](ctx context.Context, b *Batch, in *intent, plan plan) (P, error) {
	body, err := in.body(b.applier.Annotation, plan)
	if err != nil {
		return nil, err
	}
	answer := P(new(T))
	answer.SetNamespace(in.key.Namespace)
	answer.SetName(in.key.Name)
	err = b.applier.Client.Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, body),
		client.FieldOwner(b.applier.FieldOwner), client.ForceOwnership)
	if err != nil {
		return nil, err
	}
	b.applier.recordWrite(in, answer)
	return answer, nil
}
