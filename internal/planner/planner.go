// Package planner decides which children a Microservice needs now, and what has to wait: for a system that is still being
// created, for other dependents that restart, for pods of an earlier revision.
package planner

import (
	"context"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/restarts"
	"github.com/microservice-dev/microservice-operator/internal/status"
	"github.com/microservice-dev/microservice-operator/internal/topology"
	"github.com/microservice-dev/microservice-operator/internal/unchanged"
)

// Planner plans the children of Microservices. It sends no requests.
type Planner struct {
	// Settings are the operator's.
	Settings resources.Settings
	// PatchCache caches patched pod templates.
	PatchCache *resources.PatchCache
	// Topology reads the graph from the caches.
	Topology *topology.Resolver
	// Gate decides when pods may get new addresses.
	Gate *restarts.Gate
	// Applied reports whether a child was last applied from desired.
	Applied func(live client.Object, desired any) bool
	// Deployments tracks since when a Deployment has not changed, by its resource version.
	Deployments *unchanged.Since[string]
}

// stopsWithin is how long pods take to stop, if Kubernetes does not count them: the default of terminationGracePeriodSeconds.
const stopsWithin = 30 * time.Second

// Plan returns the children that ms needs now, and when something that has to wait is due, 0 for nothing. current is its
// Deployment, or nil. While the first start is held, there is no Deployment and no autoscaler. While pods may not restart for
// new addresses, they keep their previous ones. Plan records in n what it waits for. The error is a
// *resources.InvalidSpecError, or the cache's.
func (p *Planner) Plan(ctx context.Context, ms *v1alpha1.Microservice, n *topology.Neighbours, current *appsv1.Deployment) (*resources.Set, time.Duration, error) {
	running, wait := p.runningPorts(ms, current)
	in := resources.Input{
		Microservice: ms, Settings: p.Settings, Dependencies: n.Dependencies, Dependents: n.Dependents, Running: running, PatchCache: p.PatchCache,
	}
	desired, err := resources.For(in)
	if err != nil {
		return nil, 0, err
	}
	if n.Started {
		held, left, err := p.holdAddresses(ctx, in, n, current)
		if held != nil {
			desired = held
		}
		return desired, Sooner(wait, left), err
	}
	left := p.awaitAddresses(ms, n)
	if len(n.Awaited) > 0 {
		desired.Deployment, desired.Autoscaler = nil, nil
	}
	return desired, Sooner(wait, left), nil
}

// runningPorts returns the ports of the running pods, nil if they are those of the spec, and how long until the ports of
// earlier pods are dropped, if only time tells.
func (p *Planner) runningPorts(ms *v1alpha1.Microservice, d *appsv1.Deployment) (dependency.PodPorts, time.Duration) {
	ports := dependency.OtherPorts(ms, d)
	if ports == nil || len(dependency.PreviousPorts(d)) == 0 {
		return ports, 0
	}
	unchanged := p.Unchanged(ms, d)
	if status.OldPodsGone(d, unchanged >= stopsWithin) {
		return dependency.TemplatePorts(d), 0
	}
	return ports, max(stopsWithin-unchanged, 0)
}

// Unchanged returns for how long the Deployment of ms has not changed, 0 for nil. At the first observation, also after a
// restart, that is the time since its controller last saw progress.
func (p *Planner) Unchanged(ms *v1alpha1.Microservice, d *appsv1.Deployment) time.Duration {
	key := dependency.KeyOf(ms)
	if d == nil {
		p.Deployments.Forget(key)
		return 0
	}
	return p.Deployments.ObserveFrom(key, d.ResourceVersion, status.LastProgress(d).Time)
}

// Forget drops the state kept for a Microservice that is gone.
func (p *Planner) Forget(key dependency.Key) {
	p.Deployments.Forget(key)
	p.Gate.Forget(key)
}

// awaitAddresses holds the first start while a system is being created, and returns for how long.
func (p *Planner) awaitAddresses(ms *v1alpha1.Microservice, n *topology.Neighbours) time.Duration {
	if ms.Spec.Paused || len(n.Awaited) > 0 {
		return 0
	}
	unknown, wait := p.awaitPorts(dependency.KeyOf(ms), n)
	if wait.For > 0 {
		n.Awaited, n.AwaitedBecause = unknown, wait.Reason
	}
	return wait.For
}

// awaitPorts returns the dependencies whose port is unknown, and how long to wait for them.
func (p *Planner) awaitPorts(key dependency.Key, n *topology.Neighbours) ([]dependency.Resolution, restarts.Wait) {
	unknown := dependency.UnknownPorts(n.Dependencies)
	if len(unknown) == 0 {
		return nil, restarts.Wait{}
	}
	return unknown, p.Gate.Settle(key, dependency.AddressesOf(n.Dependencies), p.Topology.LastArrival(key.Namespace))
}

// holdAddresses returns the children with the previous addresses, and for how long to keep them, if new addresses alone would
// restart the pods and the gate is closed. It records in n what waits.
func (p *Planner) holdAddresses(ctx context.Context, in resources.Input, n *topology.Neighbours, current *appsv1.Deployment) (*resources.Set, time.Duration, error) {
	key := dependency.KeyOf(in.Microservice)
	renumbered := dependency.ChangedPorts(n.Dependencies, n.PreviousAddresses)
	p.Gate.Observe(key, renumbered)
	if current == nil || in.Microservice.Spec.Paused || n.PreviousAddresses.Equal(n.Dependencies) {
		return nil, 0, nil
	}
	in.Dependencies = dependency.WithPreviousAddresses(n.Dependencies, n.PreviousAddresses)
	held, err := resources.For(in)
	if err != nil || !p.Applied(current, held.Deployment) {
		return nil, 0, err // something else restarts them as well
	}
	wait, err := p.mayRestart(ctx, key, n, renumbered)
	if err != nil || wait.For == 0 {
		return nil, 0, err
	}
	dependency.ExplainHeld(in.Dependencies, n.Dependencies, wait.Reason)
	n.Dependencies = in.Dependencies
	return held, wait.For, nil
}

// mayRestart asks the gate whether the pods may restart for new addresses.
func (p *Planner) mayRestart(ctx context.Context, key dependency.Key, n *topology.Neighbours, renumbered []dependency.Target) (restarts.Wait, error) {
	if _, wait := p.awaitPorts(key, n); wait.For > 0 {
		return wait, nil
	}
	return p.Gate.Turn(key, renumbered, func(target dependency.Target) (sets.Set[dependency.Key], error) {
		return p.Topology.Restarting(ctx, target)
	})
}

// Sooner returns the shorter of two waiting times; 0 means none.
func Sooner(a, b time.Duration) time.Duration {
	if a == 0 || b == 0 {
		return max(a, b)
	}
	return min(a, b)
}
