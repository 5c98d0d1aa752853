package workload

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
)

// Objects are a Deployment, and objects of its namespace. None is modified.
type Objects struct {
	Deployment        *appsv1.Deployment
	Services          []corev1.Service
	Autoscalers       []autoscalingv2.HorizontalPodAutoscaler
	DisruptionBudgets []policyv1.PodDisruptionBudget
	NetworkPolicies   []networkingv1.NetworkPolicy
}

// Select returns the Deployment of a name among objects, and those of its namespace. The Deployment is nil if there is none.
func Select[T any](objects []T, name string) Objects {
	all := Objects{}
	for _, object := range objects {
		if d, ok := any(object).(*appsv1.Deployment); ok && d.Name == name {
			all.Deployment = d
		}
	}
	if all.Deployment == nil {
		return all
	}
	namespace := all.Deployment.Namespace
	for _, object := range objects {
		switch o := any(object).(type) {
		case *corev1.Service:
			all.Services = appendOf(all.Services, o, o.Namespace == namespace)
		case *autoscalingv2.HorizontalPodAutoscaler:
			all.Autoscalers = appendOf(all.Autoscalers, o, o.Namespace == namespace)
		case *policyv1.PodDisruptionBudget:
			all.DisruptionBudgets = appendOf(all.DisruptionBudgets, o, o.Namespace == namespace)
		case *networkingv1.NetworkPolicy:
			all.NetworkPolicies = appendOf(all.NetworkPolicies, o, o.Namespace == namespace)
		}
	}
	return all
}

func appendOf[T any](list []T, one *T, belongs bool) []T {
	if belongs {
		return append(list, *one)
	}
	return list
}
