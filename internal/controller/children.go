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

// staleAfter is how long the caches may be behind the operator's own writes before the API server is read instead.
const staleAfter = 10 * time.Second

// children are the children of one Microservice, by kind. What does not exist is absent. Objects are the cache's own and
// are not changed.
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

// reader returns what to read a Microservice and its children from. If our last writes have not been observed by the
// caches, it returns how long to wait instead: a reconcile from older state would repeat or revert them. The event that is
// missing enqueues the Microservice again. Where it does not come, each attempt reads the API server for the kinds in question.
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

// read returns a Microservice and its children. The Microservice is nil where there is nothing to do: it is gone, or it is
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

// applyChildren applies the children and puts the answers in the place of the current ones. One child's failure does not
// stop the others, with one exception, fail closed: no pod starts, and none changes, without its ServiceAccount and
// NetworkPolicy. An autoscaler is deleted before the number of replicas is sent; otherwise its controller would overwrite
// it. It returns how long the number has to wait for that. Nothing is pruned while a write has failed.
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

// prune deletes what is no longer wanted, but for a ServiceAccount that was made for this Microservice and that the spec names
// now: the pods go on with it.
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

// missingPrerequisites reports whether pods would run without a child that they must not run without. A parked Deployment has none.
func missingPrerequisites(b *apply.Batch, ms *v1alpha1.Microservice) bool {
	return b.Failed(prerequisiteNames...) && !ms.Spec.Parked()
}

// ifControlledBy returns the child if the Microservice controls it, else nil: what belongs to somebody else says nothing
// about this Microservice.
func ifControlledBy[T any, P apply.Object[T]](ms *v1alpha1.Microservice, child P) P {
	if child == nil || !metav1.IsControlledBy(child, ms) {
		return nil
	}
	return child
}
