package api_test

const (
	portName      = "must be a port name such as http or grpc-2: lower-case letters, digits and single '-' between them, with at least one letter"
	portUnique    = "port and protocol must be unique together: give one of the ports another number (a targetPort may be shared)"
	protocol      = "must be a protocol such as http, grpc or kubernetes.io/h2c: letters, digits, '-', '_' and '.', with or without a DNS prefix and '/'"
	lbClass       = "must be a class such as internal-vip or example.com/internal-vip"
	network       = "must be a CIDR without host bits, such as 10.0.0.0/8"
	reserved      = "keys below apps.microservice.dev/ belong to the operator"
	lbOnly        = "loadBalancerClass and loadBalancerSourceRanges need type LoadBalancer"
	trafficFor    = "externalTrafficPolicy needs type NodePort or LoadBalancer"
	noAddress     = "headless needs type ClusterIP: without an address of its own the Service cannot be published"
	directly      = "spec.service.headless needs ports whose targetPort equals port: clients reach the pods directly, and nothing translates the number; leave targetPort out"
	affinity      = "sessionAffinityTimeoutSeconds needs sessionAffinity: ClientIP"
	onNodes       = "spec.ports[].nodePort needs spec.service.type NodePort or LoadBalancer"
	headlessStays = "spec.service.headless cannot be changed while the Service exists: remove spec.ports, which deletes the Service, then set them again with the other value"
)

