package wrappers

import (
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// Foreigners are valid objects of somebody else, one of each kind of child, by kind in lower case.
func Foreigners(namespace, name string) map[string]client.Object {
	at := metav1.ObjectMeta{Namespace: namespace, Name: name, Labels: map[string]string{"belongs-to": "somebody-else"}}
	selector := map[string]string{"belongs-to": "somebody-else"}
	return map[string]client.Object{
		"serviceaccount": &corev1.ServiceAccount{ObjectMeta: at},
		"networkpolicy":  &networkingv1.NetworkPolicy{ObjectMeta: at},
		"service":        &corev1.Service{ObjectMeta: at, Spec: corev1.ServiceSpec{Ports: []corev1.ServicePort{{Port: 1}}}},
		"poddisruptionbudget": &policyv1.PodDisruptionBudget{ObjectMeta: at, Spec: policyv1.PodDisruptionBudgetSpec{
			MinAvailable: new(intstr.FromInt32(1)), Selector: &metav1.LabelSelector{MatchLabels: selector}}},
		"deployment": &appsv1.Deployment{ObjectMeta: at, Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(0)),
			Selector: &metav1.LabelSelector{MatchLabels: selector},
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: selector},
				Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "theirs", Image: "theirs"}}},
			}}},
		"horizontalpodautoscaler": &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: at, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
			MaxReplicas:    3,
			ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "none"},
		}},
	}
}
