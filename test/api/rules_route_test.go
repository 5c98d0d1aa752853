package api_test

const (
	routePort   = "route.port must be the name of one of spec.ports, such as http; a service without ports cannot have a route"
	httpOnly    = "paths, stripPrefix and timeout need kind HTTPRoute: a GRPCRoute routes by host"
	stripWith   = "stripPrefix needs paths other than /"
	hostLike    = "must be a DNS name in lower case such as shop.example.com, or with one leading *. such as *.example.com"
	pathLike    = "must be an absolute path such as /shop, without //, /./, /../, %2F, ? and #"
	metricsPort = "observability.metrics.port (its default is metrics) must be the name of one of spec.ports"
	routed      = "ports: [{name: http, port: 80}]\n"
)

var routeRules = map[string]rule{
	"a route":                 {spec: routed + "route: {hostnames: [shop.example.com]}"},
	"a route of every field":  {spec: routed + "route: {hostnames: [a.example.com, '*.b.example.com'], port: http, paths: [/a, /b/], kind: HTTPRoute, gateway: {name: public, namespace: gateways, sectionName: https}, stripPrefix: true, timeout: 1m30s}"},
	"a GRPCRoute":             {spec: routed + "route: {hostnames: [api.example.com], kind: GRPCRoute}"},
	"a route of one label":    {spec: routed + "route: {hostnames: [localhost]}"},
	"the root as a path":      {spec: routed + "route: {hostnames: [a.example.com], paths: [/]}"},
	"16 hostnames":            {spec: routed + "route: {hostnames: " + items(16, "h%d.example.com") + "}"},
	"no limit of time":        {spec: routed + "route: {hostnames: [a.example.com], timeout: 0s}"},
	"a route without a host":  {spec: routed + "route: {}", field: "spec.route.hostnames", message: "Required value"},
	"a route of no hostnames": {spec: routed + "route: {hostnames: []}", field: "spec.route.hostnames", message: "should have at least 1 items"},
	"17 hostnames":            {spec: routed + "route: {hostnames: " + items(17, "h%d.example.com") + "}", field: "spec.route.hostnames", message: "Too many: 17: must have at most 16 items"},
	"a hostname twice":        {spec: routed + "route: {hostnames: [a.example.com, a.example.com]}", field: "spec.route.hostnames[1]", message: "Duplicate value"},
	"a host in capitals":      {spec: routed + "route: {hostnames: [Shop.example.com]}", field: "spec.route.hostnames[0]", message: hostLike},
	"a host with a port":      {spec: routed + "route: {hostnames: ['a.example.com:443']}", field: "spec.route.hostnames[0]", message: hostLike},
	"a star in the middle":    {spec: routed + "route: {hostnames: ['a.*.example.com']}", field: "spec.route.hostnames[0]", message: hostLike},
	"an address as a host":    {spec: routed + "route: {hostnames: [192.0.2.1]}", field: "spec.route.hostnames[0]", message: "must be a name: Gateway API admits no addresses"},
	"a route of a worker":     {spec: "route: {hostnames: [a.example.com]}", field: "spec", message: routePort},
	"a route to no port":      {spec: routed + "route: {hostnames: [a.example.com], port: grpc}", field: "spec", message: routePort},
	"paths of a GRPCRoute":    {spec: routed + "route: {hostnames: [a.example.com], kind: GRPCRoute, paths: [/a]}", field: "spec.route", message: httpOnly},
	"a timeout of a GRPCRoute": {
		spec: routed + "route: {hostnames: [a.example.com], kind: GRPCRoute, timeout: 5s}", field: "spec.route", message: httpOnly,
	},
	"an Ingress":                              {spec: routed + "route: {hostnames: [a.example.com], kind: Ingress}", field: "spec.route.kind", message: `Unsupported value: "Ingress": supported values: "HTTPRoute", "GRPCRoute"`},
	"a prefix of no path":                     {spec: routed + "route: {hostnames: [a.example.com], stripPrefix: true}", field: "spec.route", message: stripWith},
	"the root stripped":                       {spec: routed + "route: {hostnames: [a.example.com], paths: [/], stripPrefix: true}", field: "spec.route", message: stripWith},
	"a relative path":                         {spec: routed + "route: {hostnames: [a.example.com], paths: [shop]}", field: "spec.route.paths[0]", message: pathLike},
	"an empty path":                           {spec: routed + "route: {hostnames: [a.example.com], paths: ['']}", field: "spec.route.paths[0]", message: pathLike},
	"a path upwards":                          {spec: routed + "route: {hostnames: [a.example.com], paths: [/a/../b]}", field: "spec.route.paths[0]", message: pathLike},
	"a path with two slashes":                 {spec: routed + "route: {hostnames: [a.example.com], paths: [/a//b]}", field: "spec.route.paths[0]", message: pathLike},
	"a path with a query":                     {spec: routed + "route: {hostnames: [a.example.com], paths: ['/a?b=c']}", field: "spec.route.paths[0]", message: pathLike},
	"a timeout without a unit":                {spec: routed + "route: {hostnames: [a.example.com], timeout: '30'}", field: "spec.route.timeout", message: "must be a duration such as 30s or 1m30s, in h, m, s and ms"},
	"a Gateway without a name":                {spec: routed + "route: {hostnames: [a.example.com], gateway: {namespace: gateways}}", field: "spec.route.gateway.name", message: "Required value"},
	"an empty hostname":                       {spec: routed + "route: {hostnames: ['']}", field: "spec.route.hostnames[0]", message: "should be at least 1 chars long"},
	"a hostname too long":                     {spec: routed + "route: {hostnames: [" + long + "]}", field: "spec.route.hostnames[0]", message: "Too long: may not be more than 253 bytes"},
	"no paths":                                {spec: routed + "route: {hostnames: [a.example.com], paths: []}", field: "spec.route.paths", message: "should have at least 1 items"},
	"17 paths":                                {spec: routed + "route: {hostnames: [a.example.com], paths: " + items(17, "/p%d") + "}", field: "spec.route.paths", message: "Too many: 17: must have at most 16 items"},
	"a path twice":                            {spec: routed + "route: {hostnames: [a.example.com], paths: [/a, /a]}", field: "spec.route.paths[1]", message: "Duplicate value"},
	"a path too long":                         {spec: routed + "route: {hostnames: [a.example.com], paths: [/" + long + "]}", field: "spec.route.paths[0]", message: "Too long: may not be more than 1024 bytes"},
	"an empty port of a route":                {spec: routed + "route: {hostnames: [a.example.com], port: ''}", field: "spec.route.port", message: "should be at least 1 chars long"},
	"a port too long":                         {spec: routed + "route: {hostnames: [a.example.com], port: " + long + "}", field: "spec.route.port", message: "Too long: may not be more than 15 bytes"},
	"an empty timeout":                        {spec: routed + "route: {hostnames: [a.example.com], timeout: ''}", field: "spec.route.timeout", message: "should be at least 1 chars long"},
	"a timeout too long":                      {spec: routed + "route: {hostnames: [a.example.com], timeout: " + long + "}", field: "spec.route.timeout", message: "Too long: may not be more than 32 bytes"},
	"a Gateway whose name is none":            {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: A_B}}", field: "spec.route.gateway.name", message: "must be the name of a Gateway: lower-case letters, digits, '-' and '.'"},
	"a Gateway whose name is too long":        {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: " + long + "}}", field: "spec.route.gateway.name", message: "Too long: may not be more than 253 bytes"},
	"a Gateway whose namespace is none":       {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: public, namespace: A_B}}", field: "spec.route.gateway.namespace", message: "must be the name of a namespace: lower-case letters, digits and '-'"},
	"a Gateway whose namespace is too long":   {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: public, namespace: " + long + "}}", field: "spec.route.gateway.namespace", message: "Too long: may not be more than 63 bytes"},
	"a Gateway whose sectionName is none":     {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: public, sectionName: A_B}}", field: "spec.route.gateway.sectionName", message: "must be the name of a listener: lower-case letters, digits, '-' and '.'"},
	"a Gateway whose sectionName is too long": {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: public, sectionName: " + long + "}}", field: "spec.route.gateway.sectionName", message: "Too long: may not be more than 253 bytes"},
	"a Gateway whose name is empty":           {spec: routed + "route: {hostnames: [a.example.com], gateway: {name: ''}}", field: "spec.route.gateway.name", message: "should be at least 1 chars long"},
}

