package api_test

import "strings"

const (
	minMax         = "minReplicas must not exceed maxReplicas"
	surgeNumber    = "must be a number from 0 to 2147483647, or a percentage such as 25%"
	budgetNumber   = "must be a number from 0 to 2147483647, or a percentage such as 50%"
	eitherScaler   = "set maxReplicas for an autoscaler of the operator, or external for one of your own"
	externalAlone  = "minReplicas, targets, metrics and behavior belong to an autoscaler of the operator: with external set external.minReplicas, and the others in your own autoscaler"
	oneBudget      = "set only one of minAvailable and maxUnavailable"
	recreateSurge  = "maxSurge and maxUnavailable belong to strategy RollingUpdate"
	neverReplaced  = "maxSurge 0 needs a maxUnavailable above 0 (its default is 0), else no pod could ever be replaced"
	deadlineTooLow = "progressDeadlineSeconds (its default is 600) must exceed minReadySeconds"
	probePort      = "port must be a number from 1 to 65535, or the name of one of spec.ports"
)

var sizeRules = map[string]rule{
	"0 replicas":          {spec: "replicas: 0"},
	"2147483647 replicas": {spec: "replicas: 2147483647"},
	"2147483648 replicas": {
		spec:    "replicas: 2147483648",
		field:   ".spec.replicas",
		message: "Invalid value: 2147483648: should be less than or equal to 2147483647",
	},
	"-1 replicas": {
		spec:    "replicas: -1",
		field:   "spec.replicas",
		message: "Invalid value: -1: spec.replicas in body should be greater than or equal to 0",
	},
	"replicas and autoscaling": {
		spec:    "{replicas: 1, autoscaling: {maxReplicas: 2}}",
		field:   "spec",
		message: bothSizes,
	},
	"0 replicas and autoscaling": {
		spec: "{replicas: 0, autoscaling: {maxReplicas: 2}}", field: "spec", message: bothSizes},

	"autoscaling with everything": {
		spec: "autoscaling: {minReplicas: 2, maxReplicas: 2, " +
			"targetCPUUtilizationPercentage: 150, targetMemoryUtilizationPercentage: 1, " +
			"metrics: [{type: Pods, pods: {metric: {name: m}, target: {type: AverageValue, averageValue: 100m}}}], " +
			"behavior: {scaleUp: {stabilizationWindowSeconds: 0}}}",
	},
	"autoscaling by its maximum alone": {spec: "autoscaling: {maxReplicas: 1}"},
	"autoscaling without a maximum": {
		spec:    "autoscaling: {minReplicas: 1}",
		field:   "spec.autoscaling",
		message: eitherScaler,
	},
	"autoscaling by nobody": {spec: "autoscaling: {}", field: "spec.autoscaling", message: eitherScaler},
	"autoscaling by both": {
		spec: "autoscaling: {maxReplicas: 2, external: {}}", field: "spec.autoscaling", message: eitherScaler},

	"an external autoscaler":                 {spec: "autoscaling: {external: {}}"},
	"an external autoscaler that keeps none": {spec: "autoscaling: {external: {minReplicas: 0}}"},
	"an external autoscaler that keeps all":  {spec: "autoscaling: {external: {minReplicas: 2147483647}}"},
	"an external autoscaler that keeps -1": {
		spec:    "autoscaling: {external: {minReplicas: -1}}",
		field:   "spec.autoscaling.external.minReplicas",
		message: "should be greater than or equal to 0",
	},
	"an external autoscaler with replicas": {
		spec: "{replicas: 3, autoscaling: {external: {}}}", field: "spec", message: bothSizes},
	"minReplicas beside external": {
		spec: "autoscaling: {minReplicas: 1, external: {}}", field: "spec.autoscaling", message: externalAlone},
	"a CPU target beside external": {
		spec: "autoscaling: {targetCPUUtilizationPercentage: 80, external: {}}", field: "spec.autoscaling", message: externalAlone},
	"a memory target beside external": {
		spec: "autoscaling: {targetMemoryUtilizationPercentage: 80, external: {}}", field: "spec.autoscaling", message: externalAlone},
	"metrics beside external": {
		spec: "autoscaling: {metrics: [{type: Pods}], external: {}}", field: "spec.autoscaling", message: externalAlone},
	"behavior beside external": {
		spec: "autoscaling: {behavior: {}, external: {}}", field: "spec.autoscaling", message: externalAlone},
	"autoscaling from 3 to 2": {
		spec:    "autoscaling: {minReplicas: 3, maxReplicas: 2}",
		field:   "spec.autoscaling",
		message: minMax,
	},
	"autoscaling from 0": {
		spec:    "autoscaling: {minReplicas: 0, maxReplicas: 2}",
		field:   "spec.autoscaling.minReplicas",
		message: "Invalid value: 0: spec.autoscaling.minReplicas in body should be greater than or equal to 1",
	},
	"autoscaling to 0": {
		spec:    "autoscaling: {maxReplicas: 0}",
		field:   "spec.autoscaling.maxReplicas",
		message: "should be greater than or equal to 1",
	},
	"a target of 0 % CPU": {
		spec:    "autoscaling: {maxReplicas: 1, targetCPUUtilizationPercentage: 0}",
		field:   "spec.autoscaling.targetCPUUtilizationPercentage",
		message: "should be greater than or equal to 1",
	},
	"a target of 0 % memory": {
		spec:    "autoscaling: {maxReplicas: 1, targetMemoryUtilizationPercentage: 0}",
		field:   "spec.autoscaling.targetMemoryUtilizationPercentage",
		message: "should be greater than or equal to 1",
	},
	"16 metrics": {spec: "autoscaling: {maxReplicas: 1, metrics: " + items(16, "{type: Pods}") + "}"},
	"17 metrics": {
		spec:    "autoscaling: {maxReplicas: 1, metrics: " + items(17, "{type: Pods}") + "}",
		field:   "spec.autoscaling.metrics",
		message: "Too many: 17: must have at most 16 items",
	},

	"an empty disruptionBudget":    {spec: "disruptionBudget: {}"},
	"a disabled disruptionBudget":  {spec: "disruptionBudget: {disabled: true}"},
	"minAvailable as a number":     {spec: "disruptionBudget: {minAvailable: 2147483647}"},
	"minAvailable as a percentage": {spec: "disruptionBudget: {minAvailable: 100%}"},
	"maxUnavailable 0 of a budget": {spec: "disruptionBudget: {maxUnavailable: 0}"},
	"both numbers of a budget": {
		spec:    "disruptionBudget: {minAvailable: 1, maxUnavailable: 1}",
		field:   "spec.disruptionBudget",
		message: oneBudget,
	},
	"minAvailable below 0": {
		spec:    "disruptionBudget: {minAvailable: -1}",
		field:   "spec.disruptionBudget.minAvailable",
		message: budgetNumber,
	},
	"minAvailable of more than all": {
		spec:    "disruptionBudget: {minAvailable: 101%}",
		field:   "spec.disruptionBudget.minAvailable",
		message: budgetNumber,
	},
	"minAvailable as a word": {
		spec:    "disruptionBudget: {minAvailable: half}",
		field:   "spec.disruptionBudget.minAvailable",
		message: budgetNumber,
	},
	"minAvailable that no int32 holds": {
		spec:    "disruptionBudget: {minAvailable: 2147483648}",
		field:   "spec.disruptionBudget.minAvailable",
		message: budgetNumber,
	},
	"a budget's maxUnavailable as -1": {
		spec:    "disruptionBudget: {maxUnavailable: -1}",
		field:   "spec.disruptionBudget.maxUnavailable",
		message: budgetNumber,
	},
	"a budget's maxUnavailable too big": {
		spec:    "disruptionBudget: {maxUnavailable: 2147483648}",
		field:   "spec.disruptionBudget.maxUnavailable",
		message: budgetNumber,
	},
}

