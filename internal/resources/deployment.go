package resources

import (
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// deployment leaves replicas out while the Microservice is autoscaled: the number is then the autoscaler's.
func deployment(in Input) (*appsv1ac.DeploymentApplyConfiguration, error) {
	ms := in.Microservice
	template, err := podTemplate(ms, addressVariables(in.Dependencies), in.Patches)
	if err != nil {
		return nil, err
	}
	spec := appsv1ac.DeploymentSpec().
		WithSelector(matching(selector(ms))).
		WithStrategy(strategy(ms.Spec.Rollout)).
		WithTemplate(template)
	if !ms.Spec.Autoscaled() {
		spec.WithReplicas(ms.Spec.GuaranteedReplicas())
	}
	if r := ms.Spec.Rollout; r != nil {
		spec.MinReadySeconds = r.MinReadySeconds
		spec.ProgressDeadlineSeconds = r.ProgressDeadlineSeconds
		spec.RevisionHistoryLimit = r.RevisionHistoryLimit
	}
	d := appsv1ac.Deployment(ms.Name, ms.Namespace).
		WithLabels(childLabels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec)
	if known := dependency.AddressesOf(in.Dependencies); len(known) > 0 {
		d.WithAnnotations(map[string]string{v1alpha1.AnnotationAddresses: known.String()})
	}
	return d, nil
}

// strategy never goes below the wanted size, unless told to.
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
