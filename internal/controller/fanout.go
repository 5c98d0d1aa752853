package controller

import (
	"cmp"
	"context"
	"maps"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/priorityqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Indexes of the Microservices in the cache.
const (
	// indexTargets leads from the key of a Microservice to those that name it.
	indexTargets = "targets"
	// indexSelectors has those whose consent depends on the labels of namespaces.
	indexSelectors = "selectors"
	yes            = "yes"
)

func indexByTarget(o client.Object) []string {
	var keys []string
	for _, key := range dependency.Targets(o.(*v1alpha1.Microservice), dependency.Microservice) {
		keys = append(keys, key.String())
	}
	return keys
}

func indexBySelector(o client.Object) []string {
	if dependency.SelectsNamespaces(o.(*v1alpha1.Microservice)) {
		return []string{yes}
	}
	return nil
}

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// enqueue puts Microservices behind those that somebody has just edited.
func enqueue(q queue, keys ...dependency.Key) {
	for _, key := range keys {
		request := reconcile.Request{NamespacedName: key}
		if prioritised, ok := q.(priorityqueue.PriorityQueue[reconcile.Request]); ok {
			prioritised.AddWithOpts(priorityqueue.AddOpts{Priority: new(handler.LowPriority)}, request)
		} else {
			q.Add(request)
		}
	}
}

// neighbourHandler looks again at the neighbours of a Microservice for whom a change of it is visible. When the operator
// starts it does nothing: everything is looked at then.
func (r *MicroserviceReconciler) neighbourHandler() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if !e.IsInInitialList {
				r.spread(ctx, q, nil, e.Object.(*v1alpha1.Microservice))
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			r.spread(ctx, q, e.ObjectOld.(*v1alpha1.Microservice), e.ObjectNew.(*v1alpha1.Microservice))
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			r.spread(ctx, q, e.Object.(*v1alpha1.Microservice), nil)
		},
	}
}

// spread goes both ways: to what asks something of the Microservice, and to what it asks something of. nil is not there.
func (r *MicroserviceReconciler) spread(ctx context.Context, q queue, before, after *v1alpha1.Microservice) {
	if dependency.LooksTheSame(before, after) {
		return
	}
	concerned, err := r.concerned(ctx, before, after)
	if err != nil {
		log.FromContext(ctx).Error(err, "Dependents cannot be told of a change")
		return
	}
	enqueue(q, concerned...)
	enqueue(q, dependency.Retargeted(before, after)...)
	if dependency.EdgesChanged(before, after) {
		r.cycles.outdate()
	}
}

// concerned are the dependents that can see the change of a Microservice.
func (r *MicroserviceReconciler) concerned(ctx context.Context, before, after *v1alpha1.Microservice) ([]dependency.Key, error) {
	naming, err := r.naming(ctx, dependency.KeyOf(cmp.Or(after, before)))
	if err != nil {
		return nil, err
	}
	var known dependency.Namespaces
	if selects(before) || selects(after) {
		if known, err = r.namespaces(ctx, namespacesOf(naming)); err != nil {
			return nil, err
		}
	}
	var keys []dependency.Key
	for _, dependent := range naming {
		if dependency.Concerns(dependent, before, after, known) {
			keys = append(keys, dependency.KeyOf(dependent))
		}
	}
	return keys, nil
}

func selects(ms *v1alpha1.Microservice) bool {
	return ms != nil && dependency.SelectsNamespaces(ms)
}

// namespaceHandler looks again at both sides of every consent that new labels of a namespace change.
func (r *MicroserviceReconciler) namespaceHandler() handler.EventHandler {
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) {
			if !e.IsInInitialList {
				r.relabelled(ctx, q, e.Object.GetName(), nil, e.Object.GetLabels())
			}
		},
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			if !maps.Equal(e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels()) {
				r.relabelled(ctx, q, e.ObjectNew.GetName(), e.ObjectOld.GetLabels(), e.ObjectNew.GetLabels())
			}
		},
	}
}

func (r *MicroserviceReconciler) relabelled(ctx context.Context, q queue, namespace string, before, after labels.Set) {
	selecting, err := r.list(ctx, client.MatchingFields{indexSelectors: yes})
	if err != nil {
		log.FromContext(ctx).Error(err, "Microservices cannot be told of a namespace's labels", "namespace", namespace)
		return
	}
	for _, ms := range selecting {
		if dependency.Admits(ms, namespace, dependency.Namespaces{namespace: before}) ==
			dependency.Admits(ms, namespace, dependency.Namespaces{namespace: after}) {
			continue
		}
		r.cycles.outdate()
		enqueue(q, dependency.KeyOf(ms))
		naming, err := r.naming(ctx, dependency.KeyOf(ms))
		if err != nil {
			log.FromContext(ctx).Error(err, "Dependents cannot be told of a namespace's labels", "namespace", namespace)
			return
		}
		for _, dependent := range naming {
			if dependent.Namespace == namespace {
				enqueue(q, dependency.KeyOf(dependent))
			}
		}
	}
}
