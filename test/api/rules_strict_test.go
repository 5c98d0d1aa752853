package api_test

const selectLabels = "keys below apps.microservice.dev/ select the pods and cannot be set"

var podTemplateRules = map[string]rule{
	"containers that get the environment": {spec: "podTemplate: {injectEnvironment: [migrate, proxy]}"},
	"the environment for app": {
		spec:    "podTemplate: {injectEnvironment: [migrate, app]}",
		field:   "spec.podTemplate.injectEnvironment[1]",
		message: "must be a container that podTemplate.spec adds: app has the variables without it",
	},
	"the environment for one container twice": {
		spec:    "podTemplate: {injectEnvironment: [migrate, migrate]}",
		field:   "spec.podTemplate.injectEnvironment[1]",
		message: `Duplicate value: "migrate"`,
	},
	"the environment for 17 containers": {
		spec:    "podTemplate: {injectEnvironment: " + items(17, "c%d") + "}",
		field:   "spec.podTemplate.injectEnvironment",
		message: "Too many: 17: must have at most 16 items",
	},
	"the environment for a container without a name": {
		spec:    "podTemplate: {injectEnvironment: ['']}",
		field:   "spec.podTemplate.injectEnvironment[0]",
		message: "should be at least 1 chars long",
	},
	"the environment for a container with a name of 10,000 characters": {
		spec:    "podTemplate: {injectEnvironment: [" + long + "]}",
		field:   "spec.podTemplate.injectEnvironment[0]",
		message: "Too long: may not be more than 63 bytes",
	},
	"labels and annotations of the pods": {
		spec: "podTemplate: {labels: {team: a, microservice.dev/a: b}, annotations: {example.com/a: b}}",
	},
	"the selector label": {
		spec:    "podTemplate: {labels: {apps.microservice.dev/name: other}}",
		field:   "spec.podTemplate.labels",
		message: selectLabels,
	},
	"any label of the operator's": {
		spec:    "podTemplate: {labels: {apps.microservice.dev/x: a}}",
		field:   "spec.podTemplate.labels",
		message: selectLabels,
	},
	"an annotation of the operator's": {
		spec:    "podTemplate: {annotations: {apps.microservice.dev/x: a}}",
		field:   "spec.podTemplate.annotations",
		message: reserved,
	},
	"64 labels and annotations": {
		spec: "podTemplate: {labels: " + entries(64) + ", annotations: " + entries(64) + "}",
	},
	"65 labels": {
		spec:    "podTemplate: {labels: " + entries(65) + "}",
		field:   "spec.podTemplate.labels",
		message: "Too many: 65: must have at most 64",
	},
	"65 annotations": {
		spec:    "podTemplate: {annotations: " + entries(65) + "}",
		field:   "spec.podTemplate.annotations",
		message: "Too many: 65: must have at most 64",
	},
	"a number as a label": {
		spec:    "podTemplate: {labels: {a: 1}}",
		field:   "spec.podTemplate.labels.a",
		message: `must be of type string: "integer"`,
	},
	"any spec of the pods": {
		spec: "podTemplate: {spec: {containers: [{name: app, lifecycle: {preStop: {sleep: {seconds: 1}}}}], " +
			"volumes: [{name: a, emptyDir: {}}]}}",
	},
	"a spec of the pods that makes sense to nobody": {
		spec: "podTemplate: {spec: {a: {b: [1, two, {c: null}]}, containers: 7}}",
	},
	"a spec of the pods that is a list": {
		spec:    "podTemplate: {spec: []}",
		field:   "spec.podTemplate.spec",
		message: `must be of type object: "array"`,
	},
}