var rolloutRules = map[string]rule{
	"an empty rollout": {spec: "rollout: {}"},
	"every number of it": {
		spec: "rollout: {strategy: RollingUpdate, maxSurge: 50%, maxUnavailable: 1, " +
			"minReadySeconds: 10, progressDeadlineSeconds: 11, revisionHistoryLimit: 0}",
	},
	"strategy Recreate": {spec: "rollout: {strategy: Recreate}"},
	"an unknown strategy": {
		spec:    "rollout: {strategy: Canary}",
		field:   "spec.rollout.strategy",
		message: `Unsupported value: "Canary": supported values: "RollingUpdate", "Recreate"`,
	},
	"Recreate with a surge": {
		spec:    "rollout: {strategy: Recreate, maxSurge: 1}",
		field:   "spec.rollout",
		message: recreateSurge,
	},
	"Recreate with maxUnavailable": {
		spec: "rollout: {strategy: Recreate, maxUnavailable: 1}", field: "spec.rollout", message: recreateSurge},
	"maxSurge 0": {
		spec:    "rollout: {maxSurge: 0}",
		field:   "spec.rollout",
		message: neverReplaced,
	},
	"maxSurge 0 %": {
		spec:    "rollout: {maxSurge: 0%}",
		field:   "spec.rollout",
		message: neverReplaced,
	},
	"maxSurge 00 %": {
		spec:    "rollout: {maxSurge: 00%}",
		field:   "spec.rollout",
		message: neverReplaced,
	},
	"maxSurge and maxUnavailable 0": {
		spec:    "rollout: {maxSurge: 0, maxUnavailable: 00%}",
		field:   "spec.rollout",
		message: neverReplaced,
	},
	"maxSurge 0 with maxUnavailable": {
		spec: "rollout: {maxSurge: 0, maxUnavailable: 25%}"},
	"a maxSurge of 300 %": {spec: "rollout: {maxSurge: 300%}"},
	"maxSurge below 0": {
		spec:    "rollout: {maxSurge: -1}",
		field:   "spec.rollout.maxSurge",
		message: surgeNumber,
	},
	"maxSurge that no int32 holds": {
		spec:    "rollout: {maxSurge: 2147483648}",
		field:   "spec.rollout.maxSurge",
		message: surgeNumber,
	},
	"maxSurge as a number in quotes": {
		spec:    "rollout: {maxSurge: '1'}",
		field:   "spec.rollout.maxSurge",
		message: surgeNumber,
	},
	"maxSurge of 10,000 digits": {
		spec:    "rollout: {maxSurge: " + strings.Repeat("1", 10_000) + "%}",
		field:   "spec.rollout.maxSurge",
		message: surgeNumber,
	},
	"maxUnavailable of 101 %": {
		spec:    "rollout: {maxUnavailable: 101%}",
		field:   "spec.rollout.maxUnavailable",
		message: surgeNumber,
	},
	"maxUnavailable too big": {
		spec:    "rollout: {maxUnavailable: 2147483648}",
		field:   "spec.rollout.maxUnavailable",
		message: surgeNumber,
	},
	"minReadySeconds below 0": {
		spec:    "rollout: {minReadySeconds: -1}",
		field:   "spec.rollout.minReadySeconds",
		message: "should be greater than or equal to 0",
	},
	"progressDeadlineSeconds beyond what the Deployment controller takes for a deadline": {
		spec:    "rollout: {progressDeadlineSeconds: 2147483647}",
		field:   "spec.rollout.progressDeadlineSeconds",
		message: "should be less than or equal to 2147483646",
	},
	"progressDeadlineSeconds 0": {
		spec:    "rollout: {progressDeadlineSeconds: 0}",
		field:   "spec.rollout.progressDeadlineSeconds",
		message: "should be greater than or equal to 1",
	},
	"revisionHistoryLimit below 0": {
		spec:    "rollout: {revisionHistoryLimit: -1}",
		field:   "spec.rollout.revisionHistoryLimit",
		message: "should be greater than or equal to 0",
	},
	"a deadline before pods can count": {
		spec:    "rollout: {minReadySeconds: 10, progressDeadlineSeconds: 10}",
		field:   "spec.rollout",
		message: deadlineTooLow,
	},
	"the default deadline too early": {
		spec:    "rollout: {minReadySeconds: 600}",
		field:   "spec.rollout",
		message: deadlineTooLow,
	},
	"a deadline that is long enough": {spec: "rollout: {minReadySeconds: 600, progressDeadlineSeconds: 601}"},

	"probes": {
		spec: "probes: {startup: {httpGet: {port: http}}, readiness: {tcpSocket: {port: 65535}}, liveness: {exec: {command: [a]}}}",
	},
	"a startup probe of port 0": {
		spec:    "probes: {startup: {httpGet: {port: 0}}}",
		field:   "spec.probes.startup",
		message: probePort,
	},
	"a readiness probe of 65536": {
		spec:    "probes: {readiness: {httpGet: {port: 65536}}}",
		field:   "spec.probes.readiness",
		message: probePort,
	},
	"a liveness probe of 2^31": {
		spec:    "probes: {liveness: {tcpSocket: {port: 2147483648}}}",
		field:   "spec.probes.liveness",
		message: probePort,
	},
	"a probe without a port": {
		spec:    "probes: {liveness: {tcpSocket: {}}}",
		field:   "spec.probes.liveness.tcpSocket.port",
		message: "Required value",
	},
	"a probe of a Kubernetes typo": {
		spec:    "probes: {readiness: {httpget: {port: 80}}}",
		message: `unknown field "spec.probes.readiness.httpget"`,
	},
}
