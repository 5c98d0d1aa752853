// Package podreader reads the pods of a rollout without progress, in three requests, or two if the pods alone explain it.
package podreader

import (
	"context"
	"fmt"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// limit is the maximum number of pods, and of events, that are read: more would not add another cause.
const limit = 100

// Reader reads pods. It must not read from a cache: a cluster has many pods, and most are healthy.
type Reader struct{ client.Reader }

// Newest returns the pods of a Deployment's newest ReplicaSet, and the warnings about the pod that does not explain itself. The
// error is the API server's.
func (r Reader) Newest(ctx context.Context, d *appsv1.Deployment) (status.Pods, error) {
	hash, err := r.newestHash(ctx, d)
	if err != nil || hash == "" {
		return status.Pods{Read: err == nil}, err
	}
	pods := &corev1.PodList{}
	if err := r.List(ctx, pods, client.InNamespace(d.Namespace), client.Limit(limit), client.MatchingLabels{
		v1alpha1.LabelName: d.Name, appsv1.DefaultDeploymentUniqueLabelKey: hash,
	}); err != nil {
		return status.Pods{}, fmt.Errorf("listing pods: %w", err)
	}
	found := status.Pods{Read: true, Items: pods.Items}
	suspect := status.PodToInspect(pods.Items)
	if suspect == nil {
		return found, nil
	}
	warnings := &corev1.EventList{}
	if err := r.List(ctx, warnings, client.InNamespace(d.Namespace), client.Limit(limit), client.MatchingFields{
		"involvedObject.uid": string(suspect.UID), "type": corev1.EventTypeWarning,
	}); err != nil {
		return status.Pods{}, fmt.Errorf("listing the events of pod %s: %w", suspect.Name, err)
	}
	found.Warnings = warnings.Items
	return found, nil
}

// newestHash returns the pod-template-hash of the ReplicaSet with the highest revision: after a roll-back that is not the
// youngest.
func (r Reader) newestHash(ctx context.Context, d *appsv1.Deployment) (string, error) {
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