var strictRules = map[string]rule{
	"an unknown field of spec": {spec: "replica: 1", message: `unknown field "spec.replica"`},
	"an unknown field of a port": {
		spec:    "ports: [{name: http, port: 80}, {name: a, port: 81, hostPort: 30000}]",
		message: `unknown field "spec.ports[1].hostPort"`,
	},
	"an unknown field of autoscaling": {
		spec:    "autoscaling: {maxReplicas: 2, max: 3}",
		message: `unknown field "spec.autoscaling.max"`,
	},
	"an unknown field of a secretKeyRef": {
		spec:    "env: [{name: A, valueFrom: {secretKeyRef: {name: a, key: b, z: c}}}]",
		message: `unknown field "spec.env[0].valueFrom.secretKeyRef.z"`,
	},
	"an unknown field of external": {
		spec:    "dependencies: [{name: a, external: {host: b, port: 1}}]",
		message: `unknown field "spec.dependencies[0].external.port"`,
	},
	"an unknown field of the podTemplate": {
		spec:    "podTemplate: {metadata: {}}",
		message: `unknown field "spec.podTemplate.metadata"`,
	},

	"a word for a number": {
		spec:    "replicas: three",
		field:   "spec.replicas",
		message: `must be of type integer: "string"`,
	},
	"a fraction for a number": {
		spec:    "replicas: 1.5",
		field:   "spec.replicas",
		message: `must be of type int32: "float64"`,
		older:   `must be of type integer: "number"`,
	},
	"a whole number as 3.0": {spec: "replicas: 3.0"},
	"a word for a boolean": {
		spec:    "paused: 'yes'",
		field:   "spec.paused",
		message: `must be of type boolean: "string"`,
	},
	"an object for a list": {
		spec:    "ports: {}",
		field:   "spec.ports",
		message: `must be of type array: "object"`,
	},
	"a list for an object": {
		spec:    "service: [a]",
		field:   "spec.service",
		message: `must be of type object: "array"`,
	},
	"a name for a dependency": {
		spec:    "dependencies: [payments]",
		field:   "spec.dependencies[0]",
		message: `must be of type object: "string"`,
	},
	"a map for env, as compose": {spec: "env: {A: b}", message: `unknown field "spec.env.A"`},
	"a number for a word": {
		spec:    "args: [8080]",
		field:   "spec.args[0]",
		message: `must be of type string: "integer"`,
	},
}

const since = "lastTransitionTime: 2026-01-02T03:04:05Z"

var statusRules = map[string]rule{
	"everything in status": {
		spec: "{}",
		status: "{observedGeneration: 1, replicas: 1, " +
			"conditions: [{type: Ready, status: 'True', reason: Available, message: '', " + since + "}], " +
			"dependencies: [{name: a, state: Ready, target: b, url: c, message: d, optional: true, " + since + "}], " +
			"dependents: [{namespace: a, name: b, permitted: true}]}",
	},
	"50 dependents": {spec: "{}", status: "dependents: " + items(50, "{namespace: a, name: d%d, permitted: true}")},
	"51 dependents": {
		spec: "{}", status: "dependents: " + items(51, "{namespace: a, name: d%d, permitted: true}"),
		field:   "status.dependents",
		message: "Too many: 51: must have at most 50 items",
	},
	"a dependent without a word": {
		spec: "{}", status: "dependents: [{namespace: a, name: b}]",
		field:   "status.dependents[0].permitted",
		message: "Required value",
	},
	"a dependent without a name": {
		spec: "{}", status: "dependents: [{namespace: a, permitted: true}]",
		field:   "status.dependents[0].name",
		message: "Required value",
	},
	"a dependent from nowhere": {
		spec: "{}", status: "dependents: [{name: a, permitted: true}]",
		field:   "status.dependents[0].namespace",
		message: "Required value",
	},
	"a dependency's status twice": {
		spec: "{}", status: "dependencies: [{name: a, state: Ready}, {name: a, state: Ready}]",
		field:   "status.dependencies[1]",
		message: `Duplicate value: {"name":"a"}`,
	},
	"a dependency in an odd state": {
		spec: "{}", status: "dependencies: [{name: a, state: Fine}]",
		field:   "status.dependencies[0].state",
		message: `Unsupported value: "Fine"`,
	},
	"a dependency without a state": {
		spec: "{}", status: "dependencies: [{name: a}]",
		field:   "status.dependencies[0].state",
		message: "Required value",
	},
	"a nameless dependency's status": {
		spec: "{}", status: "dependencies: [{state: Ready}]",
		field:   "status.dependencies[0].name",
		message: "Required value",
	},
	"a condition twice": {
		spec: "{}", status: "conditions: " + items(2, "{type: Ready, status: 'True', reason: A, message: '', "+since+"}"),
		field:   "status.conditions[1]",
		message: `Duplicate value: {"type":"Ready"}`,
	},
}
