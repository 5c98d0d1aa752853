package controller

import (
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/status"
	"github.com/microservice-dev/microservice-operator/internal/topology"
)

// observe returns the state after the children were applied.
func observe(ms *v1alpha1.Microservice, current children, n *topology.Neighbours, b *apply.Batch) *status.Observation {
	o := observeChildren(ms, current)
	addNeighbours(o, ms, n)
	o.Problem = applyProblem(ms, b.Changes())
	if ms.Spec.Paused {
		o.Pending = pending(b.Changes())
	}
	o.Rewritten = slices.ContainsFunc(b.Changes(), func(c apply.Change) bool { return c.Kind == kindDeployment })
	o.Applied = !b.Failed(kindDeployment, kindAutoscaler) && !missingPrerequisites(b, ms)
	return o
}

// observeUnresolved returns the state if the neighbours could not be read: the children stay as they are, and the status of the
// neighbours does not change.
func observeUnresolved(ms *v1alpha1.Microservice, current children, err error) *status.Observation {
	o := observeChildren(ms, current)
	o.Dependencies, o.Dependents = ms.Status.Dependencies, ms.Status.Dependents
	if c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionDependencyCycle); c != nil {
		o.Cycle = c.Message
	}
	o.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: err.Error()}
	return o
}

func observeChildren(ms *v1alpha1.Microservice, current children) *status.Observation {
	return &status.Observation{
		Deployment: ifControlledBy(ms, current.deployment()),
		Service:    ifControlledBy(ms, current.service()),
		Autoscaler: ifControlledBy(ms, current.autoscaler()),
	}
}

func addNeighbours(o *status.Observation, ms *v1alpha1.Microservice, n *topology.Neighbours) {
	for i := range n.Dependencies {
		o.Dependencies = append(o.Dependencies, n.Dependencies[i].Status())
	}
	for i := range n.Awaited {
		o.Awaited = append(o.Awaited, n.Awaited[i].Status())
	}
	o.AwaitedBecause = n.AwaitedBecause
	for _, d := range n.Dependents {
		o.Dependents = append(o.Dependents, v1alpha1.DependentReference{
			Namespace: d.Key.Namespace, Name: d.Key.Name, Permitted: d.Permitted,
		})
	}
	if n.Cycle != nil {
		o.Cycle = n.Cycle.Describe(dependency.KeyOf(ms))
	}
}

// observeUnbuilt returns the state if the children could not be built, usually because of the spec, and the error for
// Reconcile.
func observeUnbuilt(ms *v1alpha1.Microservice, current children, n *topology.Neighbours, err error) (*status.Observation, error) {
	if invalid := new(resources.InvalidSpecError); !errors.As(err, &invalid) {
		return observeUnresolved(ms, current, err), err
	}
	o := observeChildren(ms, current)
	addNeighbours(o, ms, n)
	o.Problem = &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: err.Error(), Stalled: true}
	return o, reconcile.TerminalError(err)
}
