// Package apply is the one place where children are created, applied and deleted. It knows server-side apply and ownership, but
// not what a Microservice is.
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
	// Client sends the writes. It is not used for reads.
	Client client.Client
	// APIReader reads from the API server, past every cache. It is used only after a refusal, and before a child that existed
	// is created again.
	APIReader client.Reader
	// Observer is called for every write.
	Observer Observer
	// Clock measures the time since a field was restored.
	Clock clock.PassiveClock
	// FieldOwner is the field manager of every write.
	FieldOwner string
	// Annotation is the key of the annotation that holds the hash of the desired state last sent.
	Annotation string

	observed observedStore
}

// Observer is notified of writes, so that reconciles can wait until the caches have observed them.
type Observer interface {
	// WroteAt is called with the resource version in the response to a write.
	WroteAt(owner types.NamespacedName, kind, resourceVersion string)
	// Deleting is called before an object is deleted, DeletionFailed when the request failed.
	Deleting(owner types.NamespacedName, kind string, uid types.UID)
	DeletionFailed(owner types.NamespacedName, kind string)
}

// NewBatch starts the writes of one reconcile for an owner, which must have its UID. A paused batch sends nothing and records
// what it would have sent.
func (a *Applier) NewBatch(owner client.Object, paused bool) *Batch {
	return &Batch{applier: a, owner: owner, paused: paused}
}

// Forget drops the state kept for an owner and its children, which share its namespace and name.
func (a *Applier) Forget(owner types.NamespacedName) {
	a.observed.forget(owner)
}

// Object is a pointer to the Go type of a child.
type Object[T any] interface {
	*T
	client.Object
}

// Apply brings the child to the desired state, an apply configuration with a controller reference to the owner. current is the
// cached object, or nil if there is none; it is not modified. Apply returns the object as it is afterwards: the server's
// response, or current if nothing was sent or the request failed. A failure is recorded in the batch's changes.
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

// outdated reports whether the plan was made from an outdated read: the object exists although none was expected, is newer, is
// gone, or was replaced by another of the same name. The server answers the last case with 422 on metadata.uid, an immutable
// field, and not with 409.
func outdated(err error) bool {
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
		return true
	}
	cause, found := apierrors.StatusCause(err, metav1.CauseTypeFieldValueInvalid)
	return found && apierrors.IsInvalid(err) && cause.Field == "metadata.uid"
}

// write creates the child, or applies it after taking over fields that a plain apply would leave behind.
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

// writeAfterRead handles an outdated plan: it reads the object once and plans again, which may find that nothing is left to do.
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

// Delete deletes the child if the owner controls it. current is the cached object, or nil if there is none.
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

// createOnly is a resourceVersion that makes a server-side apply create a missing object and fail with 409 if it exists, in one
// atomic request: no object has a version that old.
const createOnly = "1"

// create sends one POST, which fails if an object of that name exists, and costs the server less than a server-side apply that
// creates. A POST does not own empty values, such as a NetworkPolicy's empty list of rules: a desired state with some is
// applied instead.
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

// recordWrite records the response to a write.
func (a *Applier) recordWrite(in *intent, answer client.Object) {
	a.observed.record(in, answer, a.ownFields(answer))
	a.Observer.WroteAt(in.key, in.kind, answer.GetResourceVersion())
}

// serverSideApply sends one server-side apply. The response is decoded into a typed object, so that the status reports what the
// server answered and not what a cache still holds.
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
