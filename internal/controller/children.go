package controller

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// children are those of one Microservice, as the cache or the server last showed them. They are read only; nil is not
// there.
type children struct {
	serviceAccount   *corev1.ServiceAccount
	networkPolicy    *networkingv1.NetworkPolicy
	service          *corev1.Service
	disruptionBudget *policyv1.PodDisruptionBudget
	deployment       *appsv1.Deployment
	autoscaler       *autoscalingv2.HorizontalPodAutoscaler
}

// childKinds are one object of each kind that a Microservice may have.
func childKinds() []client.Object {
	return []client.Object{
		&corev1.ServiceAccount{}, &networkingv1.NetworkPolicy{}, &corev1.Service{},
		&policyv1.PodDisruptionBudget{}, &appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{},
	}
}

// write makes the children as wanted, says what is there then, and how long the number of replicas has to wait. A nil
// observation means that there is nothing to report: the read failed, or the Microservice or its namespace is going away.
func (r *MicroserviceReconciler) write(ctx context.Context, ms *v1alpha1.Microservice) (*status.Observation, time.Duration, error) {
	var live *children
	key := client.ObjectKeyFromObject(ms)
	err := r.inTime(ctx, &r.lateChildren, key, func(ctx context.Context, from client.Reader) (err error) {
		live, err = read(ctx, from, key)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	around, err := r.look(ctx, ms, live)
	if errors.Is(err, errNotWatchedYet) {
		return nil, 0, nil
	}
	if err != nil {
		seen := r.observe(ms, live, nil, nil)
		seen.Problem = unreadable(err)
		return seen, 0, err
	}
	wanted, err := resources.For(resources.Input{
		Microservice: ms, Settings: r.Settings, Dependencies: around.dependencies, Dependents: around.dependents,
		Patches: r.patches,
	})
	if err != nil {
		seen := r.observe(ms, live, around, nil)
		seen.Problem = invalidSpec(err)
		return seen, 0, reconcile.TerminalError(err)
	}
	if len(around.awaited) > 0 {
		wanted.Deployment, wanted.Autoscaler = nil, nil
	}
	batch := r.Door.Begin(ms, ms.Spec.Paused)
	handover := r.put(ctx, batch, ms, wanted, live)
	if over(batch.Changes()) {
		return nil, 0, nil
	}
	seen := r.observe(ms, live, around, batch)
	seen.Applied = seen.Applied && handover == 0
	return seen, handover, retry(batch.Changes())
}

func read(ctx context.Context, from client.Reader, key types.NamespacedName) (*children, error) {
	live := &children{}
	for _, err := range []error{
		get(ctx, from, key, &live.serviceAccount),
		get(ctx, from, key, &live.networkPolicy),
		get(ctx, from, key, &live.service),
		get(ctx, from, key, &live.disruptionBudget),
		get(ctx, from, key, &live.deployment),
		get(ctx, from, key, &live.autoscaler),
	} {
		if err != nil {
			return nil, err
		}
	}
	return live, nil
}

func get[T any, P apply.Object[T]](ctx context.Context, reader client.Reader, key types.NamespacedName, into *P) error {
	child := P(new(T))
	if err := reader.Get(ctx, key, child, client.UnsafeDisableDeepCopy); err != nil {
		if apierrors.IsNotFound(err) {
			return nil
		}
		return fmt.Errorf("reading %T %s: %w", child, key, err)
	}
	*into = child
	return nil
}

// put is the order of writes. One child's failure does not stop the others, with one exception, fail closed: no pod
// starts, and none changes, without the ServiceAccount and NetworkPolicy that it shall have; a parked Deployment starts
// none. An autoscaler that goes is gone for a moment before the number of replicas is sent, or it would answer with its
// own; one that comes finds the Deployment. What is no longer wanted goes when everything else is in place.
func (r *MicroserviceReconciler) put(ctx context.Context, b *apply.Batch, ms *v1alpha1.Microservice, wanted *resources.Set, live *children) (handover time.Duration) {
	if wanted.ServiceAccount != nil {
		live.serviceAccount = apply.Put(ctx, b, wanted.ServiceAccount, live.serviceAccount)
	}
	if wanted.NetworkPolicy != nil {
		live.networkPolicy = apply.Put(ctx, b, wanted.NetworkPolicy, live.networkPolicy)
	}
	if wanted.Service != nil {
		live.service = apply.Put(ctx, b, wanted.Service, live.service)
	}
	if wanted.DisruptionBudget != nil {
		live.disruptionBudget = apply.Put(ctx, b, wanted.DisruptionBudget, live.disruptionBudget)
	}
	if wanted.Autoscaler == nil {
		handover = r.removeAutoscaler(ctx, b, ms, live.autoscaler)
	}
	if wanted.Deployment != nil && !unguarded(b, ms) && !b.Failed(kindAutoscaler) && handover == 0 {
		live.deployment = apply.Put(ctx, b, wanted.Deployment, live.deployment, sizeOption(ms)...)
	}
	if wanted.Autoscaler != nil {
		live.autoscaler = apply.Put(ctx, b, wanted.Autoscaler, live.autoscaler)
	}
	if !b.Failed() {
		prune(ctx, b, wanted, live)
	}
	return handover
}

// The kinds whose failure decides over others.
const (
	kindDeployment = "Deployment"
	kindAutoscaler = "HorizontalPodAutoscaler"
)

// guards are the kinds without which no pod is started or changed.
var guards = []string{"ServiceAccount", "NetworkPolicy"}

// unguarded says that pods would run without the ServiceAccount or NetworkPolicy that they shall have.
func unguarded(b *apply.Batch, ms *v1alpha1.Microservice) bool {
	return b.Failed(guards...) && !ms.Spec.Parked()
}

func sizeOption(ms *v1alpha1.Microservice) []apply.Option {
	if !ms.Spec.Autoscaled() {
		return nil
	}
	return []apply.Option{apply.AutoscaledFrom(ms.Spec.GuaranteedReplicas())}
}

func prune(ctx context.Context, b *apply.Batch, wanted *resources.Set, live *children) {
	if wanted.ServiceAccount == nil {
		apply.Remove(ctx, b, live.serviceAccount)
	}
	if wanted.NetworkPolicy == nil {
		apply.Remove(ctx, b, live.networkPolicy)
	}
	if wanted.Service == nil {
		apply.Remove(ctx, b, live.service)
	}
	if wanted.DisruptionBudget == nil {
		apply.Remove(ctx, b, live.disruptionBudget)
	}
}

// observe leaves out what belongs to somebody else: it says nothing about this Microservice. around is nil where it could
// not be looked at, b where nothing was written.
func (r *MicroserviceReconciler) observe(ms *v1alpha1.Microservice, live *children, around *neighbours, b *apply.Batch) *status.Observation {
	seen := &status.Observation{
		Deployment:    ours(ms, live.deployment),
		Service:       ours(ms, live.service),
		Autoscaler:    ours(ms, live.autoscaler),
		ClusterDomain: r.Settings.ClusterDomain,
	}
	if around == nil {
		remember(ms, seen)
	} else {
		around.publish(ms, seen)
	}
	if b == nil {
		return seen
	}
	seen.Problem = problem(ms, b.Changes())
	if ms.Spec.Paused {
		seen.Pending = pending(b.Changes())
	}
	seen.Rewritten = slices.ContainsFunc(b.Changes(), func(c apply.Change) bool { return c.Kind == kindDeployment })
	seen.Applied = !b.Failed(kindDeployment, kindAutoscaler) && !unguarded(b, ms)
	return seen
}

func ours[T any, P apply.Object[T]](ms *v1alpha1.Microservice, live P) P {
	if live == nil || !metav1.IsControlledBy(live, ms) {
		return nil
	}
	return live
}

// forget drops what is remembered of a Microservice that is gone.
func (r *MicroserviceReconciler) forget(key types.NamespacedName) {
	r.rest.forget(key)
	r.still.forget(key)
	r.handovers.forget(key)
	r.births.forget(key)
	r.late.forget(key)
	r.lateChildren.forget(key)
	r.told.forget(key)
	r.Door.Forget(key)
	r.services.forget(key)
}
