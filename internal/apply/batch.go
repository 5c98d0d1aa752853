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

// Batch is the writes of one reconcile, in the order in which they were asked for.
type Batch struct {
	applier *Applier
	owner   client.Object
	paused  bool
	changes []Change
	// ownerChecked says that the API server was asked about the owner, gone what it said.
	ownerChecked bool
	ownerErr     error
}

// Verb is what was done to a child.
type Verb string

const (
	// VerbCreate is the first write of a child that was not there.
	VerbCreate Verb = "create"
	// VerbUpdate is any later write.
	VerbUpdate Verb = "update"
	// VerbDelete is the removal of a child that is no longer wanted.
	VerbDelete Verb = "delete"
)

// Change is one child that was not as wanted.
type Change struct {
	Verb Verb
	Kind string
	// Err is nil where the change was made, or was only noted by a paused batch. It is a *NameConflictError, a
	// *FormerOwnerError, or the API server's.
	Err error
	// Restored is what somebody had changed by hand, nil for nothing.
	Restored *Restoration
}

// Restoration is a field of a child that somebody changed and that was written again.
type Restoration struct {
	Kind, Name string
	// Field is a path such as spec.template.spec.containers[app].image.
	Field string
	// Managers are the field managers that had it, as far as they are known without asking.
	Managers []string
}

// String says what was restored, and after whom.
func (r *Restoration) String() string {
	who := "Somebody"
	if len(r.Managers) > 0 {
		who = strings.Join(r.Managers, ", ")
	}
	return fmt.Sprintf("%s changed %s of %s %s; it is restored", who, r.Field, r.Kind, r.Name)
}

// Changes are the children that were not as wanted. It is empty when everything was in place.
func (b *Batch) Changes() []Change {
	return b.changes
}

// Failed says whether a change of one of the kinds failed, or any change when no kind is named.
func (b *Batch) Failed(kinds ...string) bool {
	return slices.ContainsFunc(b.changes, func(c Change) bool {
		return c.Err != nil && (len(kinds) == 0 || slices.Contains(kinds, c.Kind))
	})
}

// recheckOwner asks the API server, once in a batch, whether the owner is still there. A child that was there before is gone
// because somebody deleted it, or with its owner: then the garbage collector would take what is made again, and so on, until
// the cache hears of the owner. The error is an *OwnerDeletedError, or the API server's.
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
