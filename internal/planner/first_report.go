package planner

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// firstReportAfter is how long the first status of a creation without trouble may be delayed. Tools keep waiting meanwhile,
// because the schema's default for observedGeneration is -1.
const firstReportAfter = 2 * time.Second

// FirstReportIn returns how long the first status of ms may be delayed, so that a creation without trouble takes one write; 0
// means that it is due now. d is the Deployment of ms, or nil.
func FirstReportIn(ms *v1alpha1.Microservice, d *appsv1.Deployment, next *v1alpha1.MicroserviceStatus, now time.Time) time.Duration {
	ready := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReady)
	if len(ms.Status.Conditions) > 0 || !mayBecomeReady[ready.Reason] {
		return 0
	}
	since := ms.CreationTimestamp
	if d != nil && since.Before(&d.CreationTimestamp) {
		since = d.CreationTimestamp
	}
	if age := now.Sub(since.Time); age >= 0 {
		return max(firstReportAfter-age, 0)
	}
	return 0 // the clocks differ
}

// mayBecomeReady are the reasons that a creation without trouble passes through.
var mayBecomeReady = map[string]bool{v1alpha1.ReasonRollingOut: true, v1alpha1.ReasonWaitingForDependency: true}
