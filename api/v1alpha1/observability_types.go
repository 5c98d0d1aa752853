package v1alpha1

// Observability is how a service is watched.
type Observability struct {
	// tracing sends traces to the collector of the cluster. Default: nothing is injected.
	// +optional
	Tracing *Tracing `json:"tracing,omitempty"`
}
