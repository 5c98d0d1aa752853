package topology

import (
	"cmp"
	"context"
	"maps"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Queue is the controller's work queue.
type Queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// Enqueue adds Microservices with low priority, after those that somebody has just edited.
func Enqueue(q Queue, keys ...dependency.Key) {
	enqueue(q, handler.LowPriority, keys...)
}

func enqueue(q Queue, priority int, keys ...dependency.Key) {
	for _, key := range keys {
		request := reconcile.Request{NamespacedName: key}
		if prioritised, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
			prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: &priority}, request)
		} else {
			q.Add(request)
		}
	}
}

// MicroserviceHandler enqueues the neighbours that are affected by a change of a Microservice. In the initial list, where
// everything is enqueued with low priority, it raises those whose spec no operator has observed.
func (r *Resolver) MicroserviceHandler() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q Queue) {
			ms := e.Object.(*v1alpha1.Microservice)
			switch {
			case !e.IsInInitialList:
				r.enqueueAffected(ctx, q, nil, ms)
			case ms.Status.ObservedGeneration != ms.Generation:
				enqueue(q, 0, dependency.KeyOf(ms))
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q Queue) {
			r.enqueueAffected(ctx, q, e.ObjectOld.(*v1alpha1.Microservice), e.ObjectNew.(*v1alpha1.Microservice))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q Queue) {
			r.enqueueAffected(ctx, q, e.Object.(*v1alpha1.Microservice), nil)
		},
	}
}

// enqueueAffected enqueues the dependents and the dependencies that a change of a Microservice affects. before or after is nil
// if it does not exist.
func (r *Resolver) enqueueAffected(ctx context.Context, q Queue, before, after *v1alpha1.Microservice) {
	if dependency.NoVisibleChange(before, after) {
		return
	}
	r.arrivals.observe(before, after)
	affected, err := r.affectedDependents(ctx, before, after)
	if err != nil {
		log.FromContext(ctx).Error(err, "Dependents cannot be told of a change")
		return
	}
	Enqueue(q, affected...)
	Enqueue(q, dependency.TargetsWithChangedPorts(before, after)...)
	if dependency.EdgesChanged(before, after) {
		r.cycles.invalidate()
	}
}

func (r *Resolver) affectedDependents(ctx context.Context, before, after *v1alpha1.Microservice) ([]dependency.Key, error) {
	referrers, err := graphIndex{r.cache}.referrers(ctx, dependency.KeyOf(cmp.Or(after, before)))
	if err != nil {
		return nil, err
	}
	var namespaces dependency.Namespaces
	if selects(before) || selects(after) {
		if namespaces, err = r.namespaces.labels(ctx, namespacesOf(referrers)); err != nil {
			return nil, err
		}
	}
	var keys []dependency.Key
	for _, dependent := range referrers {
		if dependency.AffectedBy(dependent, before, after, namespaces) {
			keys = append(keys, dependency.KeyOf(dependent))
		}
	}
	return keys, nil
}

// DeploymentHandler enqueues the dependents of a Microservice when the ports of its pods change. A new Deployment has the ports
// of the spec, whose change enqueues them already.
func (r *Resolver) DeploymentHandler() handler.EventHandler {
	tell := func(ctx context.Context, q Queue, before, after *appsv1.Deployment) {
		if dependency.SamePorts(before, after) {
			return
		}
		dependents, err := graphIndex{r.cache}.referrers(ctx, types.NamespacedName{Namespace: before.Namespace, Name: before.Name})
		if err != nil {
			log.FromContext(ctx).Error(err, "Dependents cannot be told of the ports of pods")
			return
		}
		for _, dependent := range dependents {
			Enqueue(q, dependency.KeyOf(dependent))
		}
	}
	return handler.Funcs{
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q Queue) {
			tell(ctx, q, e.ObjectOld.(*appsv1.Deployment), e.ObjectNew.(*appsv1.Deployment))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q Queue) {
			tell(ctx, q, e.Object.(*appsv1.Deployment), nil)
		},
	}
}

func selects(ms *v1alpha1.Microservice) bool {
	return ms != nil && dependency.SelectsNamespaces(ms)
}

// NamespaceHandler enqueues both sides of every consent that changed labels of a namespace affect.
func (r *Resolver) NamespaceHandler() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q Queue) {
			if !e.IsInInitialList {
				r.enqueueForLabels(ctx, q, e.Object.GetName(), nil, e.Object.GetLabels())
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q Queue) {
			if !maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) {
				r.enqueueForLabels(ctx, q, e.ObjectNew.GetName(), e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
			}
		},
	}
}

func (r *Resolver) enqueueForLabels(ctx context.Context, q Queue, namespace string, before, after labels.Set) {
	index := graphIndex{r.cache}
	selecting, err := index.selecting(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "Microservices cannot be told of a namespace's labels", "namespace", namespace)
		return
	}
	for _, ms := range selecting {
		if dependency.Admits(ms, namespace, dependency.Namespaces{namespace: before}) ==
			dependency.Admits(ms, namespace, dependency.Namespaces{namespace: after}) {
			continue
		}
		r.cycles.invalidate()
		Enqueue(q, dependency.KeyOf(ms))
		referrers, err := index.referrers(ctx, dependency.KeyOf(ms))
		if err != nil {
			log.FromContext(ctx).Error(err, "Dependents cannot be told of a namespace's labels", "namespace", namespace)
			return
		}
		for _, dependent := range referrers {
			if dependent.Namespace == namespace {
				Enqueue(q, dependency.KeyOf(dependent))
			}
		}
	}
}
