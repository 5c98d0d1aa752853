package cli

import (
	"context"
	"fmt"

	"github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring"
	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// right is what a command does with a kind.
type right struct {
	group, resource string
	verbs           []string
}

// takeoverRights are what takeover does.
var takeoverRights = []right{
	{v1alpha1.SchemeGroupVersion.Group, "microservices", []string{"patch"}},
	{"apps", "deployments", []string{"patch", "delete"}},
	{"apps", "replicasets", []string{"list", "patch"}},
	{"", "pods", []string{"list", "patch"}},
	{"", "services", []string{"create", "patch", "delete"}},
	{"discovery.k8s.io", "endpointslices", []string{"list"}},
	{"", "serviceaccounts", []string{"patch"}},
	{"policy", "poddisruptionbudgets", []string{"patch"}},
	{"networking.k8s.io", "networkpolicies", []string{"patch"}},
	{"autoscaling", "horizontalpodautoscalers", []string{"patch", "delete"}},
}

// ejectRights are what eject does.
var ejectRights = []right{
	{v1alpha1.SchemeGroupVersion.Group, "microservices", []string{"delete"}},
	{"apps", "deployments", []string{"patch"}},
	{"", "services", []string{"patch"}},
	{"", "serviceaccounts", []string{"patch"}},
	{"policy", "poddisruptionbudgets", []string{"patch"}},
	{"networking.k8s.io", "networkpolicies", []string{"patch"}},
	{"autoscaling", "horizontalpodautoscalers", []string{"patch"}},
}

// optionalRights are what takeover and eject do with children of kinds that a cluster may lack, among others.
func optionalRights(children []client.Object) []right {
	var all []right
	for _, child := range children {
		switch child.(type) {
		case *gatewayv1.HTTPRoute:
			all = append(all, right{gatewayv1.GroupName, "httproutes", []string{"patch"}})
		case *gatewayv1.GRPCRoute:
			all = append(all, right{gatewayv1.GroupName, "grpcroutes", []string{"patch"}})
		case *monitoringv1.PodMonitor:
			all = append(all, right{monitoring.GroupName, "podmonitors", []string{"patch"}})
		}
	}
	return all
}

// missingRights asks for each right, and tells which the user does not have.
func missingRights(ctx context.Context, c client.Client, namespace string, rights []right) (missing []string, err error) {
	for _, r := range rights {
		for _, verb := range r.verbs {
			allowed, err := may(ctx, c, namespace, verb, r.group, r.resource)
			if err != nil {
				return nil, err
			}
			if !allowed {
				missing = append(missing, fmt.Sprintf("you may not %s %s in namespace %s", verb, r.resource, namespace))
			}
		}
	}
	return missing, nil
}

// may asks whether the user has a right.
func may(ctx context.Context, c client.Client, namespace, verb, group, resource string) (bool, error) {
	review := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{
		Namespace: namespace, Verb: verb, Group: group, Resource: resource,
	}}}
	if err := c.Create(ctx, review); err != nil {
		return false, fmt.Errorf("asking for rights: %w", err)
	}
	return review.Status.Allowed, nil
}
