// Package topology resolves the graph of all Microservices from the caches: the neighbours of one, and who is affected by a
// change.
package topology

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/servicetracker"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// Resolver finds the neighbours of a Microservice. It reads only caches and sends no requests.
type Resolver struct {
	cache         client.Reader
	namespaces    namespaceReader
	clusterDomain string
	services      *servicetracker.Tracker
	cycles        *cycleDetector
	arrivals      *arrivals
}

// Neighbours are the dependencies, dependents and cycle of a Microservice.
type Neighbours struct {
	// Dependencies are resolved, in the order of the spec.
	Dependencies []dependency.Resolution
	// Dependents are the Microservices that name this one, sorted.
	Dependents []dependency.Dependent
	// Cycle is the cycle that the Microservice is part of, or nil.
	Cycle *dependency.Cycle
	// Awaited are the dependencies that hold the first start.
	Awaited []dependency.Resolution
	// AwaitedBecause tells until when, if not until they are available.
	AwaitedBecause string
	// PreviousAddresses are the addresses that the pods were given.
	PreviousAddresses dependency.Addresses
	// Started is set once a Deployment exists or existed.
	Started bool
}

// NewResolver returns a resolver that reads the cache. namespaces are the watched ones; empty means all.
func NewResolver(cache client.Reader, services *servicetracker.Tracker, namespaces []string, clusterDomain string, clock clock.PassiveClock) *Resolver {
	reader := namespaceReader{cache: cache, watched: sets.New(namespaces...)}
	return &Resolver{
		cache:         cache,
		namespaces:    reader,
		clusterDomain: clusterDomain,
		services:      services,
		cycles:        newCycleDetector(graphIndex{cache}, reader),
		arrivals:      &arrivals{clock: clock, last: map[string]time.Time{}},
	}
}

// Start watches Services and searches for cycles, which the controller's own watches do not cover. It calls enqueue with the
// affected Microservices until the context ends.
func (r *Resolver) Start(ctx context.Context, enqueue func(...dependency.Key)) {
	r.services.Start(ctx, enqueue)
	go r.cycles.run(ctx, enqueue)
}

// Forget drops the state kept for a Microservice that is gone.
func (r *Resolver) Forget(ms dependency.Key) {
	r.services.Forget(ms)
}

// Resolve returns the neighbours of a Microservice. deployment has its name, or is nil. The error wraps
// servicetracker.ErrNotSynced while a newly referenced Service is being listed; the tracker then enqueues the Microservice
// again.
func (r *Resolver) Resolve(ctx context.Context, ms *v1alpha1.Microservice, deployment *appsv1.Deployment) (*Neighbours, error) {
	n := &Neighbours{PreviousAddresses: previousAddresses(ms, deployment), Started: deployment != nil || status.Started(ms)}
	in := dependency.Input{
		Microservice:      ms,
		PreviousAddresses: n.PreviousAddresses,
		ClusterDomain:     r.clusterDomain,
		NamespacesLimited: r.namespaces.limited(),
	}
	var err error
	if in.Microservices, in.Running, err = r.targets(ctx, ms); err != nil {
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
	n.Dependencies = dependency.Resolve(in)
	if n.Dependents, err = r.dependents(ctx, ms); err != nil {
		return nil, err
	}
	if n.Cycle, err = r.cycles.get(ctx, dependency.KeyOf(ms)); err != nil {
		return nil, err
	}
	if !n.Started && !ms.Spec.Parked() {
		n.Awaited = dependency.Awaited(ms, n.Dependencies, n.Cycle)
	}
	return n, nil
}

// IsNotSynced reports whether an error of Resolve needs no retry, because the Microservice will be enqueued.
func IsNotSynced(err error) bool {
	return errors.Is(err, servicetracker.ErrNotSynced)
}

// targets returns the existing Microservices that ms names, and the ports of their pods.
func (r *Resolver) targets(ctx context.Context, ms *v1alpha1.Microservice) (map[dependency.Key]*v1alpha1.Microservice, map[dependency.Key]dependency.PodPorts, error) {
	found := map[dependency.Key]*v1alpha1.Microservice{}
	var running map[dependency.Key]dependency.PodPorts
	deployment := &appsv1.Deployment{}
	for _, key := range r.namespaces.inWatched(dependency.Targets(ms, dependency.Microservice)) {
		target := &v1alpha1.Microservice{}
		err := r.cache.Get(ctx, key, target, client.UnsafeDisableDeepCopy)
		if err != nil && apierrors.IsNotFound(err) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading Microservice %s: %w", key, err)
		}
		there, err := r.readDeployment(ctx, target, deployment)
		if err != nil {
			return nil, nil, err
		}
		found[key] = target
		if ports := dependency.OtherPorts(target, deployment); there && ports != nil {
			if running == nil {
				running = map[dependency.Key]dependency.PodPorts{}
			}
			running[key] = ports
		}
	}
	return found, running, nil
}

// readDeployment reads the Deployment of a Microservice into d, which shares parts with the cache and must not be modified. It
// returns false if there is none.
func (r *Resolver) readDeployment(ctx context.Context, ms *v1alpha1.Microservice, d *appsv1.Deployment) (bool, error) {
	err := r.cache.Get(ctx, dependency.KeyOf(ms), d, client.UnsafeDisableDeepCopy)
	switch {
	case err == nil:
		return metav1.IsControlledBy(d, ms), nil
	case apierrors.IsNotFound(err):
		return false, nil
	default:
		return false, fmt.Errorf("reading Deployment %s: %w", dependency.KeyOf(ms), err)
	}
}

// Restarting returns the dependents of a target whose pods are being replaced.
func (r *Resolver) Restarting(ctx context.Context, target dependency.Target) (sets.Set[dependency.Key], error) {
	dependents, err := graphIndex{r.cache}.dependents(ctx, target)
	if err != nil {
		return nil, err
	}
	restarting, deployment := sets.New[dependency.Key](), &appsv1.Deployment{}
	for _, ms := range dependents {
		there, err := r.readDeployment(ctx, ms, deployment)
		if err != nil {
			return nil, err
		}
		if there && status.Restarting(ms, deployment) {
			restarting.Insert(dependency.KeyOf(ms))
		}
	}
	return restarting, nil
}

func (r *Resolver) dependents(ctx context.Context, ms *v1alpha1.Microservice) ([]dependency.Dependent, error) {
	candidates, err := graphIndex{r.cache}.referrers(ctx, dependency.KeyOf(ms))
	if err != nil {
		return nil, err
	}
	var namespaces dependency.Namespaces
	if dependency.SelectsNamespaces(ms) {
		if namespaces, err = r.namespaces.labels(ctx, namespacesOf(candidates)); err != nil {
			return nil, err
		}
	}
	return dependency.Dependents(ms, candidates, namespaces), nil
}

// previousAddresses returns the addresses that the pods of the Deployment have, if the Microservice controls it.
func previousAddresses(ms *v1alpha1.Microservice, d *appsv1.Deployment) dependency.Addresses {
	if d == nil || !metav1.IsControlledBy(d, ms) {
		return nil
	}
	return dependency.ParseAddresses(d.Annotations[v1alpha1.AnnotationAddresses])
}
