package inspect

import (
	"context"
	"fmt"
	"slices"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// ChildLists are lists of the kinds of children, in the order in which they are printed: those that every cluster has, and those
// that a cluster may lack if one of the Microservices asks for them.
func ChildLists(of ...*v1alpha1.Microservice) []client.ObjectList {
	lists := []client.ObjectList{
		&corev1.ServiceAccountList{}, &networkingv1.NetworkPolicyList{}, &corev1.ServiceList{}, &policyv1.PodDisruptionBudgetList{},
		&autoscalingv2.HorizontalPodAutoscalerList{}, &appsv1.DeploymentList{},
	}
	for _, list := range OptionalLists() {
		if slices.ContainsFunc(of, func(ms *v1alpha1.Microservice) bool { return ms.Spec.AsksFor(KindOf(list)) }) {
			lists = append(lists, list)
		}
	}
	return lists
}

// OptionalLists are lists of the kinds of children that a cluster may lack.
func OptionalLists() []client.ObjectList {
	return []client.ObjectList{&gatewayv1.HTTPRouteList{}, &gatewayv1.GRPCRouteList{}, &monitoringv1.PodMonitorList{}}
}

// KindOf returns the kind of a typed object, or of the items of a typed list. What the API server returns does not have it.
func KindOf(object any) string {
	name := fmt.Sprintf("%T", object)
	return strings.TrimSuffix(name[strings.LastIndex(name, ".")+1:], "List")
}

// ObjectsIn returns the objects of a namespace. Each list is one request. Of a kind that the cluster lacks there are none.
func ObjectsIn(ctx context.Context, c client.Reader, namespace string, lists ...client.ObjectList) ([]client.Object, error) {
	var all []client.Object
	for _, list := range lists {
		switch err := c.List(ctx, list, client.InNamespace(namespace)); {
		case IsMissingKind(err):
			continue
		case err != nil:
			return nil, fmt.Errorf("listing the %ss of namespace %s: %w", KindOf(list), namespace, err)
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			return nil, fmt.Errorf("listing the %ss of namespace %s: %w", KindOf(list), namespace, err)
		}
		for _, item := range items {
			all = append(all, item.(client.Object))
		}
	}
	return all, nil
}
