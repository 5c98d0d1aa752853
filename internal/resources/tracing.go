package resources

import (
	"cmp"
	"net/url"
	"strings"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// podNameVariable has the name of the pod, for the attributes of traces. The OpenTelemetry Operator uses the same variable for it.
const podNameVariable = "OTEL_RESOURCE_ATTRIBUTES_POD_NAME"

// tracingVariables returns the variables that an OpenTelemetry SDK reads, none for a service that is not traced or a cluster without
// a collector. Their meaning: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ and
// https://opentelemetry.io/docs/specs/otel/protocol/exporter/; the attributes:
// https://opentelemetry.io/docs/specs/semconv/resource/k8s/ and https://opentelemetry.io/docs/specs/semconv/resource/service/
func tracingVariables(ms *v1alpha1.Microservice, otlp *OTLP) []corev1ac.EnvVarApplyConfiguration {
	if otlp.Endpoint == "" || ms.Spec.Tracing() == nil {
		return nil
	}
	attributes := []string{"service.namespace=" + ms.Namespace}
	if version := imageVersion(ms.Spec.Image); version != "" {
		attributes = append(attributes, "service.version="+encoded(version))
	}
	attributes = append(attributes,
		"k8s.namespace.name="+ms.Namespace, "k8s.deployment.name="+ms.Name, "k8s.pod.name=$("+podNameVariable+")")
	return []corev1ac.EnvVarApplyConfiguration{
		*corev1ac.EnvVar().WithName(podNameVariable).WithValueFrom(corev1ac.EnvVarSource().WithFieldRef(fieldOfPod("metadata.name"))),
		*corev1ac.EnvVar().WithName("OTEL_SERVICE_NAME").WithValue(ms.Name),
		*corev1ac.EnvVar().WithName("OTEL_EXPORTER_OTLP_ENDPOINT").WithValue(otlp.Endpoint),
		*corev1ac.EnvVar().WithName("OTEL_EXPORTER_OTLP_PROTOCOL").WithValue(otlp.Protocol),
		*corev1ac.EnvVar().WithName("OTEL_RESOURCE_ATTRIBUTES").WithValue(strings.Join(attributes, ",")),
	}
}

// encoded escapes more of a value than the list of attributes asks for, so that the kubelet finds no $(VARIABLE) in it either:
// https://opentelemetry.io/docs/specs/otel/resource/sdk/#specifying-resource-information-via-an-environment-variable. An image has no
// spaces, which would become "+".
func encoded(value string) string { return url.QueryEscape(value) }

// imageVersion returns the tag of an image, else its digest.
func imageVersion(image string) string {
	tag, digest := imageTag(image)
	return cmp.Or(tag, digest)
}

// tracingAnnotations asks the OpenTelemetry Operator's webhook for an agent in the application's container; it returns nil for none.
// https://opentelemetry.io/docs/platforms/kubernetes/operator/automatic/
func tracingAnnotations(spec *v1alpha1.MicroserviceSpec) map[string]string {
	tracing := spec.Tracing()
	if tracing == nil || tracing.Instrumentation == "" {
		return nil
	}
	const domain = "instrumentation.opentelemetry.io/"
	return map[string]string{
		domain + "inject-" + string(tracing.Instrumentation): "true",
		domain + "container-names":                           v1alpha1.ContainerName,
	}
}

// collectorRule lets a traced service reach the collector's pods; it returns nil if the cluster names none.
func collectorRule(ms *v1alpha1.Microservice, settings *Settings) *networkingv1ac.NetworkPolicyEgressRuleApplyConfiguration {
	collector := settings.OTLP.Collector
	if collector == nil || ms.Spec.Tracing() == nil {
		return nil
	}
	peer := podPeer(collector, settings.withMesh(settings.OTLP.Ports))
	return networkingv1ac.NetworkPolicyEgressRule().WithTo(peer.peer).WithPorts(policyPorts(peer.ports)...)
}