var portRules = map[string]rule{
	"64 ports": {spec: "ports: " + items(64, "{name: p%d, port: %d}")},
	"65 ports": {
		spec:    "ports: " + items(65, "{name: p%d, port: %d}"),
		field:   "spec.ports",
		message: "Too many: 65: must have at most 64 items",
	},
	"a port name twice": {
		spec:    "ports: [{name: http, port: 80}, {name: http, port: 81}]",
		field:   "spec.ports[1]",
		message: `Duplicate value: {"name":"http"}`,
	},
	"a port without a name": {spec: "ports: [{port: 80}]", field: "spec.ports[0].name", message: "Required value"},
	"a port without a port": {
		spec:    "ports: [{name: http}]",
		field:   "spec.ports[0].port",
		message: "Required value",
	},

	"a number twice": {
		spec:    "ports: [{name: http, port: 80}, {name: web, port: 80}]",
		field:   "spec.ports",
		message: portUnique,
	},
	"a number twice, one says TCP": {
		spec:    "ports: [{name: http, port: 80}, {name: web, port: 80, protocol: TCP}]",
		field:   "spec.ports",
		message: portUnique,
	},
	"a number for TCP, UDP and SCTP": {
		spec: "ports: [{name: a, port: 53}, {name: b, port: 53, protocol: UDP}, {name: c, port: 53, protocol: SCTP}]",
	},
	"two numbers that lead to the same": {
		spec: "ports: [{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 8080}]",
	},
	"port 1 and port 65535": {
		spec: "ports: [{name: a, port: 1, targetPort: 65535}, {name: b, port: 65535, targetPort: 1}]",
	},
	"port 0": {
		spec:    "ports: [{name: http, port: 0}]",
		field:   "spec.ports[0].port",
		message: "Invalid value: 0: spec.ports[0].port in body should be greater than or equal to 1",
	},
	"port 65536": {
		spec:    "ports: [{name: http, port: 65536}]",
		field:   "spec.ports[0].port",
		message: "Invalid value: 65536: spec.ports[0].port in body should be less than or equal to 65535",
	},
	"targetPort 0": {
		spec:    "ports: [{name: http, port: 1, targetPort: 0}]",
		field:   "spec.ports[0].targetPort",
		message: "should be greater than or equal to 1",
	},
	"targetPort 65536": {
		spec:    "ports: [{name: http, port: 1, targetPort: 65536}]",
		field:   "spec.ports[0].targetPort",
		message: "should be less than or equal to 65535",
	},
	"targetPort by name, as in a Service": {
		spec:    "ports: [{name: http, port: 1, targetPort: web}]",
		field:   "spec.ports[0].targetPort",
		message: `must be of type integer: "string"`,
	},
	"an unknown protocol": {
		spec:    "ports: [{name: http, port: 80, protocol: HTTP}]",
		field:   "spec.ports[0].protocol",
		message: `Unsupported value: "HTTP": supported values: "TCP", "UDP", "SCTP"`,
	},

	"a port name of 15 characters": {spec: "ports: [{name: grpc-web-2-abcd, port: 80}]"},
	"a port name of 10,000 characters": {
		spec:    "ports: [{name: " + long + ", port: 80}]",
		field:   "spec.ports[0].name",
		message: "Too long: may not be more than 15 bytes",
	},
	"an empty port name": {
		spec:    "ports: [{name: '', port: 80}]",
		field:   "spec.ports[0].name",
		message: "should be at least 1 chars long",
	},
	"a port name in upper case": {
		spec:    "ports: [{name: HTTP, port: 80}]",
		field:   "spec.ports[0].name",
		message: portName,
	},
	"a port name of digits": {
		spec:    "ports: [{name: '80', port: 80}]",
		field:   "spec.ports[0].name",
		message: portName,
	},
	"a port name with two hyphens in a row": {
		spec:    "ports: [{name: a--b, port: 80}]",
		field:   "spec.ports[0].name",
		message: portName,
	},
	"a port name that ends with a hyphen": {
		spec:    "ports: [{name: a-, port: 80}]",
		field:   "spec.ports[0].name",
		message: portName,
	},
	"a port name that begins with a digit": {spec: "ports: [{name: 2grpc, port: 80}]"},
	"an appProtocol":                       {spec: "ports: [{name: http, port: 80, appProtocol: http}]"},
	"an appProtocol with a prefix":         {spec: "ports: [{name: http, port: 80, appProtocol: kubernetes.io/h2c}]"},
	"an appProtocol of 10,000 characters": {
		spec:    "ports: [{name: http, port: 80, appProtocol: " + long + "}]",
		field:   "spec.ports[0].appProtocol",
		message: "Too long: may not be more than 63 bytes",
	},
	"an appProtocol with a space": {
		spec:    "ports: [{name: http, port: 80, appProtocol: my proto}]",
		field:   "spec.ports[0].appProtocol",
		message: protocol,
	},
	"an empty appProtocol": {
		spec:    "ports: [{name: http, port: 80, appProtocol: ''}]",
		field:   "spec.ports[0].appProtocol",
		message: protocol,
	},
	"an appProtocol with two slashes": {
		spec:    "ports: [{name: http, port: 80, appProtocol: a/b/c}]",
		field:   "spec.ports[0].appProtocol",
		message: protocol,
	},
	"an empty service": {spec: "service: {}"},
	"a Service type that is not ours": {
		spec:    "service: {type: ExternalName}",
		field:   "spec.service.type",
		message: `Unsupported value: "ExternalName": supported values: "ClusterIP", "NodePort", "LoadBalancer"`,
	},
	"annotations of the Service": {
		spec: "service: {annotations: {example.com/owner: orders, microservice.dev/x: a}}",
	},
	"64 annotations of the Service": {spec: "service: {annotations: " + entries(64) + "}"},
	"65 annotations of the Service": {
		spec:    "service: {annotations: " + entries(65) + "}",
		field:   "spec.service.annotations",
		message: "Too many: 65: must have at most 64",
	},
	"a reserved annotation of the Service": {
		spec:    "service: {annotations: {apps.microservice.dev/applied: a}}",
		field:   "spec.service.annotations",
		message: reserved,
	},
	"externalTrafficPolicy of a NodePort": {spec: "service: {type: NodePort, externalTrafficPolicy: Local}"},
	"externalTrafficPolicy of no type": {
		spec:    "service: {externalTrafficPolicy: Local}",
		field:   "spec.service",
		message: trafficFor,
	},
	"an unknown externalTrafficPolicy": {
		spec:    "service: {type: NodePort, externalTrafficPolicy: Far}",
		field:   "spec.service.externalTrafficPolicy",
		message: `Unsupported value: "Far": supported values: "Cluster", "Local"`,
	},
	"a load balancer with everything": {
		spec: "service: {type: LoadBalancer, loadBalancerClass: example.com/internal-vip, " +
			"loadBalancerSourceRanges: [10.0.0.0/8, 'fd00::/8', 0.0.0.0/0]}",
	},
	"loadBalancerClass of a NodePort": {
		spec:    "service: {type: NodePort, loadBalancerClass: a}",
		field:   "spec.service",
		message: lbOnly,
	},
	"loadBalancerSourceRanges of no type": {
		spec:    "service: {loadBalancerSourceRanges: [10.0.0.0/8]}",
		field:   "spec.service",
		message: lbOnly,
	},
	"a loadBalancerClass of 10,000 letters": {
		spec:    "service: {type: LoadBalancer, loadBalancerClass: " + long + "}",
		field:   "spec.service.loadBalancerClass",
		message: "Too long: may not be more than 253 bytes",
	},
	"an empty loadBalancerClass": {
		spec:    "service: {type: LoadBalancer, loadBalancerClass: ''}",
		field:   "spec.service.loadBalancerClass",
		message: lbClass,
	},
	"a loadBalancerClass with a space": {
		spec:    "service: {type: LoadBalancer, loadBalancerClass: a b}",
		field:   "spec.service.loadBalancerClass",
		message: lbClass,
	},
	"32 loadBalancerSourceRanges": {
		spec: "service: {type: LoadBalancer, loadBalancerSourceRanges: " + items(32, "10.%d.0.0/16") + "}",
	},
	"33 loadBalancerSourceRanges": {
		spec:    "service: {type: LoadBalancer, loadBalancerSourceRanges: " + items(33, "10.%d.0.0/16") + "}",
		field:   "spec.service.loadBalancerSourceRanges",
		message: "Too many: 33: must have at most 32 items",
	},
	"a loadBalancerSourceRange twice": {
		spec:    "service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.0/8, 10.0.0.0/8]}",
		field:   "spec.service.loadBalancerSourceRanges[1]",
		message: `Duplicate value: "10.0.0.0/8"`,
	},
	"a loadBalancerSourceRange of a host": {
		spec:    "service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.1/8]}",
		field:   "spec.service.loadBalancerSourceRanges[0]",
		message: network,
	},
	"a loadBalancerSourceRange without bits": {
		spec:    "service: {type: LoadBalancer, loadBalancerSourceRanges: [10.0.0.1]}",
		field:   "spec.service.loadBalancerSourceRanges[0]",
		message: network,
	},
	"a loadBalancerSourceRange of 10,000": {
		spec:    "service: {type: LoadBalancer, loadBalancerSourceRanges: [" + long + "]}",
		field:   "spec.service.loadBalancerSourceRanges[0]",
		message: "Too long: may not be more than 43 bytes",
	},
	"a headless Service":             {spec: "{ports: [{name: grpc, port: 9090}, {name: http, port: 80, targetPort: 80}], service: {headless: true}}"},
	"a headless Service of a worker": {spec: "service: {headless: true}"},
	"a Service with an address, in so many words": {
		spec: "{ports: [{name: http, port: 80, targetPort: 8080}], service: {headless: false, type: NodePort}}",
	},
	"a headless Service that translates a port": {
		spec: "{ports: [{name: http, port: 80, targetPort: 8080}], service: {headless: true}}", field: "spec", message: directly,
	},
	"a headless Service of type NodePort": {spec: "service: {headless: true, type: NodePort}", field: "spec.service", message: noAddress},
	"a Service that keeps clients at their pod": {
		spec: "service: {sessionAffinity: ClientIP, sessionAffinityTimeoutSeconds: 86400}",
	},
	"a timeout without affinity": {spec: "service: {sessionAffinityTimeoutSeconds: 60}", field: "spec.service", message: affinity},
	"a timeout with affinity None": {
		spec: "service: {sessionAffinity: None, sessionAffinityTimeoutSeconds: 60}", field: "spec.service", message: affinity,
	},
	"an affinity of 0 seconds": {
		spec:    "service: {sessionAffinity: ClientIP, sessionAffinityTimeoutSeconds: 0}",
		field:   "spec.service.sessionAffinityTimeoutSeconds",
		message: "should be greater than or equal to 1",
	},
	"an affinity of more than a day": {
		spec:    "service: {sessionAffinity: ClientIP, sessionAffinityTimeoutSeconds: 86401}",
		field:   "spec.service.sessionAffinityTimeoutSeconds",
		message: "should be less than or equal to 86400",
	},
	"an unknown affinity": {
		spec:    "service: {sessionAffinity: Cookie}",
		field:   "spec.service.sessionAffinity",
		message: `Unsupported value: "Cookie": supported values: "None", "ClientIP"`,
	},
	"a dual-stack Service": {spec: "service: {ipFamilyPolicy: PreferDualStack}"},
	"an unknown ipFamilyPolicy": {
		spec:    "service: {ipFamilyPolicy: DualStack}",
		field:   "spec.service.ipFamilyPolicy",
		message: `Unsupported value: "DualStack": supported values: "SingleStack", "PreferDualStack", "RequireDualStack"`,
	},
	"an internalTrafficPolicy": {spec: "service: {internalTrafficPolicy: Local}"},
	"an unknown internalTrafficPolicy": {
		spec:    "service: {internalTrafficPolicy: Near}",
		field:   "spec.service.internalTrafficPolicy",
		message: `Unsupported value: "Near": supported values: "Cluster", "Local"`,
	},
	"a trafficDistribution": {spec: "service: {trafficDistribution: PreferSameNode}"},
	"an unknown trafficDistribution": {
		spec:    "service: {trafficDistribution: Near}",
		field:   "spec.service.trafficDistribution",
		message: `Unsupported value: "Near": supported values: "PreferSameZone", "PreferSameNode", "PreferClose"`,
	},
	"a nodePort":                   {spec: "{ports: [{name: http, port: 80, nodePort: 30080}], service: {type: LoadBalancer}}"},
	"a nodePort without a service": {spec: "ports: [{name: http, port: 80, nodePort: 30080}]", field: "spec", message: onNodes},
	"a nodePort of a ClusterIP": {
		spec: "{ports: [{name: a, port: 79}, {name: http, port: 80, nodePort: 30080}], service: {type: ClusterIP}}", field: "spec", message: onNodes,
	},
	"nodePort 0": {
		spec:    "{ports: [{name: http, port: 80, nodePort: 0}], service: {type: NodePort}}",
		field:   "spec.ports[0].nodePort",
		message: "should be greater than or equal to 1",
	},
	"nodePort 65536": {
		spec:    "{ports: [{name: http, port: 80, nodePort: 65536}], service: {type: NodePort}}",
		field:   "spec.ports[0].nodePort",
		message: "should be less than or equal to 65535",
	},
	"a Service that becomes headless": {
		before: "ports: [{name: http, port: 80}]", spec: "{ports: [{name: http, port: 80}], service: {headless: true}}", field: "spec", message: headlessStays,
	},
	"a Service that is headless no more": {
		before: "{ports: [{name: http, port: 80}], service: {headless: true}}", spec: "ports: [{name: http, port: 81}]", field: "spec", message: headlessStays,
	},
	"a headless Service that is edited": {
		before: "{ports: [{name: http, port: 80}], service: {headless: true}}", spec: "{ports: [{name: http, port: 81}], service: {headless: true}}",
	},
	"a headless Service that goes":                     {before: "{ports: [{name: http, port: 80}], service: {headless: true}}", spec: "{}"},
	"a headless Service where none was":                {before: "{}", spec: "{ports: [{name: http, port: 80}], service: {headless: true}}"},
	"a Service with headless: false where no word was": {before: "ports: [{name: http, port: 80}]", spec: "{ports: [{name: http, port: 80}], service: {headless: false}}"},
}
