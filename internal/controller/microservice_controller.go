// Package controller wires the pure packages to the cluster. It is the only package that knows all others.
package controller

import (
	"context"
	"time"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// FieldOwner is the operator's one field manager, of children and of status.
const FieldOwner = "microservice-operator"

// MicroserviceReconciler reconciles Microservices: it applies their children and reports their status.
type MicroserviceReconciler struct {
	// Client reads the caches and writes the status.
	client.Client
	// Live reads past every cache: the pods of a rollout that stands still, and what a watch does not tell.
	Live client.Reader
	// Door writes the children.
	Door *apply.Door
	// Topology finds the neighbours of a Microservice.
	Topology *topology.Resolver
	// Consistency knows whether the caches have seen the last writes.
	Consistency *consistency.Store
	// Recorder records events.
	Recorder events.EventRecorder
	// Settings are the operator's.
	Settings resources.Settings

	// What follows is lost in a restart. Then numbers and pods wait for settledAfter anew, and the number of replicas is
	// sent without waiting after an autoscaler that was deleted just before; its controller may answer once with its own.

	// settled tells since when a Deployment has not changed, by its resource version.
	settled unchangedSince[string]
	// autoscalerDeleted tells since when an autoscaler is gone.
	autoscalerDeleted unchangedSince[struct{}]
	patches           *resources.Patches
}

// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/status,verbs=patch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=pods;events,verbs=list
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile reads a Microservice and its children, resolves its dependencies, builds and applies what it needs, and reports
// what is there then. It sends no request when everything is in place. Deleting needs no work: owner references do it.
func (r *MicroserviceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	reader, wait := r.reader(ctx, req.NamespacedName)
	if wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	ms, current, err := r.read(ctx, reader, req.NamespacedName)
	if err != nil || ms == nil {
		return ctrl.Result{}, err
	}
	neighbours, err := r.Topology.Resolve(ctx, ms, current.deployment())
	if topology.IsNotSynced(err) {
		return ctrl.Result{}, nil // it is enqueued again when the Service has been read
	}
	if err != nil {
		return r.report(ctx, ms, observeUnresolved(ms, current, err), 0, err)
	}
	desired, err := r.build(ms, neighbours)
	if err != nil {
		return r.report(ctx, ms, observeInvalid(ms, current, neighbours, err), 0, reconcile.TerminalError(err))
	}
	batch := r.Door.Begin(ms, ms.Spec.Paused)
	wait = r.applyChildren(ctx, batch, ms, desired, current)
	if isTerminating(batch.Changes()) {
		return ctrl.Result{}, nil
	}
	observation := observe(ms, current, neighbours, batch)
	observation.Applied = observation.Applied && wait == 0
	return r.report(ctx, ms, observation, wait, retryError(batch.Changes()))
}

// build returns the children that ms needs. While its first start is held, it needs no Deployment and no autoscaler.
func (r *MicroserviceReconciler) build(ms *v1alpha1.Microservice, n *topology.Neighbours) (*resources.Set, error) {
	desired, err := resources.For(resources.Input{
		Microservice: ms, Settings: r.Settings, Dependencies: n.Dependencies, Dependents: n.Dependents, Patches: r.patches,
	})
	if err == nil && len(n.Awaited) > 0 {
		desired.Deployment, desired.Autoscaler = nil, nil
	}
	return desired, err
}

// shorter returns the shorter of two times to wait; 0 is none.
func shorter(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}

// forget drops what is remembered of a Microservice that is gone.
func (r *MicroserviceReconciler) forget(key client.ObjectKey) {
	r.settled.forget(key)
	r.autoscalerDeleted.forget(key)
	r.Door.Forget(key)
	r.Topology.Forget(key)
	r.Consistency.Forget(key)
}