var metricsRules = map[string]rule{
	"metrics of a port named so":     {spec: "ports: [{name: metrics, port: 9090}]\nobservability: {metrics: {}}"},
	"metrics of every field":         {spec: routed + "observability: {metrics: {port: http, path: /internal/metrics, interval: 15s, monitor: None}}"},
	"nothing observed":               {spec: "observability: {}"},
	"metrics of no port":             {spec: routed + "observability: {metrics: {}}", field: "spec", message: metricsPort},
	"metrics of a worker":            {spec: "observability: {metrics: {port: http}}", field: "spec", message: metricsPort},
	"a relative path of metrics":     {spec: routed + "observability: {metrics: {port: http, path: metrics}}", field: "spec.observability.metrics.path", message: "must be an absolute path such as /metrics"},
	"an interval without a unit":     {spec: routed + "observability: {metrics: {port: http, interval: '30'}}", field: "spec.observability.metrics.interval", message: "must be a duration such as 30s or 1m30s"},
	"a ServiceMonitor":               {spec: routed + "observability: {metrics: {port: http, monitor: ServiceMonitor}}", field: "spec.observability.metrics.monitor", message: `Unsupported value: "ServiceMonitor": supported values: "PodMonitor", "None"`},
	"an empty port of metrics":       {spec: routed + "observability: {metrics: {port: ''}}", field: "spec.observability.metrics.port", message: "should be at least 1 chars long"},
	"a port of metrics too long":     {spec: routed + "observability: {metrics: {port: " + long + "}}", field: "spec.observability.metrics.port", message: "Too long: may not be more than 15 bytes"},
	"an empty path of metrics":       {spec: routed + "observability: {metrics: {port: http, path: ''}}", field: "spec.observability.metrics.path", message: "should be at least 1 chars long"},
	"a path of metrics too long":     {spec: routed + "observability: {metrics: {port: http, path: " + long + "}}", field: "spec.observability.metrics.path", message: "Too long: may not be more than 1024 bytes"},
	"an empty interval of metrics":   {spec: routed + "observability: {metrics: {port: http, interval: ''}}", field: "spec.observability.metrics.interval", message: "should be at least 1 chars long"},
	"a interval of metrics too long": {spec: routed + "observability: {metrics: {port: http, interval: " + long + "}}", field: "spec.observability.metrics.interval", message: "Too long: may not be more than 32 bytes"},
}
