// Package controller wires the pure packages to the cluster. It is the only package that knows all others.
package controller

import (
	"context"
	"slices"

	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/consistency"
	"github.com/microservice-dev/microservice-operator/internal/optional"
	"github.com/microservice-dev/microservice-operator/internal/planner"
	"github.com/microservice-dev/microservice-operator/internal/topology"
	"github.com/microservice-dev/microservice-operator/internal/unchanged"
)

// FieldOwner is the field manager of all children and of status.
const FieldOwner = "microservice-operator"

// MicroserviceReconciler reconciles Microservices: it applies their children and reports their status.
type MicroserviceReconciler struct {
	// Client reads the caches and writes the status.
	client.Client
	// APIReader reads past every cache: the pods of a rollout without progress, and objects whose watch events are missing.
	APIReader client.Reader
	// Applier writes the children.
	Applier *apply.Applier
	// Topology finds the neighbours of a Microservice.
	Topology *topology.Resolver
	// Consistency knows whether the caches have observed the last writes.
	Consistency *consistency.Store
	// Recorder records events.
	Recorder events.EventRecorder
	// Optional watches the kinds of children that the cluster may lack.
	Optional *optional.Kinds
	// Planner decides which children a Microservice needs now.
	Planner *planner.Planner

	// autoscalerDeleted tracks when an autoscaler was deleted. A restart forgets it: replicas are then sent without delay, and
	// the HPA controller may overwrite them once.
	autoscalerDeleted *unchanged.Since[struct{}]
}

// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/status,verbs=patch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/finalizers,verbs=update
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list;watch
// +kubebuilder:rbac:groups="",resources=pods;events,verbs=list
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile reads a Microservice and its children, resolves its dependencies, builds and applies the desired children, and
// reports the result. If everything is up to date it sends no request. Deletion needs no work: owner references take care of
// it.
func (r *MicroserviceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	reader, wait := r.reader(ctx, req.NamespacedName)
	if wait > 0 {
		return ctrl.Result{RequeueAfter: wait}, nil
	}
	ms, current, err := r.read(ctx, reader, req.NamespacedName)
	if err != nil || ms == nil {
		return ctrl.Result{}, err
	}
	optionals, read, err := r.readOptional(ctx, ms)
	if err != nil || !read {
		return ctrl.Result{}, err // it is enqueued again when the kind has been read
	}
	neighbours, err := r.Topology.Resolve(ctx, ms, current.deployment())
	if topology.IsNotSynced(err) {
		return ctrl.Result{}, nil // it is enqueued again when the Service has been read
	}
	if err != nil {
		observation := observeUnresolved(ms, current, err)
		r.observeOptional(observation, ms, optionals, nil, true)
		return r.report(ctx, ms, observation, 0, err)
	}
	desired, wait, err := r.Planner.Plan(ctx, ms, neighbours, ifControlledBy(ms, current.deployment()))
	if err != nil {
		observation, err := observeUnbuilt(ms, current, neighbours, err)
		r.observeOptional(observation, ms, optionals, nil, true)
		return r.report(ctx, ms, observation, 0, err)
	}
	batch := r.Applier.NewBatch(ms, ms.Spec.Paused)
	handover := r.applyChildren(ctx, batch, ms, desired, current)
	if isTerminating(batch.Changes()) {
		return ctrl.Result{}, nil
	}
	after := r.Applier.NewBatch(ms, ms.Spec.Paused)
	var further []apply.Change
	if !batch.Failed() {
		further = r.applyOptional(ctx, after, desired, optionals)
	}
	observation := observe(ms, current, neighbours, batch)
	observation.Applied = observation.Applied && handover == 0
	r.observeOptional(observation, ms, optionals, further, batch.Failed())
	all := slices.Concat(batch.Changes(), further)
	recordRestored(r.Recorder, ms, all)
	wait = planner.Sooner(planner.Sooner(wait, handover), planner.Sooner(batch.NextRestoration(), after.NextRestoration()))
	return r.report(ctx, ms, observation, wait, retryError(all))
}

// forget drops the state kept for a Microservice that is gone.
func (r *MicroserviceReconciler) forget(key client.ObjectKey) {
	r.autoscalerDeleted.Forget(key)
	r.Applier.Forget(key)
	r.Topology.Forget(key)
	r.Consistency.Forget(key)
	r.Planner.Forget(key)
}
