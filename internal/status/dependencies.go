package status

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// dependenciesCondition claims nothing about dependencies that nobody has looked at.
func dependenciesCondition(ms *v1alpha1.Microservice) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionDependenciesReady}
	if len(ms.Spec.Dependencies) > 0 {
		c.Status, c.Reason = metav1.ConditionUnknown, v1alpha1.ReasonNotEvaluated
		c.Message = "Dependencies are declared; this version does not evaluate them"
		return c
	}
	c.Status, c.Reason, c.Message = metav1.ConditionTrue, v1alpha1.ReasonNoDependencies, "No dependencies are declared"
	return c
}
