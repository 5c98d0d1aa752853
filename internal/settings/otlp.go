package settings

import (
	"cmp"
	"flag"
	"net/url"
	"strings"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// otlpFlags say where traced Microservices send traces.
type otlpFlags struct{ endpoint, protocol, peers string }

func (f *otlpFlags) bind(flags *flag.FlagSet) {
	flags.StringVar(&f.endpoint, "otlp-endpoint", "", "The URL of the OpenTelemetry collector, such as http://otel-collector.observability:4317, for Microservices with spec.observability.tracing. Changing it restarts them.")
	flags.StringVar(&f.protocol, "otlp-protocol", "grpc", "The protocol of --otlp-endpoint: grpc, or http/protobuf. Changing it restarts Microservices with spec.observability.tracing.")
	flags.StringVar(&f.peers, "otlp-peers", "", "The collector's pods as NAMESPACE:LABEL=VALUE,...[:PORT], which Microservices with spec.observability.tracing may reach. PORT is where the pods listen, by default the port of --otlp-endpoint. Changing it restarts nothing.")
}

// usualPorts are those of a collector, by protocol: https://opentelemetry.io/docs/specs/otlp/
var usualPorts = map[string]string{"grpc": "4317", "http/protobuf": "4318"}

// settings returns the zero value without --otlp-endpoint.
func (f *otlpFlags) settings() (resources.OTLP, error) {
	var none resources.OTLP
	port := usualPorts[f.protocol]
	switch {
	case port == "":
		return none, Wrong("otlp-protocol", f.protocol, "grpc or http/protobuf")
	case f.endpoint == "" && f.peers == "":
		return none, nil
	case f.endpoint == "":
		return none, Wrong("otlp-endpoint", "", "set with --otlp-peers, to a URL such as http://otel-collector.observability:4317")
	}
	u, err := url.Parse(f.endpoint)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || strings.ContainsAny(f.endpoint, " $") {
		return none, Wrong("otlp-endpoint", f.endpoint, "a URL such as http://otel-collector.observability:4317")
	}
	o := resources.OTLP{Endpoint: f.endpoint, Protocol: f.protocol}
	if f.peers == "" {
		return o, nil
	}
	o.Collector, o.Ports, err = f.collector(cmp.Or(u.Port(), port))
	return o, err
}

// collector reads NAMESPACE:LABELS[:PORT]. Neither labels nor names of namespaces have colons.
func (f *otlpFlags) collector(port string) (*dependency.Pods, []dependency.NetworkPort, error) {
	where := f.peers
	if i := strings.LastIndex(where, ":"); i >= 0 && strings.Count(where, ":") == 2 {
		where, port = where[:i], where[i+1:]
	}
	pods := podsAt(where)
	ports, err := networkPorts("otlp-peers", port+"/TCP")
	if pods == nil || err != nil {
		return nil, nil, Wrong("otlp-peers", f.peers, "NAMESPACE:LABEL=VALUE,...[:PORT], such as observability:app.kubernetes.io/name=opentelemetry-collector:4317")
	}
	return pods, ports, nil
}
