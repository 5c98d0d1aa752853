package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/podreader"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// maxDiagnosisInterval is the longest time between two reads of the pods. They are read when a Deployment has stood still
// for settledAfter, and again after as long as it has stood still by then: pods change without their Deployment.
const maxDiagnosisInterval = time.Minute

// diagnosePods adds the pods of a rollout that stands still to the observation, and returns when to come back; 0 is not to.
func (r *MicroserviceReconciler) diagnosePods(ctx context.Context, ms *v1alpha1.Microservice, o *status.Observation, unchanged time.Duration) time.Duration {
	if !status.Stuck(ms, o) {
		return 0
	}
	if !o.Settled {
		return settledAfter - unchanged
	}
	pods, err := podreader.Reader{Reader: r.Live}.Newest(ctx, o.Deployment)
	if err != nil {
		log.FromContext(ctx).Error(err, "Pods could not be read")
	} else {
		o.Pods = pods
	}
	return min(unchanged, maxDiagnosisInterval)
}
