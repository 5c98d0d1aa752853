package status

import (
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// tracedCondition reports whether the containers are told where traces go. collector is empty if the operator names none.
func tracedCondition(tracing *v1alpha1.Tracing, collector string) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionTraced}
	switch {
	case collector != "":
		c.Status, c.Reason = metav1.ConditionTrue, v1alpha1.ReasonCollectorNamed
		c.Message = fmt.Sprintf("The containers are told to send traces to %s", collector)
	case tracing.Instrumentation != "":
		c.Status, c.Reason = metav1.ConditionUnknown, v1alpha1.ReasonAgentRequested
		c.Message = fmt.Sprintf("The OpenTelemetry Operator is asked for its agent for %s, and this operator injects nothing: it has no --otlp-endpoint", tracing.Instrumentation)
	default:
		c.Status, c.Reason = metav1.ConditionFalse, v1alpha1.ReasonNoCollector
		c.Message = "Nothing is injected: the operator has no --otlp-endpoint. Set it, or OTEL_EXPORTER_OTLP_ENDPOINT in spec.env"
	}
	return c
}
