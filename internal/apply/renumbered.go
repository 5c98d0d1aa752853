package apply

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Somebody who edits the number of a port of ours makes another item of the list, for its number is its key. It is
// theirs, so applying ours beside it leaves two ports of one name, which the server refuses. What these editors own is
// first made ours; then the next apply drops what we do not want of it.

// sendOverEdits follows a refusal as invalid. It gives the same refusal back where no edit is to blame.
func sendOverEdits[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish, refusal error) (P, error) {
	live := P(new(T))
	if err := b.door.Live.Get(ctx, wish.key, live); err != nil {
		return nil, refusal
	}
	editors, err := b.door.editors(wish, live)
	if err != nil || editors.Len() == 0 || !metav1.IsControlledBy(live, b.owner) {
		return nil, refusal
	}
	takeOver, err := csaupgrade.UpgradeManagedFieldsPatch(live, editors, b.door.FieldOwner)
	if err != nil {
		return nil, fmt.Errorf("taking over the fields of %v: %w", sets.List(editors), err)
	}
	if err := b.door.Client.Patch(ctx, live, client.RawPatch(types.JSONPatchType, takeOver)); err != nil {
		return nil, fmt.Errorf("taking over the fields of %v: %w", sets.List(editors), err)
	}
	return send[T, P](ctx, b, wish, b.plan(wish, live, true))
}

// editors are the managers that have put items of their own into a list of the wish, by anything but server-side apply.
func (d *Door) editors(w *wish, live client.Object) (sets.Set[string], error) {
	object, err := w.object()
	if err != nil {
		return nil, err
	}
	found := sets.New[string]()
	for _, e := range live.GetManagedFields() {
		if e.Operation != metav1.ManagedFieldsOperationUpdate || e.Subresource != "" || e.FieldsV1 == nil {
			continue
		}
		var tree fields
		if err := json.Unmarshal(e.FieldsV1.GetRawBytes(), &tree); err != nil {
			return nil, fmt.Errorf("reading the fields of %s: %w", e.Manager, err)
		}
		if tree.addTo(object) {
			found.Insert(e.Manager)
		}
	}
	return found, nil
}

// addTo says whether the entry has an item of a keyed list that is in the value, but not that item.
func (f fields) addTo(value any) bool {
	for step, child := range f {
		switch value := value.(type) {
		case map[string]any:
			if name, ok := strings.CutPrefix(step, "f:"); ok && value[name] != nil && child.addTo(value[name]) {
				return true
			}
		case []any:
			keys, ok := strings.CutPrefix(step, "k:")
			if !ok {
				continue
			}
			item := itemWith(value, keys)
			if item == nil || child.addTo(item) {
				return true
			}
		}
	}
	return false
}

func itemWith(list []any, keys string) map[string]any {
	for _, item := range list {
		if object, ok := item.(map[string]any); ok && hasKeys(object, keys) {
			return object
		}
	}
	return nil
}

// refusedAsInvalid is a 422 that is about the object, not about our precondition on its UID.
func refusedAsInvalid(err error) bool {
	return apierrors.IsInvalid(err) && !outdated(err)
}
