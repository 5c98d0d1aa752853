package metrics

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/microservice-dev/microservice-operator/internal/version"
)

// NewBuildInfo returns a series that is always 1 and has the version of the operator as a label.
func NewBuildInfo() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        prefix + "build_info",
		Help:        "1; the labels are the version of the operator and of Go.",
		ConstLabels: prometheus.Labels{"version": version.Get(), "go_version": runtime.Version()},
	}, func() float64 { return 1 })
}
