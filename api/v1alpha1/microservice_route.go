package v1alpha1

import (
	"cmp"
	"slices"
	"strings"
)

// DefaultMetricsPort is the name of the port that serves metrics if spec.observability.metrics.port is not set.
const DefaultMetricsPort = "metrics"

// MetricsPort returns the port that serves metrics: that of spec.observability.metrics, or one named metrics; nil for none.
func (s *MicroserviceSpec) MetricsPort() *Port {
	name := DefaultMetricsPort
	if o := s.Observability; o != nil && o.Metrics != nil && o.Metrics.Port != "" {
		name = o.Metrics.Port
	}
	return s.port(name)
}

// PodMonitored reports whether a PodMonitor is asked for.
func (s *MicroserviceSpec) PodMonitored() bool {
	return s.Observability != nil && s.Observability.Metrics != nil && s.Observability.Metrics.Monitor != MonitorNone
}

// AsksFor reports whether an object of a kind is asked for that a cluster may lack: HTTPRoute, GRPCRoute or PodMonitor.
func (s *MicroserviceSpec) AsksFor(kind string) bool {
	switch kind {
	case string(RouteHTTP), string(RouteGRPC):
		return kind == string(s.RouteKind())
	case string(MonitorPod):
		return s.PodMonitored()
	default:
		return false
	}
}

// RoutePort returns the port that a route leads to, nil if there is no route, or no such port.
func (s *MicroserviceSpec) RoutePort() *Port {
	switch {
	case s.Route == nil:
		return nil
	case s.Route.Port == "":
		return s.PrimaryPort()
	default:
		return s.port(s.Route.Port)
	}
}

func (s *MicroserviceSpec) port(name string) *Port {
	if i := slices.IndexFunc(s.Ports, func(p Port) bool { return p.Name == name }); i >= 0 {
		return &s.Ports[i]
	}
	return nil
}

// RouteKind returns the kind of the route, empty for none.
func (s *MicroserviceSpec) RouteKind() RouteKind {
	r, port := s.Route, s.RoutePort()
	switch {
	case port == nil:
		return ""
	case r.Kind != "":
		return r.Kind
	case port.scheme() == "grpc" && len(r.Paths) == 0 && !r.StripPrefix && r.Timeout == "":
		return RouteGRPC
	default:
		return RouteHTTP
	}
}

// NamedGateway returns the Gateway that the route names, with its namespace; nil if there is no route, or it names none.
func (ms *Microservice) NamedGateway() *GatewayReference {
	if ms.Spec.Route == nil || ms.Spec.Route.Gateway == nil {
		return nil
	}
	gateway := *ms.Spec.Route.Gateway
	gateway.Namespace = cmp.Or(gateway.Namespace, ms.Namespace)
	return &gateway
}

// URL returns the address of the first host without a wildcard, empty if there is none. sectionName is the Gateway's listener: one
// named http serves http, any other https.
func (r *Route) URL(sectionName string) string {
	i := slices.IndexFunc(r.Hostnames, func(host string) bool { return !strings.HasPrefix(host, "*.") })
	if i < 0 {
		return ""
	}
	scheme := "https"
	if sectionName == "http" {
		scheme = "http"
	}
	path := "/"
	if len(r.Paths) > 0 {
		path = r.Paths[0]
	}
	return scheme + "://" + r.Hostnames[i] + strings.TrimSuffix(path, "/")
}
