package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A field that somebody set beside ours can make the object invalid: another handler of a probe, a value beside a valueFrom,
// a second port of one name. Server-side apply leaves it alone, so every later apply would be refused, whatever the spec says.

// heal follows a refusal as invalid. The fields of others that may be to blame are made ours, at first the fewest, and the wish
// is sent again, which drops those that are not wanted. It gives the same refusal back where nobody else owns a field that may
// be to blame, or the wish is invalid by itself: a wrong spec costs nobody his additions. What cannot be healed is a
// *ForeignFieldError.
func heal[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish, refusal error) (P, error) {
	wanted, err := wish.object()
	if err != nil {
		return nil, err
	}
	blame := suspects(refusal, wanted)
	if len(blame) == 0 {
		return nil, refusal
	}
	live, err := tracked[T, P](ctx, b, wish)
	if err != nil || !metav1.IsControlledBy(live, b.owner) {
		return nil, refusal
	}
	asked := false
	for _, blamed := range blame {
		of := func(*metav1.ManagedFieldsEntry) suspect { return blamed }
		entries, managers, err := b.door.ownedByUs(live.GetManagedFields(), of)
		if err != nil {
			return nil, err
		}
		if len(managers) == 0 {
			continue
		}
		if !asked {
			if err := refusedAlone[T, P](ctx, b, wish); err != nil {
				return nil, err
			}
			asked = true
		}
		if err := b.door.takeOver(ctx, live, entries); err != nil {
			return nil, &ForeignFieldError{Managers: managers, Err: err}
		}
		answer, err := send[T, P](ctx, b, wish, b.guarded(wish, live))
		if !refusedAsInvalid(err) {
			return answer, err
		}
		refusal = &ForeignFieldError{Managers: managers, Err: err}
	}
	return nil, refusal
}

// tracked is the object as it is, with its managedFields. Where somebody has wiped them, the server says again who owns what
// as soon as anything is applied, which is nothing here.
func tracked[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish) (P, error) {
	live := P(new(T))
	if err := b.door.Live.Get(ctx, wish.key, live); err != nil || len(live.GetManagedFields()) > 0 {
		return live, err
	}
	object, err := partsOf(wish.json)
	if err != nil {
		return nil, err
	}
	nothing := parts{"apiVersion": object["apiVersion"], "kind": object["kind"]}
	if err := nothing.set("metadata", map[string]any{"name": wish.key.Name, "namespace": wish.key.Namespace, "uid": live.GetUID()}); err != nil {
		return nil, err
	}
	body, err := json.Marshal(nothing)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return live, b.door.Client.Patch(ctx, live, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(b.door.FieldOwner))
}

// refusedAlone asks the server whether it would refuse the wish as invalid also if nothing were there, and returns how. Validation
// comes before the look for an object of the same name, which answers that it exists.
func refusedAlone[T any, P Object[T]](ctx context.Context, b *Batch, wish *wish) error {
	alone := P(new(T))
	if err := json.Unmarshal(wish.json, alone); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	err := b.door.Client.Create(ctx, alone, client.DryRunAll, client.FieldOwner(b.door.FieldOwner))
	if refusedAsInvalid(err) {
		return err
	}
	return nil
}

// refusedAsInvalid is a 422 of the server's own validation that is about the object, not about our precondition on its UID.
func refusedAsInvalid(err error) bool {
	return apierrors.IsInvalid(err) && !outdated(err) && !ByWebhook(err)
}

// ByWebhook reports whether an error is an admission webhook's, whatever its code is and whatever fields it names: it is not
// the schema's, and it may be lifted. The server puts these words before the webhook's:
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go
func ByWebhook(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && strings.HasPrefix(status.Status().Message, "admission webhook ")
}
