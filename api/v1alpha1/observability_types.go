package v1alpha1

// Observability says how the service is watched.
type Observability struct {
	// metrics has the pods scraped by the Prometheus Operator.
	// +optional
	Metrics *Metrics `json:"metrics,omitempty"`
}
