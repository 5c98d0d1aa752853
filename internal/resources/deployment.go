package resources

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// deployment builds the Deployment. It has no replicas while the Microservice is autoscaled. previous are the ports of earlier
// pods.
func deployment(in Input, template *corev1ac.PodTemplateSpecApplyConfiguration, previous dependency.PodPorts) *appsv1ac.DeploymentApplyConfiguration {
	ms := in.Microservice
	spec := appsv1ac.DeploymentSpec().
		WithSelector(matching(selector(ms))).
		WithStrategy(strategy(ms.Spec.Rollout)).
		WithTemplate(template)
	if !ms.Spec.Autoscaled() {
		spec.WithReplicas(ms.Spec.GuaranteedReplicas())
	}
	if seconds := minReadySeconds(ms.Spec.Rollout, in.Settings.MinReadySeconds); seconds != nil {
		spec.MinReadySeconds = seconds
	}
	if r := ms.Spec.Rollout; r != nil {
		spec.ProgressDeadlineSeconds = r.ProgressDeadlineSeconds
		spec.RevisionHistoryLimit = r.RevisionHistoryLimit
	}
	d := appsv1ac.Deployment(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec)
	if cache := dependency.AddressesOf(in.Dependencies); len(cache) > 0 {
		d.WithAnnotations(map[string]string{v1alpha1.AnnotationAddresses: cache.String()})
	}
	if len(previous) > 0 {
		d.WithAnnotations(map[string]string{v1alpha1.AnnotationPreviousPorts: previous.String()})
	}
	return d
}

// minReadySeconds returns the value of the spec, or the operator's default, which is lowered if necessary: the progress
// deadline must exceed it. nil leaves it to Kubernetes, whose default is 0.
func minReadySeconds(r *v1alpha1.Rollout, fallback int32) *int32 {
	if r != nil && r.MinReadySeconds != nil {
		return r.MinReadySeconds
	}
	if r != nil && r.ProgressDeadlineSeconds != nil {
		fallback = min(fallback, *r.ProgressDeadlineSeconds-1)
	}
	if fallback == 0 {
		return nil
	}
	return &fallback
}

// strategy keeps the desired number of pods available, unless the spec says otherwise.
func strategy(r *v1alpha1.Rollout) *appsv1ac.DeploymentStrategyApplyConfiguration {
	if r != nil && r.Strategy == v1alpha1.RolloutRecreate {
		return appsv1ac.DeploymentStrategy().WithType(appsv1.RecreateDeploymentStrategyType)
	}
	rolling := appsv1ac.RollingUpdateDeployment().WithMaxUnavailable(intstr.FromInt32(0))
	if r != nil {
		rolling.MaxSurge = r.MaxSurge
		if r.MaxUnavailable != nil {
			rolling.MaxUnavailable = r.MaxUnavailable
		}
	}
	return appsv1ac.DeploymentStrategy().
		WithType(appsv1.RollingUpdateDeploymentStrategyType).
		WithRollingUpdate(rolling)
}
