package controller

import (
	"context"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/podreader"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// maxDiagnosisInterval is the longest time between two reads of the pods. They are read when a Deployment has been unchanged
// for settledAfter, then at growing intervals: pods change without their Deployment.
const maxDiagnosisInterval = time.Minute

// diagnosePods adds the pods of a rollout without progress to the observation. It returns when to read them again, 0 for never.
func (r *MicroserviceReconciler) diagnosePods(ctx context.Context, ms *v1alpha1.Microservice, o *status.Observation, unchanged time.Duration) time.Duration {
	if status.Recovering(ms, o) {
		return r.countRestarted(ctx, o)
	}
	if !status.LacksPods(ms, o) {
		return 0
	}
	if !o.Settled {
		return settledAfter - unchanged
	}
	pods, err := podreader.Reader{Reader: r.APIReader}.Newest(ctx, o.Deployment)
	if err != nil {
		log.FromContext(ctx).Error(err, "Pods could not be read")
	} else {
		o.Pods = pods
	}
	return min(unchanged, maxDiagnosisInterval)
}

// countRestarted adds the pods, and how many have just restarted, to the observation. It returns when the first of them counts as
// available, 0 if all do.
func (r *MicroserviceReconciler) countRestarted(ctx context.Context, o *status.Observation) (wait time.Duration) {
	pods, err := podreader.Reader{Reader: r.APIReader}.Newest(ctx, o.Deployment)
	if err != nil {
		log.FromContext(ctx).Error(err, "Pods could not be read")
		return 0
	}
	o.PodsCounted, o.Pods.Items = true, pods.Items
	o.JustRestarted, wait = podreader.JustRestarted(pods.Items, time.Now())
	return wait
}
