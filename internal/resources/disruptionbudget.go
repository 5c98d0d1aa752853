package resources

import (
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	policyv1ac "k8s.io/client-go/applyconfigurations/policy/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// disruptionBudget builds the PodDisruptionBudget, which keeps a node drain from removing all replicas at once. With fewer than
// 2 guaranteed replicas it would only block drains, so there is none.
func disruptionBudget(ms *v1alpha1.Microservice) *policyv1ac.PodDisruptionBudgetApplyConfiguration {
	o := ms.Spec.DisruptionBudget
	if ms.Spec.GuaranteedReplicas() < 2 || (o != nil && o.Disabled) {
		return nil
	}
	spec := policyv1ac.PodDisruptionBudgetSpec().
		WithSelector(matching(selector(ms))).
		WithUnhealthyPodEvictionPolicy(policyv1.AlwaysAllow)
	switch {
	case o != nil && o.MinAvailable != nil:
		spec.WithMinAvailable(*o.MinAvailable)
	case o != nil && o.MaxUnavailable != nil:
		spec.WithMaxUnavailable(*o.MaxUnavailable)
	default:
		spec.WithMaxUnavailable(intstr.FromInt32(1))
	}
	return policyv1ac.PodDisruptionBudget(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec)
}
