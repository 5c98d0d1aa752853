package cli

import (
	"slices"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// childLists are lists of the kinds of children, in the order in which they are printed: those that every cluster has, and those
// that a cluster may lack if one of the Microservices asks for them.
func childLists(of ...*v1alpha1.Microservice) []client.ObjectList {
	lists := []client.ObjectList{
		&corev1.ServiceAccountList{}, &networkingv1.NetworkPolicyList{}, &corev1.ServiceList{}, &policyv1.PodDisruptionBudgetList{},
		&autoscalingv2.HorizontalPodAutoscalerList{}, &appsv1.DeploymentList{},
	}
	for _, list := range optionalLists() {
		if slices.ContainsFunc(of, func(ms *v1alpha1.Microservice) bool { return ms.Spec.AsksFor(kindOf(list)) }) {
			lists = append(lists, list)
		}
	}
	return lists
}

// optionalLists are lists of the kinds of children that a cluster may lack.
func optionalLists() []client.ObjectList {
	return []client.ObjectList{&gatewayv1.HTTPRouteList{}, &gatewayv1.GRPCRouteList{}, &monitoringv1.PodMonitorList{}}
}
