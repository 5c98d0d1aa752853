package controller

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// report writes the status if it says something new, and tells of transitions after that. It returns how long to wait
// before numbers that are still moving are looked at again.
func (r *MicroserviceReconciler) report(ctx context.Context, ms *v1alpha1.Microservice, seen *status.Observation) (time.Duration, error) {
	key := client.ObjectKeyFromObject(ms)
	next := status.Compute(ms, *seen, metav1.Now().Rfc3339Copy())
	switch status.Compare(&ms.Status, &next) {
	case status.Same:
		r.rest.forget(key)
		return 0, nil
	case status.Minor:
		if wait := restAfter - r.rest.of(key, numbersOf(&next)); wait > 0 && !status.AtRest(seen.Deployment) {
			return wait, nil
		}
	}
	if err := r.writeStatus(ctx, ms, &next); err != nil {
		return 0, client.IgnoreNotFound(err)
	}
	r.rest.forget(key)
	r.announce(ms, &next, seen)
	return 0, nil
}

// writeStatus owns every field of status and nothing else. The UID keeps it off a new object of the same name.
func (r *MicroserviceReconciler) writeStatus(ctx context.Context, ms *v1alpha1.Microservice, next *v1alpha1.MicroserviceStatus) error {
	body, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.SchemeGroupVersion.String(),
		"kind":       "Microservice",
		"metadata":   map[string]any{"namespace": ms.Namespace, "name": ms.Name, "uid": ms.UID},
		"status":     next,
	})
	if err != nil {
		return fmt.Errorf("encoding status: %w", err)
	}
	answer := &v1alpha1.Microservice{}
	answer.Namespace, answer.Name = ms.Namespace, ms.Name
	if err := r.Status().Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, body),
		client.FieldOwner(FieldOwner), client.ForceOwnership); err != nil {
		return fmt.Errorf("writing status: %w", err)
	}
	r.Door.Saw(answer)
	return nil
}
