package controller

import (
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// longestYield is how long a new Microservice stands back with its first report: it reports at the next look after that.
const longestYield = 10 * time.Second

// behindOthers has a Microservice wait until nobody else does, or until something happens to it, and at least so long that
// standing back costs nothing.
var behindOthers = ctrl.Result{RequeueAfter: 20 * time.Millisecond, Priority: new(handler.LowPriority)}

// yields says that a new Microservice, whose children are written, reports at its next turn, because others of its
// namespace wait for theirs. By then there is often more to tell in the same write: that it is ready.
func (r *MicroserviceReconciler) yields(ms *v1alpha1.Microservice, seen *status.Observation) bool {
	key := client.ObjectKeyFromObject(ms)
	if ms.Status.ObservedGeneration < 1 && seen.Deployment != nil && seen.Applied && seen.Problem == nil &&
		r.queue != nil && r.queue.waits(ms.Namespace) && r.births.of(key, struct{}{}) < longestYield {
		return true
	}
	r.births.forget(key)
	return false
}
