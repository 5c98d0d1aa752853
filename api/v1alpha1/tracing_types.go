package v1alpha1

// Tracing tells the OpenTelemetry SDK of the application where traces go, with the collector that the operator's flag
// --otlp-endpoint names; without it nothing is injected. {} is enough.
type Tracing struct {
	// enabled is false to turn it off and keep the rest. Default: true.
	// +optional
	Enabled *bool `json:"enabled,omitempty"`

	// instrumentation has the OpenTelemetry Operator put an agent for this runtime into the pods: java, nodejs, python, dotnet
	// or go. It needs that operator, and an Instrumentation in this namespace. Default: variables only, for an application
	// that has an SDK.
	// +optional
	Instrumentation Instrumentation `json:"instrumentation,omitempty"`
}

// Instrumentation is a runtime for which the OpenTelemetry Operator has an agent:
// https://opentelemetry.io/docs/platforms/kubernetes/operator/automatic/
//
// +kubebuilder:validation:Enum=java;nodejs;python;dotnet;go
type Instrumentation string

// Tracing returns how the service is traced, or nil if it is not.
func (s *MicroserviceSpec) Tracing() *Tracing {
	o := s.Observability
	if o == nil || o.Tracing == nil || o.Tracing.Enabled != nil && !*o.Tracing.Enabled {
		return nil
	}
	return o.Tracing
}
