package status

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// availableCondition counts pods of any revision: during a rollout the old ones serve.
func availableCondition(ms *v1alpha1.Microservice, o Observation) metav1.Condition {
	d := o.Deployment
	c := metav1.Condition{Type: v1alpha1.ConditionAvailable}
	switch {
	case len(o.Awaited) > 0:
		// This reason also tells a first start that waits from a Deployment that somebody deleted.
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonWaitingForDependency, "The Deployment does not exist yet: the first start waits"
	case ms.Spec.Parked():
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonParked, "spec.replicas is 0: no replica is needed"
	case d == nil:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonUnavailable, "The Deployment does not exist yet"
	case scaledToZero(ms, d):
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, scaledToZeroMessage
	case startingFromZero(ms, o):
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonStartingFromZero, startingFromZeroMessage
	case availableReplicas(o) >= minimumAvailable(ms, d):
		c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonAvailable, availableMessage(ms, o)
	default:
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, v1alpha1.ReasonUnavailable, availableMessage(ms, o)
	}
	return c
}

func availableMessage(ms *v1alpha1.Microservice, o Observation) string {
	d, available := o.Deployment, availableReplicas(o)
	// During a rollout there may be more than desired.
	count := fmt.Sprintf("%d of %d replicas are available", available, max(replicas(d), d.Status.Replicas))
	if minimum := minimumAvailable(ms, d); available < minimum {
		count = fmt.Sprintf("%s, at least %d are needed", count, minimum)
		if missesGuarantee(ms, d) {
			count += fmt.Sprintf("; its own autoscaler wants fewer than spec.autoscaling.external.minReplicas (%d)", ms.Spec.GuaranteedReplicas())
		}
	}
	return count
}

// availableReplicas does not count replicas that have just restarted: they may crash again in a moment.
func availableReplicas(o Observation) int32 {
	return max(o.Deployment.Status.AvailableReplicas-o.JustRestarted, 0)
}

// minimumAvailable implements the rule of v1alpha1.ConditionAvailable. Beyond what a controller of the user's guarantees only one
// replica counts, if it wants any: others are still starting whenever it scales up.
func minimumAvailable(ms *v1alpha1.Microservice, d *appsv1.Deployment) int32 {
	spec, wanted := &ms.Spec, ms.Spec.GuaranteedReplicas()
	if spec.ScaledExternally() {
		wanted = max(wanted, min(replicas(d), 1))
	}
	if wanted <= 1 {
		return wanted
	}
	missing := 1
	if r := spec.Rollout; r != nil && r.MaxUnavailable != nil {
		// The field's pattern leaves no value that fails here.
		if n, err := intstr.GetScaledValueFromIntOrPercent(r.MaxUnavailable, int(wanted), false); err == nil {
			missing = max(missing, n)
		}
	}
	return max(1, wanted-int32(missing))
}

// Started reports whether the first start has happened: a status was written, and does not wait for a dependency.
func Started(ms *v1alpha1.Microservice) bool {
	before := available(&ms.Status)
	return before != nil && before.Reason != v1alpha1.ReasonWaitingForDependency
}
