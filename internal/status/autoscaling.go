package status

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// autoscalingCondition repeats what the HorizontalPodAutoscaler says of its metrics.
func autoscalingCondition(hpa *autoscalingv2.HorizontalPodAutoscaler) metav1.Condition {
	c := metav1.Condition{
		Type:    v1alpha1.ConditionAutoscaling,
		Status:  metav1.ConditionUnknown,
		Reason:  v1alpha1.ReasonAutoscalerPending,
		Message: "The HorizontalPodAutoscaler has not reported yet",
	}
	if hpa == nil {
		return c
	}
	for _, said := range hpa.Status.Conditions {
		if said.Type == autoscalingv2.ScalingActive && said.Status != corev1.ConditionUnknown && said.Reason != "" {
			c.Status, c.Reason, c.Message = metav1.ConditionStatus(said.Status), said.Reason, said.Message
		}
	}
	return c
}
