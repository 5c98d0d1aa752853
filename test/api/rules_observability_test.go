package api_test

var observabilityRules = map[string]rule{
	"tracing":                          {spec: "observability: {tracing: {}}"},
	"tracing that is off":              {spec: "observability: {tracing: {enabled: false, instrumentation: java}}"},
	"tracing with an agent for Go":     {spec: "observability: {tracing: {instrumentation: go}}"},
	"tracing with an agent for .NET":   {spec: "observability: {tracing: {instrumentation: dotnet}}"},
	"tracing with an agent for Python": {spec: "observability: {tracing: {instrumentation: python}}"},
	"tracing with an agent for Node":   {spec: "observability: {tracing: {instrumentation: nodejs}}"},
	"tracing with an unknown agent": {
		spec:    "observability: {tracing: {instrumentation: cobol}}",
		field:   "spec.observability.tracing.instrumentation",
		message: `Unsupported value: "cobol": supported values: "java", "nodejs", "python", "dotnet", "go"`,
	},
	"tracing as a word": {
		spec:    "observability: {tracing: true}",
		field:   "spec.observability.tracing",
		message: `must be of type object: "boolean"`,
	},
}
