// Package topology knows the graph of all Microservices as the caches have it: what surrounds one, and whom a change
// concerns.
package topology

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/servicetracker"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// Resolver finds the neighbours of a Microservice. It sends no request: it reads caches.
type Resolver struct {
	cache         client.Reader
	namespaces    namespaceReader
	clusterDomain string
	services      *servicetracker.Tracker
	cycles        *cycleDetector
}

// Neighbours are what surrounds a Microservice in the graph.
type Neighbours struct {
	// Dependencies are those of the spec, in its order.
	Dependencies []dependency.Resolution
	// Dependents are the Microservices that name this one, sorted.
	Dependents []dependency.Dependent
	// Cycle is the one that the Microservice is part of, nil for none.
	Cycle *dependency.Cycle
	// Awaited are the dependencies that hold the first start.
	Awaited []dependency.Resolution
}

// NewResolver returns a resolver that reads the cache. namespaces are those that the operator watches; none means all.
func NewResolver(cache client.Reader, services *servicetracker.Tracker, namespaces []string, clusterDomain string) *Resolver {
	reader := namespaceReader{cache: cache, watched: sets.New(namespaces...)}
	return &Resolver{
		cache:         cache,
		namespaces:    reader,
		clusterDomain: clusterDomain,
		services:      services,
		cycles:        newCycleDetector(graphIndex{cache}, reader),
	}
}

// Start runs what finds changes that no event of a watch of the controller tells: those of Services, and of cycles.
// enqueue is called with the Microservices that they concern, until the context ends.
func (r *Resolver) Start(ctx context.Context, enqueue func(...dependency.Key)) {
	r.services.Start(ctx, enqueue)
	go r.cycles.run(ctx, enqueue)
}

// Forget drops what is remembered of a Microservice that is gone.
func (r *Resolver) Forget(ms dependency.Key) {
	r.services.Forget(ms)
}

// Resolve returns the neighbours of a Microservice. deployment has its name, nil for none. The error wraps
// servicetracker.ErrNotSynced while a Service that is named for the first time is being read; changes of it are told
// after that.
func (r *Resolver) Resolve(ctx context.Context, ms *v1alpha1.Microservice, deployment *appsv1.Deployment) (*Neighbours, error) {
	in := dependency.Input{
		Microservice:  ms,
		Known:         knownAddresses(ms, deployment),
		ClusterDomain: r.clusterDomain,
		Limited:       r.namespaces.limited(),
	}
	var err error
	if in.Microservices, err = r.targets(ctx, ms); err != nil {
		return nil, err
	}
	if in.Services, err = r.services.Targets(dependency.KeyOf(ms), r.namespaces.inWatched(dependency.Targets(ms, dependency.Service))); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(slices.Collect(maps.Values(in.Microservices)), dependency.SelectsNamespaces) {
		if in.Namespaces, err = r.namespaces.labels(ctx, sets.New(ms.Namespace)); err != nil {
			return nil, err
		}
	}
	n := &Neighbours{Dependencies: dependency.Resolve(in)}
	if n.Dependents, err = r.dependents(ctx, ms); err != nil {
		return nil, err
	}
	if n.Cycle, err = r.cycles.get(ctx, dependency.KeyOf(ms)); err != nil {
		return nil, err
	}
	if deployment == nil && !status.Started(ms) && !ms.Spec.Parked() {
		n.Awaited = dependency.Awaited(ms, n.Dependencies, n.Cycle)
	}
	return n, nil
}

// IsNotSynced reports whether an error of Resolve heals by itself in a moment, and needs no retry.
func IsNotSynced(err error) bool {
	return errors.Is(err, servicetracker.ErrNotSynced)
}

// targets returns the Microservices that ms names and that exist.
func (r *Resolver) targets(ctx context.Context, ms *v1alpha1.Microservice) (map[dependency.Key]*v1alpha1.Microservice, error) {
	found := map[dependency.Key]*v1alpha1.Microservice{}
	for _, key := range r.namespaces.inWatched(dependency.Targets(ms, dependency.Microservice)) {
		target := &v1alpha1.Microservice{}
		err := r.cache.Get(ctx, key, target, client.UnsafeDisableDeepCopy)
		switch {
		case err == nil:
			found[key] = target
		case !apierrors.IsNotFound(err):
			return nil, fmt.Errorf("reading Microservice %s: %w", key, err)
		}
	}
	return found, nil
}

func (r *Resolver) dependents(ctx context.Context, ms *v1alpha1.Microservice) ([]dependency.Dependent, error) {
	candidates, err := graphIndex{r.cache}.referrers(ctx, dependency.KeyOf(ms))
	if err != nil {
		return nil, err
	}
	var known dependency.Namespaces
	if dependency.SelectsNamespaces(ms) {
		if known, err = r.namespaces.labels(ctx, namespacesOf(candidates)); err != nil {
			return nil, err
		}
	}
	return dependency.Dependents(ms, candidates, known), nil
}

// knownAddresses returns those that the pods of the Deployment have, if it is the Microservice's own.
func knownAddresses(ms *v1alpha1.Microservice, d *appsv1.Deployment) dependency.Addresses {
	if d == nil || !metav1.IsControlledBy(d, ms) {
		return nil
	}
	return dependency.ParseAddresses(d.Annotations[v1alpha1.AnnotationAddresses])
}
