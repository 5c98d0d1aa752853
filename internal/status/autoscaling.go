package status

import (
	"fmt"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// autoscalingCondition reports the state of the HorizontalPodAutoscaler and its metrics, with a hint if one is known.
func autoscalingCondition(ms *v1alpha1.Microservice, hpa *autoscalingv2.HorizontalPodAutoscaler) metav1.Condition {
	c := metav1.Condition{
		Type:    v1alpha1.ConditionAutoscaling,
		Status:  metav1.ConditionUnknown,
		Reason:  v1alpha1.ReasonAutoscalerPending,
		Message: "The HorizontalPodAutoscaler has not reported yet",
	}
	if hpa == nil {
		return c
	}
	if able := scalerCondition(hpa, autoscalingv2.AbleToScale); able != nil && able.Status == corev1.ConditionFalse {
		c.Status, c.Reason, c.Message = metav1.ConditionFalse, able.Reason, able.Message
		return c
	}
	active := scalerCondition(hpa, autoscalingv2.ScalingActive)
	if active == nil || active.Status == corev1.ConditionUnknown {
		return c
	}
	c.Status, c.Reason, c.Message = metav1.ConditionStatus(active.Status), active.Reason, active.Message
	if active.Status == corev1.ConditionFalse {
		c.Reason, c.Message = unscaled(active)
	} else if limited := scalerCondition(hpa, autoscalingv2.ScalingLimited); limited != nil && limited.Reason == "TooManyReplicas" {
		c.Reason = v1alpha1.ReasonScalingLimited
		c.Message = fmt.Sprintf("The autoscaler wants more replicas than spec.autoscaling.maxReplicas (%d); raise it if the load is expected", ms.Spec.Autoscaling.MaxReplicas)
	}
	return c
}

// scalerCondition returns the condition if it has a reason, or nil.
func scalerCondition(hpa *autoscalingv2.HorizontalPodAutoscaler, conditionType autoscalingv2.HorizontalPodAutoscalerConditionType) *autoscalingv2.HorizontalPodAutoscalerCondition {
	for i := range hpa.Status.Conditions {
		if c := &hpa.Status.Conditions[i]; c.Type == conditionType && c.Reason != "" {
			return c
		}
	}
	return nil
}

// unscaled explains why no size can be computed, and what helps. If a request is missing the autoscaler names a pod, another
// one each time: that is left out.
func unscaled(said *autoscalingv2.HorizontalPodAutoscalerCondition) (reason, message string) {
	if _, rest, found := strings.Cut(said.Message, "missing request for "); found {
		missing, _, _ := strings.Cut(rest, " of Pod")
		resource, _, _ := strings.Cut(missing, " ")
		return v1alpha1.ReasonMissingRequests, fmt.Sprintf(
			"Utilization cannot be computed without a request for %s; set spec.resources.requests.%s", missing, resource)
	}
	message = said.Message
	switch said.Reason {
	case "FailedGetResourceMetric", "FailedGetContainerResourceMetric":
		message += "; is a metrics server installed? kubectl top pods shows whether it answers"
	case "FailedGetPodsMetric", "FailedGetObjectMetric", "FailedGetExternalMetric":
		message += "; is the adapter installed that serves this metric?"
	}
	return said.Reason, message
}
