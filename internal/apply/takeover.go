package apply

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// beforeFirstApply is the manager that the server records for fields that existed before the first apply, which includes an
// object whose managedFields were removed.
const beforeFirstApply = "before-first-apply"

// Relevant reports whether a managedFields entry is needed to write a child. Entries of subresources are not: only people and
// their tools write the whole object. A cache may drop their fields, but must keep their number.
func Relevant(e metav1.ManagedFieldsEntry) bool {
	return e.Subresource == "" && e.FieldsV1 != nil
}

// isForeign reports whether an entry may be taken over. Entries of subresources, such as status and scale, never are.
func (a *Applier) isForeign(e metav1.ManagedFieldsEntry) bool {
	return Relevant(e) && e.Manager != a.FieldOwner
}

func isUnowned(e *metav1.ManagedFieldsEntry) bool {
	return e.Manager == beforeFirstApply
}

// takeOver makes fields of other managers ours, in one request that changes nothing else. entries is the result of ownedByUs
// for current, which becomes the server's response. The hash annotation is emptied until the intent is sent again: after a
// crash in between, the taken values must not look like desired ones.
func (a *Applier) takeOver(ctx context.Context, current client.Object, entries []metav1.ManagedFieldsEntry) error {
	patch := []operation{
		{"replace", "/metadata/managedFields", entries},
		// Replacing it makes the server answer 409 when the object is newer, as client-go's csaupgrade does.
		{"replace", "/metadata/resourceVersion", current.GetResourceVersion()},
	}
	if _, found := current.GetAnnotations()[a.Annotation]; found {
		patch = append(patch, operation{"replace", "/metadata/annotations/" + strings.ReplaceAll(a.Annotation, "/", "~1"), ""})
	}
	return a.patch(ctx, current, patch)
}

// patch sends a JSON patch. The object becomes the server's response.
func (a *Applier) patch(ctx context.Context, object client.Object, operations []operation) error {
	raw, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	return a.Client.Patch(ctx, object, client.RawPatch(types.JSONPatchType, raw), client.FieldOwner(a.FieldOwner))
}

// operation is one operation of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// ownedByUs returns the entries with the filtered fields moved into ours, and the managers that owned them, sorted and possibly
// none. filter returns the fields to take from an entry; nil takes none.
func (a *Applier) ownedByUs(entries []metav1.ManagedFieldsEntry, filter func(*metav1.ManagedFieldsEntry) pathFilter) ([]metav1.ManagedFieldsEntry, []string, error) {
	ours := metav1.ManagedFieldsEntry{Manager: a.FieldOwner, Operation: metav1.ManagedFieldsOperationApply, FieldsType: "FieldsV1"}
	taken, managers := &fieldpath.Set{}, sets.New[string]()
	var others []metav1.ManagedFieldsEntry
	for i := range entries {
		e := entries[i]
		filter := filter(&e)
		switch {
		case IsOwnEntry(e, a.FieldOwner):
			filter, ours.APIVersion, ours.Time = func(fieldpath.Path) bool { return true }, e.APIVersion, e.Time
		case filter == nil || !a.isForeign(e):
			others = append(others, e)
			continue
		}
		part, rest, err := split(&e, filter)
		if err != nil {
			return nil, nil, err
		}
		if !part.Empty() && !IsOwnEntry(e, a.FieldOwner) {
			managers.Insert(e.Manager)
			ours.APIVersion = cmp.Or(ours.APIVersion, e.APIVersion)
		}
		taken = taken.Union(part)
		if rest != nil {
			others = append(others, *rest)
		}
	}
	var err error
	ours.FieldsV1, err = encode(taken)
	return append(others, ours), sets.List(managers), err
}

// split moves the fields that match the filter out of an entry. rest is nil if none are left.
func split(e *metav1.ManagedFieldsEntry, filter pathFilter) (part *fieldpath.Set, rest *metav1.ManagedFieldsEntry, err error) {
	all, err := decode(e)
	if err != nil {
		return nil, nil, err
	}
	part = &fieldpath.Set{}
	all.Iterate(func(p fieldpath.Path) {
		if filter(p) {
			part.Insert(p.Copy())
		}
	})
	left := all.Difference(part)
	if part.Empty() || left.Empty() {
		if part.Empty() {
			rest = e
		}
		return part, rest, nil
	}
	changed := *e
	changed.FieldsV1, err = encode(left)
	return part, &changed, err
}

func decode(e *metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
	if err := set.FromJSON(e.FieldsV1.GetRawReader()); err != nil {
		return nil, fmt.Errorf("reading the fields of %s: %w", e.Manager, err)
	}
	return set, nil
}

func encode(set *fieldpath.Set) (*metav1.FieldsV1, error) {
	raw, err := set.ToJSON()
	if err != nil {
		return nil, fmt.Errorf("encoding fields: %w", err)
	}
	return metav1.NewFieldsV1(string(raw)), nil
}

