package api_test

var workloadRules = map[string]rule{
	"a known imagePullPolicy": {spec: "imagePullPolicy: Never"},
	"an unknown imagePullPolicy": {
		spec:    "imagePullPolicy: Sometimes",
		field:   "spec.imagePullPolicy",
		message: `Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"`,
	},

	"8 imagePullSecrets": {spec: "imagePullSecrets: " + items(8, "{name: s%d}")},
	"9 imagePullSecrets": {
		spec:    "imagePullSecrets: " + items(9, "{name: s%d}"),
		field:   "spec.imagePullSecrets",
		message: "Too many: 9: must have at most 8 items",
	},
	"an imagePullSecret twice": {
		spec:    "imagePullSecrets: [{name: a}, {name: a}]",
		field:   "spec.imagePullSecrets[1]",
		message: `Duplicate value: {"name":"a"}`,
	},
	"256 words of a command": {spec: "command: " + items(256, "w%d")},
	"257 words of a command": {
		spec:    "command: " + items(257, "w%d"),
		field:   "spec.command",
		message: "Too many: 257: must have at most 256 items",
	},
	"256 args":                    {spec: "args: " + items(256, "w%d")},
	"an arg of 10,000 characters": {spec: "args: [" + long + "]"},
	"257 args": {
		spec:    "args: " + items(257, "w%d"),
		field:   "spec.args",
		message: "Too many: 257: must have at most 256 items",
	},

	"an env value of 10,000 characters": {spec: "env: [{name: A, value: " + long + "}]"},
	"256 variables":                     {spec: "env: " + items(256, "{name: V%d}")},
	"257 variables": {
		spec:    "env: " + items(257, "{name: V%d}"),
		field:   "spec.env",
		message: "Too many: 257: must have at most 256 items",
	},
	"a variable twice": {
		spec:    "env: [{name: A}, {name: A}]",
		field:   "spec.env[1]",
		message: `Duplicate value: {"name":"A"}`,
	},
	"a variable without a name": {
		spec:    "env: [{value: a}]",
		field:   "spec.env[0].name",
		message: "Required value",
	},
	"a number as a variable's value": {
		spec:    "env: [{name: A, value: 8080}]",
		field:   "spec.env[0].value",
		message: `must be of type string: "integer"`,
	},
	"a variable with a value and a source": {
		spec:    "env: [{name: A, value: a, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
		field:   "spec.env[0]",
		message: "at most one of value and valueFrom may be set",
	},
	"a variable with an empty value and a source": {
		spec: "env: [{name: A, value: '', valueFrom: {fieldRef: {fieldPath: metadata.name}}}]",
	},
	"a variable without a source": {
		spec:    "env: [{name: A, valueFrom: {}}]",
		field:   "spec.env[0]",
		message: "valueFrom must have exactly one source, such as secretKeyRef",
	},
	"a variable with two sources": {
		spec:    "env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: k}, secretKeyRef: {name: s, key: k}}}]",
		field:   "spec.env[0]",
		message: "valueFrom must have exactly one source, such as secretKeyRef",
	},
	"envFrom both": {
		spec:    "envFrom: [{configMapRef: {name: a}, secretRef: {name: b}}]",
		field:   "spec.envFrom[0]",
		message: "exactly one of configMapRef and secretRef must be set",
	},
	"envFrom nothing": {
		spec:    "envFrom: [{prefix: A_}]",
		field:   "spec.envFrom[0]",
		message: "exactly one of configMapRef and secretRef must be set",
	},
	"32 envFrom": {spec: "envFrom: " + items(32, "{configMapRef: {name: c%d}}")},
	"33 envFrom": {
		spec:    "envFrom: " + items(33, "{configMapRef: {name: c%d}}"),
		field:   "spec.envFrom",
		message: "Too many: 33: must have at most 32 items",
	},

	"quantities": {spec: "resources: {requests: {cpu: 100m, memory: 1.5Gi}, limits: {cpu: 2, nvidia.com/gpu: 1}}"},
	"a fraction without quotes": {
		spec:    "resources: {requests: {cpu: 0.5}}",
		field:   "spec.resources.requests.cpu",
		message: `must be of type integer,string: "number"`,
	},
	"a quantity without a number": {
		spec:    "resources: {requests: {cpu: lots}}",
		field:   "spec.resources.requests.cpu",
		message: `Invalid value: "lots": spec.resources.requests.cpu in body should match`,
	},

	"a serviceAccountName":        {spec: "serviceAccountName: build.robot-1"},
	"an empty serviceAccountName": {spec: "serviceAccountName: ''"},
	"a serviceAccountName of 10,000 characters": {
		spec:    "serviceAccountName: " + long,
		field:   "spec.serviceAccountName",
		message: "Too long: may not be more than 253 bytes",
	},
	"a serviceAccountName in upper case": {
		spec:    "serviceAccountName: Robot",
		field:   "spec.serviceAccountName",
		message: accountName,
	},
	"a serviceAccountName that ends with a dot": {
		spec:    "serviceAccountName: robot.",
		field:   "spec.serviceAccountName",
		message: accountName,
	},
	"a serviceAccountName as a token would have": {
		spec:    "serviceAccountName: system:serviceaccount:a:b",
		field:   "spec.serviceAccountName",
		message: accountName,
	},
	"a paused one": {spec: "paused: true"},
}
