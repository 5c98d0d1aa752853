package v1alpha1

// Observability says how a service is watched.
type Observability struct {
	// metrics has the pods scraped by the Prometheus Operator.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`

	// tracing sends traces to the collector of the cluster. Default: nothing is injected.
	// +optional
	Tracing *Tracing `json:"tracing,omitempty"`
}
