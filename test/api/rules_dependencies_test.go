package api_test

const (
	alias         = "must be a DNS label that begins with a letter, such as orders-db"
	oneTarget     = "at most one of microservice, service, external may be set"
	externalPort  = "port selects a port of a microservice or service; use external.ports"
	externalStart = "the operator cannot see whether an external dependency is available: startPolicy must be Immediate"
	optionalStart = "an optional dependency cannot hold the start: startPolicy must be Immediate"
	somewhere     = "host or cidrs must be set"
	hostName      = "must be a DNS name in lower case, such as api.example.com"
	objectName    = "must be the name of an object: lower-case letters, digits and '-', without a namespace or domain"
	namespaceName = "must be the name of a namespace: lower-case letters, digits and '-'"
	dependedPort  = "must be the name of a port, such as http: lower-case letters, digits and '-'"
)

// dependency is a spec with one dependency called db.
func dependency(rest string) string {
	return "dependencies: [{name: db, " + rest + "}]"
}

var dependencyRules = map[string]rule{
	"a dependency by name": {spec: "dependencies: [{name: payments}]"},
	"64 dependencies":      {spec: "dependencies: " + items(64, "{name: d%d}")},
	"65 dependencies": {
		spec:    "dependencies: " + items(65, "{name: d%d}"),
		field:   "spec.dependencies",
		message: "Too many: 65: must have at most 64 items",
	},
	"a dependency twice": {
		spec:    "dependencies: [{name: db}, {name: db}]",
		field:   "spec.dependencies[1]",
		message: `Duplicate value: {"name":"db"}`,
	},
	"a dependency without a name": {
		spec:    "dependencies: [{service: {name: db}}]",
		field:   "spec.dependencies[0].name",
		message: "Required value",
	},
	"an alias of 63 letters": {spec: "dependencies: [{name: " + long[:63] + "}]"},
	"an alias of 10,000 letters": {
		spec:    "dependencies: [{name: " + long + "}]",
		field:   "spec.dependencies[0].name",
		message: "Too long: may not be more than 63 bytes",
	},
	"an empty alias": {
		spec:    "dependencies: [{name: ''}]",
		field:   "spec.dependencies[0].name",
		message: "should be at least 1 chars long",
	},
	"an alias with an underscore": {
		spec:    "dependencies: [{name: orders_db}]",
		field:   "spec.dependencies[0].name",
		message: alias,
	},
	"an alias with a digit first": {
		spec:    "dependencies: [{name: 2nd}]",
		field:   "spec.dependencies[0].name",
		message: alias,
	},
	"an alias as a DNS name": {
		spec:    "dependencies: [{name: db.other}]",
		field:   "spec.dependencies[0].name",
		message: alias,
	},

	"a microservice and a service": {
		spec:    dependency("microservice: {name: a}, service: {name: b}"),
		field:   "spec.dependencies[0]",
		message: oneTarget,
	},
	"a microservice and external": {
		spec:    dependency("microservice: {name: a}, external: {host: b}"),
		field:   "spec.dependencies[0]",
		message: oneTarget,
	},
	"a service and external": {
		spec:    dependency("service: {name: a}, external: {host: b}"),
		field:   "spec.dependencies[0]",
		message: oneTarget,
	},
	"a port of a microservice": {spec: dependency("microservice: {name: a, namespace: b}, port: grpc")},
	"a port of a service":      {spec: dependency("service: {name: a, namespace: b}, port: " + long[:63])},
	"a port of external": {
		spec:    dependency("external: {host: a}, port: http"),
		field:   "spec.dependencies[0]",
		message: externalPort,
	},
	"an empty port": {spec: dependency("port: ''")},
	"a port of 10,000 letters": {
		spec:    dependency("port: " + long),
		field:   "spec.dependencies[0].port",
		message: "Too long: may not be more than 63 bytes",
	},
	"a port with an underscore": {
		spec:    dependency("port: my_port"),
		field:   "spec.dependencies[0].port",
		message: dependedPort,
	},
	"a port by number": {
		spec:    dependency("port: 5432"),
		field:   "spec.dependencies[0].port",
		message: `must be of type string: "integer"`,
	},
	"a start that waits":           {spec: dependency("startPolicy: AfterAvailable")},
	"a required start that waits":  {spec: dependency("startPolicy: AfterAvailable, optional: false")},
	"an external one without wait": {spec: dependency("startPolicy: Immediate, external: {host: a}")},
	"an optional one without wait": {spec: dependency("startPolicy: Immediate, optional: true")},
	"an external one that waits": {
		spec:    dependency("startPolicy: AfterAvailable, external: {host: a}"),
		field:   "spec.dependencies[0]",
		message: externalStart,
	},
	"an optional one that waits": {
		spec:    dependency("startPolicy: AfterAvailable, optional: true"),
		field:   "spec.dependencies[0]",
		message: optionalStart,
	},
	"an unknown startPolicy": {
		spec:    dependency("startPolicy: Never"),
		field:   "spec.dependencies[0].startPolicy",
		message: `Unsupported value: "Never": supported values: "Immediate", "AfterAvailable"`,
	},
	"a target that begins with 2": {spec: dependency("service: {name: 2nd, namespace: 2nd}")},
	"a target of 63 letters": {
		spec: dependency("microservice: {name: " + long[:63] + ", namespace: " + long[:63] + "}"),
	},
	"a target with empty namespace": {spec: dependency("service: {name: a, namespace: ''}")},

	"a microservice without a name": {
		spec:    dependency("microservice: {namespace: a}"),
		field:   "spec.dependencies[0].microservice.name",
		message: "Required value",
	},
	"a microservice with an empty name": {
		spec:    dependency("microservice: {name: ''}"),
		field:   "spec.dependencies[0].microservice.name",
		message: "should be at least 1 chars long",
	},
	"a microservice of 10,000 letters": {
		spec:    dependency("microservice: {name: " + long + "}"),
		field:   "spec.dependencies[0].microservice.name",
		message: "Too long: may not be more than 63 bytes",
	},
	"a microservice in upper case": {
		spec:    dependency("microservice: {name: A}"),
		field:   "spec.dependencies[0].microservice.name",
		message: objectName,
	},
	"a microservice's namespace of 10,000": {
		spec:    dependency("microservice: {name: a, namespace: " + long + "}"),
		field:   "spec.dependencies[0].microservice.namespace",
		message: "Too long: may not be more than 63 bytes",
	},
	"a microservice's namespace in upper case": {
		spec:    dependency("microservice: {name: a, namespace: B}"),
		field:   "spec.dependencies[0].microservice.namespace",
		message: namespaceName,
	},
	"a service without a name": {
		spec:    dependency("service: {}"),
		field:   "spec.dependencies[0].service.name",
		message: "Required value",
	},
	"a service with an empty name": {
		spec:    dependency("service: {name: ''}"),
		field:   "spec.dependencies[0].service.name",
		message: "should be at least 1 chars long",
	},
	"a service of 10,000 letters": {
		spec:    dependency("service: {name: " + long + "}"),
		field:   "spec.dependencies[0].service.name",
		message: "Too long: may not be more than 63 bytes",
	},
	"a service by DNS name": {
		spec:    dependency("service: {name: db.other.svc}"),
		field:   "spec.dependencies[0].service.name",
		message: objectName,
	},
	"a service's namespace of 10,000": {
		spec:    dependency("service: {name: a, namespace: " + long + "}"),
		field:   "spec.dependencies[0].service.namespace",
		message: "Too long: may not be more than 63 bytes",
	},
	"a service's namespace with a dot": {
		spec:    dependency("service: {name: a, namespace: b.c}"),
		field:   "spec.dependencies[0].service.namespace",
		message: namespaceName,
	},

	"an external host with ports": {
		spec: dependency("external: {host: api.example.com, ports: [{port: 1}, {port: 65535, protocol: UDP}]}"),
	},
	"external networks": {
		spec: dependency("external: {cidrs: [192.0.2.0/24, '2001:db8::/32', 203.0.113.7/32]}"),
	},
	"external nowhere": {
		spec:    dependency("external: {ports: [{port: 1}]}"),
		field:   "spec.dependencies[0].external",
		message: somewhere,
	},
	"an external host of 10,000 letters": {
		spec:    dependency("external: {host: " + long + "}"),
		field:   "spec.dependencies[0].external.host",
		message: "Too long: may not be more than 253 bytes",
	},
	"an external host in upper case": {
		spec:    dependency("external: {host: API.example.com}"),
		field:   "spec.dependencies[0].external.host",
		message: hostName,
	},
	"an external host with a scheme": {
		spec:    dependency("external: {host: 'https://api.example.com'}"),
		field:   "spec.dependencies[0].external.host",
		message: hostName,
	},
	"an external host with a port": {
		spec:    dependency("external: {host: 'api.example.com:443'}"),
		field:   "spec.dependencies[0].external.host",
		message: hostName,
	},
	"an empty external host": {
		spec:    dependency("external: {host: ''}"),
		field:   "spec.dependencies[0].external.host",
		message: hostName,
	},
	"no external network in the list": {
		spec:    dependency("external: {cidrs: []}"),
		field:   "spec.dependencies[0].external.cidrs",
		message: "should have at least 1 items",
	},
	"32 external networks": {spec: dependency("external: {cidrs: " + items(32, "10.%d.0.0/16") + "}")},
	"33 external networks": {
		spec:    dependency("external: {cidrs: " + items(33, "10.%d.0.0/16") + "}"),
		field:   "spec.dependencies[0].external.cidrs",
		message: "Too many: 33: must have at most 32 items",
	},
	"an external network twice": {
		spec:    dependency("external: {cidrs: [10.0.0.0/8, 10.0.0.0/8]}"),
		field:   "spec.dependencies[0].external.cidrs[1]",
		message: `Duplicate value: "10.0.0.0/8"`,
	},
	"an external network of 10,000": {
		spec:    dependency("external: {cidrs: [" + long + "]}"),
		field:   "spec.dependencies[0].external.cidrs[0]",
		message: "Too long: may not be more than 43 bytes",
	},
	"an external network with host bits": {
		spec:    dependency("external: {cidrs: [192.0.2.1/24]}"),
		field:   "spec.dependencies[0].external.cidrs[0]",
		message: network,
	},
	"an external address, not a network": {
		spec:    dependency("external: {cidrs: [192.0.2.1]}"),
		field:   "spec.dependencies[0].external.cidrs[0]",
		message: network,
	},
	"16 external ports": {spec: dependency("external: {host: a, ports: " + items(16, "{port: %d}") + "}")},
	"17 external ports": {
		spec:    dependency("external: {host: a, ports: " + items(17, "{port: %d}") + "}"),
		field:   "spec.dependencies[0].external.ports",
		message: "Too many: 17: must have at most 16 items",
	},
	"an external port without a number": {
		spec:    dependency("external: {host: a, ports: [{protocol: TCP}]}"),
		field:   "spec.dependencies[0].external.ports[0].port",
		message: "Required value",
	},
	"external port 0": {
		spec:    dependency("external: {host: a, ports: [{port: 0}]}"),
		field:   "spec.dependencies[0].external.ports[0].port",
		message: "should be greater than or equal to 1",
	},
	"external port 65536": {
		spec:    dependency("external: {host: a, ports: [{port: 65536}]}"),
		field:   "spec.dependencies[0].external.ports[0].port",
		message: "should be less than or equal to 65535",
	},
	"an external port of an odd protocol": {
		spec:    dependency("external: {host: a, ports: [{port: 1, protocol: SCTP}]}"),
		field:   "spec.dependencies[0].external.ports[0].protocol",
		message: `Unsupported value: "SCTP": supported values: "TCP", "UDP"`,
	},
}
