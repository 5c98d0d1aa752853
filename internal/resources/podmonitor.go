package resources

import (
	"cmp"

	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// PodMonitorApplyConfiguration is the part of a PodMonitor that the operator sets. Its owners publish none:
// https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.PodMonitor
type PodMonitorApplyConfiguration struct {
	metav1ac.TypeMetaApplyConfiguration    `json:",inline"`
	*metav1ac.ObjectMetaApplyConfiguration `json:"metadata"`
	Spec                                   PodMonitorSpecApplyConfiguration `json:"spec"`
}

// PodMonitorSpecApplyConfiguration is the spec of a PodMonitorApplyConfiguration.
type PodMonitorSpecApplyConfiguration struct {
	JobLabel            string                                    `json:"jobLabel"`
	Selector            *metav1ac.LabelSelectorApplyConfiguration `json:"selector"`
	PodMetricsEndpoints []PodMetricsEndpointApplyConfiguration    `json:"podMetricsEndpoints"`
}

// PodMetricsEndpointApplyConfiguration says where and how often pods are scraped.
type PodMetricsEndpointApplyConfiguration struct {
	Port     string `json:"port"`
	Path     string `json:"path"`
	Interval string `json:"interval,omitempty"`
}

// podMonitor builds the PodMonitor. It names the pods' port, so that workers without a Service are scraped, too; the job is the
// Microservice's name.
func podMonitor(ms *v1alpha1.Microservice, s *Settings) *PodMonitorApplyConfiguration {
	port := ms.Spec.MetricsPort()
	if !ms.Spec.PodMonitored() || port == nil {
		return nil
	}
	m := ms.Spec.Observability.Metrics
	return &PodMonitorApplyConfiguration{
		TypeMetaApplyConfiguration: *metav1ac.TypeMeta().WithAPIVersion("monitoring.coreos.com/v1").WithKind("PodMonitor"),
		ObjectMetaApplyConfiguration: metav1ac.ObjectMeta().WithName(ms.Name).WithNamespace(ms.Namespace).
			WithLabels(s.PodMonitorLabels).WithLabels(labels(ms)).WithOwnerReferences(owner(ms)),
		Spec: PodMonitorSpecApplyConfiguration{
			JobLabel: v1alpha1.LabelName,
			Selector: matching(selector(ms)),
			PodMetricsEndpoints: []PodMetricsEndpointApplyConfiguration{{
				Port: ms.Spec.ContainerPortName(port), Path: cmp.Or(m.Path, "/metrics"), Interval: m.Interval,
			}},
		},
	}
}
