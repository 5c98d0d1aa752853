package controller

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
)

// cacheOptions keep the caches small: of the children's kinds only what carries our label, and of each object only what
// is read. namespaces limits everything to those; none means all.
func cacheOptions(namespaces []string) (cache.Options, error) {
	ours, err := labels.NewRequirement(v1alpha1.LabelName, selection.Exists, nil)
	if err != nil {
		return cache.Options{}, fmt.Errorf("selecting children: %w", err)
	}
	options := cache.Options{
		ByObject: map[client.Object]cache.ByObject{
			&v1alpha1.Microservice{}: {Transform: cache.TransformStripManagedFields()},
			namespaceMetadata():      {Transform: trimNamespace},
		},
	}
	for _, child := range childKinds() {
		options.ByObject[child] = cache.ByObject{Label: labels.NewSelector().Add(*ours), Transform: trim}
	}
	for _, namespace := range namespaces {
		if options.DefaultNamespaces == nil {
			options.DefaultNamespaces = map[string]cache.Config{}
		}
		options.DefaultNamespaces[namespace] = cache.Config{}
	}
	return options, nil
}

// trimNamespace leaves the labels.
func trimNamespace(object any) (any, error) {
	if m, ok := object.(*metav1.PartialObjectMetadata); ok {
		m.Annotations, m.ManagedFields = nil, nil
	}
	return object, nil
}

// trim drops what nobody reads of a child: other managers' fields, and all of spec but a Deployment's size and a
// Service's type. What was asked for is known by its hash.
func trim(object any) (any, error) {
	child, ok := object.(client.Object)
	if !ok {
		return object, nil
	}
	var own []metav1.ManagedFieldsEntry
	for _, e := range child.GetManagedFields() {
		if apply.OwnEntry(e, FieldOwner) {
			own = append(own, e)
		}
	}
	child.SetManagedFields(own)
	switch child := child.(type) {
	case *appsv1.Deployment:
		child.Spec = appsv1.DeploymentSpec{Replicas: child.Spec.Replicas, ProgressDeadlineSeconds: child.Spec.ProgressDeadlineSeconds}
	case *corev1.Service:
		child.Spec = corev1.ServiceSpec{Type: child.Spec.Type}
	case *networkingv1.NetworkPolicy:
		child.Spec = networkingv1.NetworkPolicySpec{}
	case *policyv1.PodDisruptionBudget:
		child.Spec, child.Status = policyv1.PodDisruptionBudgetSpec{}, policyv1.PodDisruptionBudgetStatus{}
	case *autoscalingv2.HorizontalPodAutoscaler:
		child.Spec = autoscalingv2.HorizontalPodAutoscalerSpec{}
	}
	return child, nil
}
