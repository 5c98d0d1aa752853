package status

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

const (
	scaledToZeroMessage     = "Scaled to 0 by its own autoscaler (spec.autoscaling.external): nothing runs until that scales it up"
	startingFromZeroMessage = "Its own autoscaler ended the time at 0, and the first replica is starting"
)

// externalCondition tells who decides the number of replicas. Whether that controller works is not known: it may be of any kind.
func externalCondition(ms *v1alpha1.Microservice, o Observation) metav1.Condition {
	c := metav1.Condition{
		Type:    v1alpha1.ConditionAutoscaling,
		Status:  metav1.ConditionTrue,
		Reason:  v1alpha1.ReasonExternal,
		Message: "A controller of yours decides the number of replicas, not the operator (spec.autoscaling.external)",
	}
	if d := o.Deployment; d != nil {
		c.Message += fmt.Sprintf(": it wants %d", replicas(d))
		if missesGuarantee(ms, d) {
			c.Message += fmt.Sprintf(", and minReplicas says at least %d", ms.Spec.GuaranteedReplicas())
		}
	}
	return c
}

// scaledToZero reports whether a controller of the user's stopped all replicas, and may do so.
func scaledToZero(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	return ms.Spec.ScaledExternally() && ms.Spec.GuaranteedReplicas() == 0 && replicas(d) == 0
}

// startingFromZero reports whether a Deployment that was scaled to zero has no available replica yet, and nothing is known that
// keeps them from starting. Those who depend on it are not told: its owner says that zero is normal.
func startingFromZero(ms *v1alpha1.Microservice, o Observation) bool {
	before := available(&ms.Status)
	if before == nil || (before.Reason != v1alpha1.ReasonScaledToZero && before.Reason != v1alpha1.ReasonStartingFromZero) {
		return false
	}
	if !ms.Spec.ScaledExternally() || replicas(o.Deployment) == 0 || availableReplicas(o) >= minimumAvailable(ms, o.Deployment) {
		return false
	}
	failure := whyNotReady(ms, o)
	return failure == nil || mayStillStart(failure.reason)
}

// missesGuarantee reports whether a controller of the user's wants fewer replicas than it guarantees.
func missesGuarantee(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	return ms.Spec.ScaledExternally() && replicas(d) < ms.Spec.GuaranteedReplicas()
}