// convertCreateEntry turns our entry of a POST into an applier's, in one request, before the first apply: otherwise a field
// that a later intent drops would stay. If the entry is not where the cache had it, or an earlier version applied as well, the
// object is read first. It returns the object afterwards.
func convertCreateEntry[T any, P Object[T]](ctx context.Context, a *Applier, in *intent, current P) (P, error) {
	byPOST, applied := a.ownIndex(current, metav1.ManagedFieldsOperationUpdate), a.ownIndex(current, metav1.ManagedFieldsOperationApply)
	if byPOST < 0 {
		return current, nil
	}
	if applied < 0 {
		now := P(new(T))
		now.SetNamespace(in.key.Namespace)
		now.SetName(in.key.Name)
		entry := fmt.Sprintf("/metadata/managedFields/%d", byPOST)
		err := a.patch(ctx, now, []operation{
			{"test", "/metadata/uid", current.GetUID()},
			{"test", entry + "/manager", a.FieldOwner},
			{"test", entry + "/operation", metav1.ManagedFieldsOperationUpdate},
			{"replace", entry + "/operation", metav1.ManagedFieldsOperationApply},
		})
		if !apierrors.IsInvalid(err) {
			return now, err
		}
	}
	return readAndTakeOver(ctx, a, in, current, func(*metav1.ManagedFieldsEntry) pathFilter { return nil })
}

// readAndTakeOver reads the object, and makes ours the filtered fields and those we own since a POST. It returns the object
// afterwards, or current if it is gone or replaced: the write is then refused and planned again.
func readAndTakeOver[T any, P Object[T]](ctx context.Context, a *Applier, in *intent, current P, filter func(*metav1.ManagedFieldsEntry) pathFilter) (P, error) {
	now := P(new(T))
	if err := a.APIReader.Get(ctx, in.key, now); err != nil || now.GetUID() != current.GetUID() {
		return current, client.IgnoreNotFound(err)
	}
	entries, managers, err := a.ownedByUs(now.GetManagedFields(), filter)
	if err != nil || len(managers) == 0 && a.ownIndex(now, metav1.ManagedFieldsOperationUpdate) < 0 {
		return now, err
	}
	if err := a.takeOver(ctx, now, entries); err != nil {
		return nil, fmt.Errorf("taking over the fields of %s: %w", cmp.Or(strings.Join(managers, ", "), a.FieldOwner), err)
	}
	return now, nil
}

// ownIndex returns the index of our entry with this operation, or -1.
func (a *Applier) ownIndex(current client.Object, operation metav1.ManagedFieldsOperationType) int {
	return slices.IndexFunc(current.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return IsOwnEntry(e, a.FieldOwner) && e.Operation == operation
	})
}

// takeOverLeftovers takes over, before a Deployment is written, fields without an owner, and what managers that overwrote our
// pod template put beside it: a roll-back by hand is undone completely. Managers that never touched our fields keep theirs.
// current is cached and may lack entries, so the object is read before anything is taken. It returns the object afterwards.
func takeOverLeftovers[T any, P Object[T]](ctx context.Context, a *Applier, in *intent, current P) (P, error) {
	if _, ok := any(current).(*appsv1.Deployment); !ok || !slices.ContainsFunc(current.GetManagedFields(), a.isForeign) {
		return current, nil
	}
	desired, err := in.object()
	if err != nil {
		return nil, err
	}
	left := func(e *metav1.ManagedFieldsEntry) pathFilter {
		if !isUnowned(e) && !a.overwritesOurs(e, in, desired, current) {
			return nil
		}
		return func(p fieldpath.Path) bool {
			return below(p, "spec", "template") && ownable(p, desired) && !isDesired(p, desired)
		}
	}
	if _, managers, err := a.ownedByUs(current.GetManagedFields(), left); err != nil || len(managers) == 0 {
		return current, err
	}
	return readAndTakeOver(ctx, a, in, current, left)
}

// overwritesOurs reports whether the entry owns a field of our pod template that was ours: a desired one, or the hash, because
// a roll-back restores that of its revision. A field that became desired only now may have been another manager's before.
func (a *Applier) overwritesOurs(e *metav1.ManagedFieldsEntry, in *intent, desired map[string]any, current client.Object) bool {
	var theirs, ours fields
	if !a.isForeign(*e) || json.Unmarshal(e.FieldsV1.GetRawBytes(), &theirs) != nil {
		return false
	}
	_ = json.Unmarshal(a.ownFields(current), &ours) // without an entry nothing is ours
	taken := map[string]any{"metadata": map[string]any{"annotations": map[string]any{a.Annotation: in.hash}}}
	if current.GetAnnotations()[a.Annotation] == in.hash {
		spec, _ := desired["spec"].(map[string]any)
		taken["spec"] = map[string]any{"template": spec["template"]}
	}
	return theirs.overwrite(taken, ours)
}
