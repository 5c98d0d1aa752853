package controller

import (
	"context"
	"fmt"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// staleAfter is how long the caches may be behind our own writes before the API server is read instead.
const staleAfter = 10 * time.Second

// children holds the children of one Microservice by kind. A missing key means that the child does not exist. The objects are
// shared with the cache and must not be modified.
type children map[string]client.Object

func (c children) deployment() *appsv1.Deployment {
	d, _ := c[kindDeployment].(*appsv1.Deployment)
	return d
}

func (c children) service() *corev1.Service {
	s, _ := c["Service"].(*corev1.Service)
	return s
}

func (c children) autoscaler() *autoscalingv2.HorizontalPodAutoscaler {
	a, _ := c[kindAutoscaler].(*autoscalingv2.HorizontalPodAutoscaler)
	return a
}

// reader returns the reader for a Microservice and its children. If the caches have not observed our last writes it returns how
// long to wait instead: a reconcile from older state would repeat or revert them. The missing event enqueues the Microservice
// again; after staleAfter without it, each attempt reads the kinds in question from the API server.
func (r *MicroserviceReconciler) reader(ctx context.Context, key types.NamespacedName) (client.Reader, time.Duration) {
	since, behind := r.Consistency.Behind(key)
	switch {
	case !behind:
		return r.Client, 0
	case since < staleAfter:
		return nil, staleAfter - since
	default:
		log.FromContext(ctx).Info("Reading past the cache, which is behind the last write", "behind", since.String())
		return freshReader{Reader: r.Client, apiReader: r.APIReader, store: r.Consistency}, 0
	}
}

// read returns a Microservice and its children. The Microservice is nil if there is nothing to do: it does not exist, or is
// being deleted, alone or with its namespace.
func (r *MicroserviceReconciler) read(ctx context.Context, reader client.Reader, key types.NamespacedName) (*v1alpha1.Microservice, children, error) {
	ms := &v1alpha1.Microservice{}
	if err := reader.Get(ctx, key, ms, client.UnsafeDisableDeepCopy); apierrors.IsNotFound(err) {
		r.forget(key)
		return nil, nil, nil
	} else if err != nil {
		return nil, nil, fmt.Errorf("reading Microservice %s: %w", key, err)
	}
	terminating, err := r.Topology.NamespaceTerminating(ctx, ms.Namespace)
	if err != nil || terminating || !ms.DeletionTimestamp.IsZero() {
		return nil, nil, err
	}
	current := children{}
	for _, kind := range childKinds {
		child, err := kind.read(ctx, reader, key)
		if err != nil {
			return nil, nil, err
		}
		if child != nil {
			current[kind.name] = child
		}
	}
	return ms, current, nil
}

// applyChildren applies the children and replaces the current ones by the responses. A failure of one child does not stop the
// others, with one exception: no pod is started or changed without its ServiceAccount and NetworkPolicy. The autoscaler is
// deleted before replicas are sent, because its controller would overwrite them; applyChildren returns how long replicas have
// to wait for that. Nothing is pruned after a failure.
func (r *MicroserviceReconciler) applyChildren(ctx context.Context, b *apply.Batch, ms *v1alpha1.Microservice, desired *resources.Set, current children) (wait time.Duration) {
	for _, kind := range childKinds {
		var options []apply.Option
		if kind.name == kindDeployment {
			if desired.Autoscaler == nil {
				wait = r.deleteAutoscaler(ctx, b, ms, current)
			}
			if wait > 0 || missingPrerequisites(b, ms) || b.Failed(kindAutoscaler) {
				continue
			}
			options = r.sizeOptions(ms)
		}
		if d := kind.desired(desired); d != nil {
			if child := kind.apply(ctx, b, d, current[kind.name], options...); child != nil {
				current[kind.name] = child
			}
		}
	}
	if !b.Failed() {
		prune(ctx, b, ms, desired, current)
	}
	return wait
}

// prune deletes the children that are no longer desired. It keeps a ServiceAccount that was created for this Microservice if
// the pods still use it.
func prune(ctx context.Context, b *apply.Batch, ms *v1alpha1.Microservice, desired *resources.Set, current children) {
	for _, kind := range childKinds {
		if kind.name == kindServiceAccount && (ms.Spec.ServiceAccountName == ms.Name || desired.RunsAs(ms.Name)) {
			continue
		}
		if kind.prune && kind.desired(desired) == nil {
			kind.remove(ctx, b, current[kind.name])
		}
	}
}

// missingPrerequisites reports whether pods would run without a child that they must not run without. A parked Deployment has
// no pods.
func missingPrerequisites(b *apply.Batch, ms *v1alpha1.Microservice) bool {
	return b.Failed(prerequisiteNames...) && !ms.Spec.Parked()
}

// ifControlledBy returns the child if the Microservice controls it, or nil: an object of another owner says nothing about this
// Microservice.
func ifControlledBy[T any, P apply.Object[T]](ms *v1alpha1.Microservice, child P) P {
	if child == nil || !metav1.IsControlledBy(child, ms) {
		return nil
	}
	return child
}
