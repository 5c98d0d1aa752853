package controller

import (
	"time"

	ctrl "sigs.k8s.io/controller-runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// behindOthers is what a Microservice waits for its next turn: as long as those that wait already take.
var behindOthers = ctrl.Result{RequeueAfter: time.Nanosecond}

// yields says that a new Microservice, whose children were just written, reports at its next turn, because others wait for
// their children. By then there is often more to tell in the same write: that it is ready.
func (r *MicroserviceReconciler) yields(ms *v1alpha1.Microservice, seen *status.Observation) bool {
	return ms.Status.ObservedGeneration < 1 && seen.Rewritten && seen.Applied && seen.Problem == nil &&
		r.queue != nil && r.queue.Len() > 0
}
