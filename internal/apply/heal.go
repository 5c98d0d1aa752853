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

// A field that another manager set beside ours can make the object invalid: another handler of a probe, a value beside a
// valueFrom, a second port of one name. Server-side apply keeps such a field, so every later apply would be refused, whatever
// the spec says.

// heal handles a refusal as invalid: it takes over the fields of others that may have caused it, the fewest first, and sends
// the desired state again, which removes those that are not desired. It returns the refusal unchanged if no other manager owns
// such a field, or if the desired state is invalid by itself: a wrong spec must not cost others their fields. If nothing helps,
// the error is a *ForeignFieldError.
func heal[T any, P Object[T]](ctx context.Context, b *Batch, in *intent, refusal error) (P, error) {
	desired, err := in.object()
	if err != nil {
		return nil, err
	}
	filters := takeOverFilters(refusal, desired)
	if len(filters) == 0 {
		return nil, refusal
	}
	current, err := readWithManagedFields[T, P](ctx, b, in)
	if err != nil || !metav1.IsControlledBy(current, b.owner) {
		return nil, refusal
	}
	asked := false
	for _, filter := range filters {
		of := func(*metav1.ManagedFieldsEntry) pathFilter { return filter }
		entries, managers, err := b.applier.ownedByUs(current.GetManagedFields(), of)
		if err != nil {
			return nil, err
		}
		if len(managers) == 0 {
			continue
		}
		if !asked {
			if err := validateAlone[T, P](ctx, b, in); err != nil {
				return nil, err
			}
			asked = true
		}
		if err := b.applier.takeOver(ctx, current, entries); err != nil {
			return nil, &ForeignFieldError{Managers: managers, Err: err}
		}
		answer, err := serverSideApply[T, P](ctx, b, in, b.guardedUpdate(in, current))
		if !isInvalidObject(err) {
			return answer, err
		}
		refusal = &ForeignFieldError{Managers: managers, Err: err}
	}
	return nil, refusal
}

// readWithManagedFields reads the object. If its managedFields were removed, an empty apply makes the server fill them in
// again.
func readWithManagedFields[T any, P Object[T]](ctx context.Context, b *Batch, in *intent) (P, error) {
	current := P(new(T))
	if err := b.applier.APIReader.Get(ctx, in.key, current); err != nil || len(current.GetManagedFields()) > 0 {
		return current, err
	}
	object, err := decodeObject(in.json)
	if err != nil {
		return nil, err
	}
	nothing := rawObject{"apiVersion": object["apiVersion"], "kind": object["kind"]}
	if err := nothing.set("metadata", map[string]any{"name": in.key.Name, "namespace": in.key.Namespace, "uid": current.GetUID()}); err != nil {
		return nil, err
	}
	body, err := json.Marshal(nothing)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	return current, b.applier.Client.Patch(ctx, current, client.RawPatch(types.ApplyPatchType, body), client.FieldOwner(b.applier.FieldOwner))
}

// validateAlone asks the server, in a dry run, whether the desired state would be invalid even if no object existed, and
// returns that error. Validation runs before the check for an existing object.
func validateAlone[T any, P Object[T]](ctx context.Context, b *Batch, in *intent) error {
	alone := P(new(T))
	if err := json.Unmarshal(in.json, alone); err != nil {
		return fmt.Errorf("decoding: %w", err)
	}
	err := b.applier.Client.Create(ctx, alone, client.DryRunAll, client.FieldOwner(b.applier.FieldOwner))
	if isInvalidObject(err) {
		return err
	}
	return nil
}

// isInvalidObject reports whether the server's own validation rejected the object with 422, and not our precondition on its
// UID.
func isInvalidObject(err error) bool {
	return apierrors.IsInvalid(err) && !outdated(err) && !IsFromWebhook(err)
}

// IsFromWebhook reports whether an error comes from an admission webhook, whatever its code and fields: it is not the schema's,
// and can be lifted. The server adds this prefix:
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/errors/statuserror.go
func IsFromWebhook(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && strings.HasPrefix(status.Status().Message, "admission webhook ")
}
