package v1alpha1

// Monitor is the object that tells a scraper about the pods.
//
// +kubebuilder:validation:Enum=PodMonitor;None
type Monitor string

const (
	// MonitorPod is a PodMonitor of the Prometheus Operator. The default.
	MonitorPod Monitor = "PodMonitor"
	// MonitorNone makes no object: the scraper finds the pods by itself.
	MonitorNone Monitor = "None"
)

// Metrics are where the pods serve metrics in Prometheus' format.
type Metrics struct {
	// port is the name of the port that serves them. The scrapers of the operator's --scraper-namespaces are let in on it.
	// Default: metrics.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=15
	Port string `json:"port,omitempty"`

	// path of the metrics. Default: /metrics.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/') && !self.contains(' ')",message="must be an absolute path such as /metrics"
	Path string `json:"path,omitempty"`

	// interval between two scrapes, such as 30s. Default: the scraper's.
	// +optional
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([1-9][0-9]{0,4}h)?([1-9][0-9]{0,4}m)?([1-9][0-9]{0,4}s)?([1-9][0-9]{0,5}ms)?$')",message="must be a duration such as 30s or 1m30s"
	Interval string `json:"interval,omitempty"`

	// monitor is PodMonitor, or None where the scraper finds pods by itself. Default: PodMonitor.
	// +optional
	Monitor Monitor `json:"monitor,omitempty"`
}
