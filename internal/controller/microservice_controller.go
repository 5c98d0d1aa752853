// Package controller wires the pure packages to the cluster: it reads a Microservice, has its children built, written
// and judged, and reports. It is the only package that knows all others.
package controller

import (
	"context"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// FieldOwner is the operator's one field manager, of children and of status.
const FieldOwner = "microservice-operator"

// MicroserviceReconciler makes the children of a Microservice as it asks for, and its status true.
type MicroserviceReconciler struct {
	client.Client
	// Door writes the children.
	Door *apply.Door
	// Recorder tells people of transitions.
	Recorder events.EventRecorder
	// Cache is read for neighbours: it need not have seen the operator's own writes.
	Cache client.Reader
	// Live reads past every cache: the pods of a rollout that stands still, and what the cache does not hear of.
	Live client.Reader
	// Settings are the operator's.
	Settings resources.Settings
	// Namespaces are those that it looks into; none means all.
	Namespaces sets.Set[string]

	// rest is how long a status that is not written yet says the same, still how long a Deployment that is not where it
	// shall be has not changed, handovers how long an autoscaler is gone, births how long a new Microservice stands back
	// with its first report, late and lateChildren how long the cache does not hear of it or of its children, and told of
	// which version of a late one neighbours know.
	rest               stopwatch[numbers]
	still              stopwatch[string]
	handovers          stopwatch[struct{}]
	births             stopwatch[struct{}]
	late, lateChildren stopwatch[struct{}]
	told               stopwatch[string]
	services           *services
	cycles             *cycles
	patches            *resources.Patches
	// queue has the Microservices that wait for a worker, once the controller has started.
	queue *fairQueue
}

// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices,verbs=get;list;watch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/status,verbs=patch
// +kubebuilder:rbac:groups=apps.microservice.dev,resources=microservices/finalizers,verbs=update
// +kubebuilder:rbac:groups=apps,resources=deployments,verbs=get;list;watch;create;patch
// +kubebuilder:rbac:groups="",resources=services;serviceaccounts,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=namespaces,verbs=list;watch
// +kubebuilder:rbac:groups=discovery.k8s.io,resources=endpointslices,verbs=list;watch
// +kubebuilder:rbac:groups=networking.k8s.io,resources=networkpolicies,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=policy,resources=poddisruptionbudgets,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups=autoscaling,resources=horizontalpodautoscalers,verbs=get;list;watch;create;patch;delete
// +kubebuilder:rbac:groups="",resources=pods;events,verbs=list
// +kubebuilder:rbac:groups=apps,resources=replicasets,verbs=list
// +kubebuilder:rbac:groups=events.k8s.io,resources=events,verbs=create;patch

// Reconcile sends no request when everything is in place. Deleting needs no work: owner references do it.
func (r *MicroserviceReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	ms, err := r.latest(ctx, req.NamespacedName)
	if err != nil {
		if apierrors.IsNotFound(err) {
			r.forget(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if going, err := r.namespaceGoes(ctx, ms.Namespace); err != nil || going || !ms.DeletionTimestamp.IsZero() {
		return ctrl.Result{}, err
	}
	seen, handover, writeErr := r.write(ctx, ms)
	if seen == nil {
		return ctrl.Result{}, writeErr
	}
	if writeErr == nil && r.yields(ms, seen) {
		return behindOthers, nil
	}
	look := r.lookAtPods(ctx, ms, seen)
	rest, err := r.report(ctx, ms, seen)
	if err != nil {
		return ctrl.Result{}, err
	}
	if writeErr != nil {
		return ctrl.Result{}, writeErr
	}
	return ctrl.Result{RequeueAfter: sooner(handover, sooner(look, rest))}, nil
}

// sooner is the shorter of two times to wait; 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
