package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
)

// Batch records the writes of one reconcile, in order.
type Batch struct {
	applier *Applier
	owner   client.Object
	paused  bool
	changes []Change
	// ownerChecked is set once the API server was asked about the owner; ownerErr is the result.
	ownerChecked bool
	ownerErr     error
}

// Verb is the kind of write.
type Verb string

const (
	// VerbCreate is the first write of a child that did not exist.
	VerbCreate Verb = "create"
	// VerbUpdate is any later write.
	VerbUpdate Verb = "update"
	// VerbDelete is the removal of a child that is no longer desired.
	VerbDelete Verb = "delete"
)

// Change is one child that differed from its desired state.
type Change struct {
	Verb Verb
	Kind string
	// Err is nil if the change succeeded, or was only recorded by a paused batch. It is a *NameConflictError, a
	// *FormerOwnerError, or the API server's error.
	Err error
	// Restored is the field that somebody had changed by hand, or nil.
	Restored *Restoration
}

// Restoration is a field of a child that somebody changed and that was written again.
type Restoration struct {
	Kind, Name string
	// Field is a path such as spec.template.spec.containers[app].image.
	Field string
	// Managers are the field managers that owned it, as far as the cache knows.
	Managers []string
}

// String describes what was restored, and who had changed it.
func (r *Restoration) String() string {
	who := "Somebody"
	if len(r.Managers) > 0 {
		who = strings.Join(r.Managers, ", ")
	}
	return fmt.Sprintf("%s changed %s of %s %s; it is restored", who, r.Field, r.Kind, r.Name)
}

// Changes returns the children that differed from their desired state, empty if none did.
func (b *Batch) Changes() []Change {
	return b.changes
}

// Failed reports whether a change of one of the kinds failed, or any change if no kind is given.
func (b *Batch) Failed(kinds ...string) bool {
	return slices.ContainsFunc(b.changes, func(c Change) bool {
		return c.Err != nil && (len(kinds) == 0 || slices.Contains(kinds, c.Kind))
	})
}

// recheckOwner asks the API server, once per batch, whether the owner still exists. A child that existed may be gone because
// its owner was deleted and the cache does not know yet: the garbage collector would delete each new child again. The error is
// an *OwnerDeletedError, or the API server's.
func (b *Batch) recheckOwner(ctx context.Context) error {
	if b.ownerChecked {
		return b.ownerErr
	}
	now := b.owner.DeepCopyObject().(client.Object)
	err := b.applier.APIReader.Get(ctx, client.ObjectKeyFromObject(b.owner), now)
	switch {
	case apierrors.IsNotFound(err), err == nil && (now.GetUID() != b.owner.GetUID() || now.GetDeletionTimestamp() != nil):
		err = &OwnerDeletedError{Name: b.owner.GetName()}
	case err != nil:
		return err
	}
	b.ownerChecked, b.ownerErr = true, err
	return err
}

// record adds a change to the batch.
func (b *Batch) record(ctx context.Context, verb Verb, kind string, err error) *Change {
	if err == nil && !b.paused {
		log.FromContext(ctx).Info("Wrote child", "kind", kind, "verb", verb)
	}
	b.changes = append(b.changes, Change{Verb: verb, Kind: kind, Err: err})
	return &b.changes[len(b.changes)-1]
}
