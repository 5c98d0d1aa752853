package controller

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// neighbours are what surrounds a Microservice in the graph.
type neighbours struct {
	dependencies []dependency.Resolution
	dependents   []dependency.Dependent
	cycle        *dependency.Cycle
	// awaited dependencies hold the first start.
	awaited []dependency.Resolution
}

// errNotWatchedYet ends a look that comes back by itself, when a Service that was named just now has been read.
var errNotWatchedYet = errors.New("a Service is not read yet")

// look finds the neighbours of ms. It reads caches only.
func (r *MicroserviceReconciler) look(ctx context.Context, ms *v1alpha1.Microservice, live *children) (*neighbours, error) {
	in := dependency.Input{
		Microservice:  ms,
		Known:         knownAddresses(ours(ms, live.deployment)),
		ClusterDomain: r.Settings.ClusterDomain,
		Limited:       r.Namespaces.Len() > 0,
	}
	var err error
	if in.Microservices, err = r.targets(ctx, ms); err != nil {
		return nil, err
	}
	if in.Services, err = r.services.targets(ms, r.seen(dependency.Targets(ms, dependency.Service))); err != nil {
		return nil, err
	}
	if in.Namespaces, err = r.namespaceOf(ctx, ms, in.Microservices); err != nil {
		return nil, err
	}
	n := &neighbours{dependencies: dependency.Resolve(in)}
	if n.dependents, err = r.dependents(ctx, ms); err != nil {
		return nil, err
	}
	if n.cycle, err = r.cycles.of(ctx, dependency.KeyOf(ms)); err != nil {
		return nil, err
	}
	if live.deployment == nil && !status.Started(ms) && !ms.Spec.Parked() {
		n.awaited = dependency.Awaited(ms, n.dependencies, n.cycle)
	}
	return n, nil
}

// seen are the keys in namespaces that the operator looks into.
func (r *MicroserviceReconciler) seen(keys []dependency.Key) []dependency.Key {
	if r.Namespaces.Len() == 0 {
		return keys
	}
	var known []dependency.Key
	for _, key := range keys {
		if r.Namespaces.Has(key.Namespace) {
			known = append(known, key)
		}
	}
	return known
}

// targets are the Microservices that ms names and that are there.
func (r *MicroserviceReconciler) targets(ctx context.Context, ms *v1alpha1.Microservice) (map[dependency.Key]*v1alpha1.Microservice, error) {
	found := map[dependency.Key]*v1alpha1.Microservice{}
	for _, key := range r.seen(dependency.Targets(ms, dependency.Microservice)) {
		target, err := r.known(ctx, key)
		if err != nil {
			return nil, fmt.Errorf("reading Microservice %s: %w", key, err)
		}
		if target != nil {
			found[key] = target
		}
	}
	return found, nil
}

// namespaceOf has the labels of ms' namespace, where one of its targets selects by them.
func (r *MicroserviceReconciler) namespaceOf(ctx context.Context, ms *v1alpha1.Microservice, targets map[dependency.Key]*v1alpha1.Microservice) (dependency.Namespaces, error) {
	for _, target := range targets {
		if dependency.SelectsNamespaces(target) {
			return r.namespaces(ctx, sets.New(ms.Namespace))
		}
	}
	return nil, nil
}

// dependents are those of ms.
func (r *MicroserviceReconciler) dependents(ctx context.Context, ms *v1alpha1.Microservice) ([]dependency.Dependent, error) {
	candidates, err := r.naming(ctx, dependency.KeyOf(ms))
	if err != nil {
		return nil, err
	}
	var known dependency.Namespaces
	if dependency.SelectsNamespaces(ms) {
		if known, err = r.namespaces(ctx, namespacesOf(candidates)); err != nil {
			return nil, err
		}
	}
	return dependency.Dependents(ms, candidates, known), nil
}

// naming are the Microservices that name one, admitted or not.
func (r *MicroserviceReconciler) naming(ctx context.Context, key dependency.Key) ([]*v1alpha1.Microservice, error) {
	return r.list(ctx, client.MatchingFields{indexTargets: key.String()})
}

func (r *MicroserviceReconciler) list(ctx context.Context, options ...client.ListOption) ([]*v1alpha1.Microservice, error) {
	found := &v1alpha1.MicroserviceList{}
	if err := r.Cache.List(ctx, found, append(options, client.UnsafeDisableDeepCopy)...); err != nil {
		return nil, fmt.Errorf("listing Microservices: %w", err)
	}
	all := make([]*v1alpha1.Microservice, len(found.Items))
	for i := range found.Items {
		all[i] = &found.Items[i]
	}
	return all, nil
}

// knownAddresses are those that the pods of a Deployment have.
func knownAddresses(d *appsv1.Deployment) dependency.Addresses {
	if d == nil {
		return nil
	}
	return dependency.ParseAddresses(d.Annotations[v1alpha1.AnnotationAddresses])
}

// publish adds what status says of the neighbours.
func (n *neighbours) publish(ms *v1alpha1.Microservice, seen *status.Observation) {
	for i := range n.dependencies {
		seen.Dependencies = append(seen.Dependencies, n.dependencies[i].Status())
	}
	for i := range n.awaited {
		seen.Awaited = append(seen.Awaited, n.awaited[i].Status())
	}
	for _, d := range n.dependents {
		seen.Dependents = append(seen.Dependents, v1alpha1.DependentReference{
			Namespace: d.Key.Namespace, Name: d.Key.Name, Permitted: d.Permitted,
		})
	}
	if n.cycle != nil {
		seen.Cycle = n.cycle.Describe(dependency.KeyOf(ms))
	}
}

// remember is for a look that failed: nothing new is said of the neighbours.
func remember(ms *v1alpha1.Microservice, seen *status.Observation) {
	seen.Dependencies, seen.Dependents = ms.Status.Dependencies, ms.Status.Dependents
	if c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionDependencyCycle); c != nil {
		seen.Cycle = c.Message
	}
}
