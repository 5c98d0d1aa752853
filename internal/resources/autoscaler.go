package resources

import (
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	autoscalingv2ac "k8s.io/client-go/applyconfigurations/autoscaling/v2"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// defaultCPUUtilization is the target, in percent of the request, if the spec names none.
const defaultCPUUtilization = 80

// autoscaler builds the HorizontalPodAutoscaler, unless the user has one. It targets the Deployment and not the Microservice, so that nothing ever
// writes the Microservice's spec.
func autoscaler(ms *v1alpha1.Microservice) (*autoscalingv2ac.HorizontalPodAutoscalerApplyConfiguration, error) {
	if !ms.Spec.Autoscaled() || ms.Spec.ScaledExternally() {
		return nil, nil
	}
	a := ms.Spec.Autoscaling
	spec := autoscalingv2ac.HorizontalPodAutoscalerSpec().
		WithScaleTargetRef(autoscalingv2ac.CrossVersionObjectReference().
			WithAPIVersion("apps/v1").WithKind("Deployment").WithName(ms.Name)).
		WithMinReplicas(ms.Spec.GuaranteedReplicas()).
		WithMaxReplicas(a.MaxReplicas)
	spec.Metrics = utilizationMetrics(a)
	for i := range a.Metrics {
		m, err := convert[autoscalingv2ac.MetricSpecApplyConfiguration](&a.Metrics[i], "spec.autoscaling.metrics")
		if err != nil {
			return nil, err
		}
		spec.WithMetrics(m)
	}
	if a.Behavior != nil {
		behavior, err := convert[autoscalingv2ac.HorizontalPodAutoscalerBehaviorApplyConfiguration](a.Behavior, "spec.autoscaling.behavior")
		if err != nil {
			return nil, err
		}
		spec.WithBehavior(behavior)
	}
	return autoscalingv2ac.HorizontalPodAutoscaler(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithSpec(spec), nil
}

func utilizationMetrics(a *v1alpha1.Autoscaling) []autoscalingv2ac.MetricSpecApplyConfiguration {
	var metrics []autoscalingv2ac.MetricSpecApplyConfiguration
	cpu, memory := a.TargetCPUUtilizationPercentage, a.TargetMemoryUtilizationPercentage
	if cpu == nil && memory == nil && len(a.Metrics) == 0 {
		cpu = new(int32(defaultCPUUtilization))
	}
	if cpu != nil {
		metrics = append(metrics, *utilization(corev1.ResourceCPU, *cpu))
	}
	if memory != nil {
		metrics = append(metrics, *utilization(corev1.ResourceMemory, *memory))
	}
	return metrics
}

func utilization(resource corev1.ResourceName, percent int32) *autoscalingv2ac.MetricSpecApplyConfiguration {
	return autoscalingv2ac.MetricSpec().
		WithType(autoscalingv2.ResourceMetricSourceType).
		WithResource(autoscalingv2ac.ResourceMetricSource().
			WithName(resource).
			WithTarget(autoscalingv2ac.MetricTarget().
				WithType(autoscalingv2.UtilizationMetricType).
				WithAverageUtilization(percent)))
}
