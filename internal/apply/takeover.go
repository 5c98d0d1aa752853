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

// beforeFirstApply is who owns, in the server's words, what was there when nobody had applied anything, which is also so when
// somebody has wiped the managedFields.
const beforeFirstApply = "before-first-apply"

// Relevant says whether a managedFields entry of a child is read before it is written. A cache may drop what is in all others, which are
// of subresources: only people and their tools write a child as a whole. It keeps how many there are.
func Relevant(e metav1.ManagedFieldsEntry) bool {
	return e.Subresource == "" && e.FieldsV1 != nil
}

// isForeign leaves out what is changed through a subresource, such as status and scale: it is never taken over.
func (a *Applier) isForeign(e metav1.ManagedFieldsEntry) bool {
	return Relevant(e) && e.Manager != a.FieldOwner
}

func isUnowned(e *metav1.ManagedFieldsEntry) bool {
	return e.Manager == beforeFirstApply
}

// takeOver makes fields of others ours, in one request that changes nothing else: entries are what ownedByUs gave for live, which
// becomes the server's answer. Until the intent has been sent again its hash is not there: whoever comes after a crash would take the
// values of others, which are ours now, for what we asked for.
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

// patch sends a JSON patch. The object becomes the server's answer.
func (a *Applier) patch(ctx context.Context, object client.Object, operations []operation) error {
	raw, err := json.Marshal(operations)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	return a.Client.Patch(ctx, object, client.RawPatch(types.JSONPatchType, raw), client.FieldOwner(a.FieldOwner))
}

// operation is one of a JSON patch.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// ownedByUs returns the entries with the blamed fields in ours, and the managers that had them, sorted: none where nothing is to be
// taken. blamed gives the question to be asked for each entry; nil is for none of it.
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

// split takes the fields that the question is answered with yes for out of an entry. rest is nil where nothing is left.
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

// convertCreateEntry makes what we own since a POST what we own as an applier, in one request, before the first apply: else what a later
// intent drops would stay, owned by the POST. Where our entry is not where the cache had it any more, or an earlier edition has applied
// as well, the object is read. It returns what is there then.
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

// readAndTakeOver reads the object and makes the blamed fields ours as an applier, and those that are ours since a POST. It returns
// what is there then: live where that is gone or replaced, so that the write is refused and planned again.
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

// ownIndex is where our entry of an operation is, -1 for none.
func (a *Applier) ownIndex(current client.Object, operation metav1.ManagedFieldsOperationType) int {
	return slices.IndexFunc(current.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return IsOwnEntry(e, a.FieldOwner) && e.Operation == operation
	})
}

// takeOverLeftovers takes over, before a Deployment is written, what nobody owns any more, and what those who overwrote our pod template
// put beside it. So a roll-back by hand is undone as a whole. Who never touched ours keeps his additions. live is a cache's, which
// may have dropped other entries: where something is to be taken, the object is read. It returns what is there then.
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

// overwritesOurs says whether the entry has a field of our pod template that was ours: one that we still ask for as we last did, or the
// hash, because a roll-back brings back that of its revision. A field that we ask for since now may have been another's before.
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
