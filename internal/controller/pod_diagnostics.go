package controller

import (
	"context"
	"fmt"
	"strconv"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// maxDiagnosisInterval is the longest time between two reads of the pods. They are read when a Deployment has stood still
// for settledAfter, and again after as long as it has stood still by then: pods change without their Deployment.
const maxDiagnosisInterval = time.Minute

// At most so many pods and events are read: of more, none tells another story.
const maxPods = 100

// diagnosePods adds the pods of a rollout that stands still to the observation, and returns when to come back; 0 is not to.
// Pods are in no cache: a cluster has many, and most are well.
func (r *MicroserviceReconciler) diagnosePods(ctx context.Context, ms *v1alpha1.Microservice, o *status.Observation, unchanged time.Duration) time.Duration {
	if !status.Stuck(ms, o) {
		return 0
	}
	if !o.Settled {
		return settledAfter - unchanged
	}
	pods, err := podReader{r.Live}.newestPods(ctx, o.Deployment)
	if err != nil {
		log.FromContext(ctx).Error(err, "Pods could not be read")
	} else {
		o.Pods = pods
	}
	return min(unchanged, maxDiagnosisInterval)
}

// podReader reads pods past every cache.
type podReader struct{ client.Reader }

// newestPods are those of the newest ReplicaSet, with the warnings about the one that does not say itself what is wrong.
func (r podReader) newestPods(ctx context.Context, d *appsv1.Deployment) (status.Pods, error) {
	hash, err := r.newestHash(ctx, d)
	if err != nil || hash == "" {
		return status.Pods{Seen: err == nil}, err
	}
	pods := &corev1.PodList{}
	if err := r.List(ctx, pods, client.InNamespace(d.Namespace), client.Limit(maxPods), client.MatchingLabels{
		v1alpha1.LabelName: d.Name, appsv1.DefaultDeploymentUniqueLabelKey: hash,
	}); err != nil {
		return status.Pods{}, fmt.Errorf("listing pods: %w", err)
	}
	found := status.Pods{Seen: true, Items: pods.Items}
	suspect := status.Suspect(pods.Items)
	if suspect == nil {
		return found, nil
	}
	warnings := &corev1.EventList{}
	if err := r.List(ctx, warnings, client.InNamespace(d.Namespace), client.Limit(maxPods), client.MatchingFields{
		"involvedObject.uid": string(suspect.UID), "type": corev1.EventTypeWarning,
	}); err != nil {
		return status.Pods{}, fmt.Errorf("listing the events of pod %s: %w", suspect.Name, err)
	}
	found.Warnings = warnings.Items
	return found, nil
}

// newestHash is that of the ReplicaSet with the highest revision: after a roll-back it is not the youngest.
func (r podReader) newestHash(ctx context.Context, d *appsv1.Deployment) (string, error) {
	sets := &metav1.PartialObjectMetadataList{}
	sets.SetGroupVersionKind(appsv1.SchemeGroupVersion.WithKind("ReplicaSetList"))
	if err := r.List(ctx, sets, client.InNamespace(d.Namespace), client.MatchingLabels{v1alpha1.LabelName: d.Name}); err != nil {
		return "", fmt.Errorf("listing ReplicaSets: %w", err)
	}
	hash, newest := "", -1
	for i := range sets.Items {
		set := &sets.Items[i]
		revision, err := strconv.Atoi(set.Annotations["deployment.kubernetes.io/revision"])
		if err == nil && revision > newest && metav1.IsControlledBy(set, d) {
			hash, newest = set.Labels[appsv1.DefaultDeploymentUniqueLabelKey], revision
		}
	}
	return hash, nil
}
