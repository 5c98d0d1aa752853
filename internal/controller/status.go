package controller

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/planner"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// settledAfter is how long a Deployment must be unchanged before its counters are worth a status write, and before the pods
// that it lacks are read.
const settledAfter = 3 * time.Second

// report writes the status if it changed, and then records events for transitions. wait is the time until something that could
// not be applied yet is due, 0 for nothing; applyErr is the error of the children.
func (r *MicroserviceReconciler) report(ctx context.Context, ms *v1alpha1.Microservice, o *status.Observation, wait time.Duration, applyErr error) (ctrl.Result, error) {
	unchanged := r.Planner.Unchanged(ms, o.Deployment)
	o.Settled = unchanged >= settledAfter
	o.ClusterDomain, o.Collector = r.Planner.Settings.ClusterDomain, r.Planner.Settings.OTLP.Endpoint
	wait = planner.Sooner(wait, r.diagnosePods(ctx, ms, o, unchanged))
	now := metav1.Now()
	next := status.Compute(ms, *o, now.Rfc3339Copy())
	change, early := status.Compare(&ms.Status, &next), planner.FirstReportIn(ms, o.Deployment, &next, now.Time)
	switch {
	case early > 0:
		wait = planner.Sooner(wait, early)
	case change.Due(o):
		if err := r.writeStatus(ctx, ms, &next); err != nil {
			return ctrl.Result{}, joinRetried(applyErr, client.IgnoreNotFound(err))
		}
		recordEvents(r.Recorder, ms, &next, o)
	case change != status.Same:
		wait = planner.Sooner(wait, settledAfter-unchanged)
	}
	if applyErr != nil {
		return ctrl.Result{}, applyErr
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// joinRetried joins two errors. A terminal applyErr would prevent the retry of statusErr, so it is dropped then.
func joinRetried(applyErr, statusErr error) error {
	if statusErr != nil && errors.Is(applyErr, reconcile.TerminalError(nil)) {
		return statusErr
	}
	return errors.Join(applyErr, statusErr)
}

// writeStatus applies the whole status. The UID protects a new object of the same name, and the resourceVersion an object that
// is newer than the one that the status was computed from: the write then fails with 409 and the status is computed again.
func (r *MicroserviceReconciler) writeStatus(ctx context.Context, ms *v1alpha1.Microservice, next *v1alpha1.MicroserviceStatus) error {
	body, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.SchemeGroupVersion.String(),
		"kind":       kindMicroservice,
		"metadata": map[string]any{
			"namespace": ms.Namespace, "name": ms.Name, "uid": ms.UID, "resourceVersion": ms.ResourceVersion,
		},
		"status": next,
	})
	if err != nil {
		return fmt.Errorf("encoding status: %w", err)
	}
	answer := &v1alpha1.Microservice{}
	answer.Namespace, answer.Name = ms.Namespace, ms.Name
	if err := r.Status().Patch(ctx, answer, client.RawPatch(types.ApplyPatchType, body),
		client.FieldOwner(FieldOwner), client.ForceOwnership); err != nil {
		r.Consistency.WriteFailed(client.ObjectKeyFromObject(ms), kindMicroservice, ms.ResourceVersion)
		return fmt.Errorf("writing status: %w", err)
	}
	r.Consistency.WroteAt(client.ObjectKeyFromObject(ms), kindMicroservice, answer.ResourceVersion)
	return nil
}
