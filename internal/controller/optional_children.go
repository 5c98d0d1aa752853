package controller

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/optional"
	"github.com/microservice-dev/microservice-operator/internal/resources"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// optionalChild is what is known of the child of one optional kind.
type optionalChild struct {
	state optional.State
	// object is nil if the child does not exist, or cannot be read.
	object client.Object
}

// readOptional returns the children of the optional kinds that are asked for, or that the cluster has in use. It returns false
// while one of them is read for the first time: ms is enqueued afterwards.
func (r *MicroserviceReconciler) readOptional(ctx context.Context, ms *v1alpha1.Microservice) (map[string]optionalChild, bool, error) {
	var found map[string]optionalChild
	key := client.ObjectKeyFromObject(ms)
	for _, kind := range optionalKinds {
		child, asked := optionalChild{state: optional.State{Status: optional.Served}}, ms.Spec.AsksFor(kind.name)
		if asked {
			child.state = r.Optional.Ask(kind.name)
		}
		if child.state.Status == optional.Reading {
			return nil, false, nil
		}
		if child.state.Status != optional.Served {
			r.Consistency.DeletionFailed(key, kind.name) // no event will come
		} else if reader := r.Optional.Reader(kind.name); reader != nil {
			object, err := kind.read(ctx, freshReader{Reader: reader, apiReader: r.APIReader, store: r.Consistency}, key)
			if err != nil {
				return nil, false, err
			}
			child.object = object
		}
		if child.object != nil || asked {
			if found == nil {
				found = map[string]optionalChild{}
			}
			found[kind.name] = child
		}
	}
	return found, true, nil
}

// applyOptional applies the optional children whose kind is served, and replaces the current ones by the responses. Then it
// deletes those that are no longer desired. It returns what it changed. A kind that turns out to be gone is no failure: its watch
// is told, and the child is of a kind that is not installed.
func (r *MicroserviceReconciler) applyOptional(ctx context.Context, b *apply.Batch, desired *resources.Set, current map[string]optionalChild) (changes []apply.Change) {
	for _, kind := range optionalKinds {
		child := current[kind.name]
		if d := kind.desired(desired); d != nil && child.state.Status == optional.Served {
			child.object = kind.apply(ctx, b, d, child.object)
			current[kind.name] = child
		}
	}
	for _, kind := range optionalKinds {
		if child := current[kind.name]; child.object != nil && kind.desired(desired) == nil && !b.Failed() {
			kind.remove(ctx, b, child.object)
		}
	}
	for _, c := range b.Changes() {
		if kindIsGone(c.Err) {
			r.Optional.Gone(c.Kind)
			current[c.Kind] = optionalChild{state: optional.State{Status: optional.NotInstalled}}
		} else {
			changes = append(changes, c)
		}
	}
	return changes
}

// kindIsGone reports whether the API server answered a write as if it did not know the kind, or was about to forget it. A 404
// for a namespace names it.
func kindIsGone(err error) bool {
	var status apierrors.APIStatus
	switch {
	case !errors.As(err, &status):
		return meta.IsNoMatchError(err)
	case apierrors.IsNotFound(err):
		return status.Status().Details == nil || status.Status().Details.Name == ""
	case apierrors.IsForbidden(err): // k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go
		return strings.Contains(status.Status().Message, "not allowed while custom resource definition is terminating")
	default:
		return apierrors.IsMethodNotSupported(err)
	}
}

// observeOptional adds what is known of the optional children that the spec asks for. changes are theirs; held is set if none were
// made because the other children failed.
func (r *MicroserviceReconciler) observeOptional(o *status.Observation, ms *v1alpha1.Microservice, current map[string]optionalChild, changes []apply.Change, held bool) {
	if ms.Spec.PodMonitored() {
		o.Monitor = &status.Monitor{Obstacle: obstacle(ms, kindPodMonitor, current, changes, held)}
	}
	kind := string(ms.Spec.RouteKind())
	if kind == "" {
		return
	}
	o.Route = &status.Route{}
	gateway := r.Planner.Settings.GatewayOf(ms)
	if gateway == nil {
		o.Route.Obstacle = &status.Obstacle{
			Reason:  v1alpha1.ReasonGatewayNotSet,
			Message: "spec.route.gateway is not set, and the operator has no --gateway: name the Gateway in one of them",
		}
		return
	}
	o.Route.Gateway, o.Route.Obstacle = *gateway, obstacle(ms, kind, current, changes, held)
	switch route := current[kind].object.(type) {
	case *gatewayv1.HTTPRoute:
		o.Route.Generation, o.Route.Parents = route.Generation, route.Status.Parents
	case *gatewayv1.GRPCRoute:
		o.Route.Generation, o.Route.Parents = route.Generation, route.Status.Parents
	}
}

// obstacle returns why an optional child is not as desired, or nil.
func obstacle(ms *v1alpha1.Microservice, kind string, current map[string]optionalChild, changes []apply.Change, held bool) *status.Obstacle {
	if missing := kindObstacle(kind, current[kind].state); missing != nil {
		return missing
	}
	for _, c := range changes {
		if c.Kind != kind || c.Err == nil {
			continue
		}
		if reason := classify(c.Err); reason != "" {
			return &status.Obstacle{Reason: reason, Message: conflictMessage(ms, c)}
		}
	}
	if current[kind].object != nil {
		return nil
	}
	why := "spec.paused is true"
	if held {
		why = "the other objects have to be written first"
	}
	return &status.Obstacle{Reason: v1alpha1.ReasonPending, Message: fmt.Sprintf("The %s is not written yet: %s", kind, why), Unknown: true}
}

// kindObstacle returns why a kind cannot be used, or nil.
func kindObstacle(kind string, s optional.State) *status.Obstacle {
	api := "Gateway API (https://gateway-api.sigs.k8s.io/guides/)"
	component := "gateway-api"
	if kind == kindPodMonitor {
		api, component = "the Prometheus Operator (https://prometheus-operator.dev/)", "pod-monitors"
	}
	switch s.Status {
	case optional.NotInstalled:
		return &status.Obstacle{Reason: v1alpha1.ReasonCRDNotInstalled, Message: fmt.Sprintf("The cluster has no kind %s in version v1: install %s", kind, api)}
	case optional.OtherVersion:
		return &status.Obstacle{Reason: v1alpha1.ReasonVersionNotServed, Message: fmt.Sprintf("The cluster has the kind %s in %s, and the operator needs v1: upgrade %s", kind, s.Detail, api)}
	case optional.Forbidden:
		return &status.Obstacle{Reason: v1alpha1.ReasonForbidden, Message: fmt.Sprintf("The operator may not use the kind %s: install its role %s (%s)", kind, component, s.Detail)}
	case optional.Unreadable:
		return &status.Obstacle{Reason: v1alpha1.ReasonUnreadable, Message: fmt.Sprintf("The kind %s cannot be read: %s", kind, s.Detail), Unknown: true}
	default:
		return nil
	}
}
