package api_test

const (
	selectorWith = "selector is required when from is Selector, and forbidden otherwise"
	egressWith   = "egress rules need isolation: Full"
	ingressWith  = "ingress rules need isolation: Full or Ingress"
)

var networkRules = map[string]rule{
	"allowedDependents without a word": {spec: "allowedDependents: {}"},
	"dependents of no namespace":       {spec: "allowedDependents: {from: None}"},
	"dependents of every namespace":    {spec: "allowedDependents: {from: All}"},
	"dependents of selected namespaces": {
		spec: "allowedDependents: {from: Selector, selector: {matchLabels: {team: a}}}",
	},
	"dependents by an empty selector": {spec: "allowedDependents: {from: Selector, selector: {}}"},
	"dependents of nobody knows where": {
		spec:    "allowedDependents: {from: Somewhere}",
		field:   "spec.allowedDependents.from",
		message: `Unsupported value: "Somewhere": supported values: "None", "Same", "Selector", "All"`,
	},
	"Selector without a selector": {
		spec:    "allowedDependents: {from: Selector}",
		field:   "spec.allowedDependents",
		message: selectorWith,
	},
	"a selector without Selector": {
		spec:    "allowedDependents: {selector: {}}",
		field:   "spec.allowedDependents",
		message: selectorWith,
	},
	"a selector with All": {
		spec:    "allowedDependents: {from: All, selector: {}}",
		field:   "spec.allowedDependents",
		message: selectorWith,
	},
	"an empty networkPolicy":   {spec: "networkPolicy: {}"},
	"rules of both directions": {spec: "networkPolicy: {ingress: [{}], egress: [{}]}"},
	"ingress rules with isolation Ingress": {
		spec: "networkPolicy: {isolation: Ingress, ingress: [{ports: [{port: http}]}]}",
	},
	"no isolation": {spec: "networkPolicy: {isolation: None}"},
	"an unknown isolation": {
		spec:    "networkPolicy: {isolation: Egress}",
		field:   "spec.networkPolicy.isolation",
		message: `Unsupported value: "Egress": supported values: "Full", "Ingress", "None"`,
	},
	"egress rules with isolation Ingress": {
		spec:    "networkPolicy: {isolation: Ingress, egress: [{}]}",
		field:   "spec.networkPolicy",
		message: egressWith,
	},
	"egress rules with isolation None": {
		spec:    "networkPolicy: {isolation: None, egress: [{}]}",
		field:   "spec.networkPolicy",
		message: egressWith,
	},
	"ingress rules with isolation None": {
		spec:    "networkPolicy: {isolation: None, ingress: [{}]}",
		field:   "spec.networkPolicy",
		message: ingressWith,
	},
	"32 rules of each direction": {
		spec: "networkPolicy: {ingress: " + items(32, "{}") + ", egress: " + items(32, "{}") + "}",
	},
	"33 ingress rules": {
		spec:    "networkPolicy: {ingress: " + items(33, "{}") + "}",
		field:   "spec.networkPolicy.ingress",
		message: "Too many: 33: must have at most 32 items",
	},
	"33 egress rules": {
		spec:    "networkPolicy: {egress: " + items(33, "{}") + "}",
		field:   "spec.networkPolicy.egress",
		message: "Too many: 33: must have at most 32 items",
	},
	"an ingress rule with an egress's field": {
		spec:    "networkPolicy: {ingress: [{to: []}]}",
		message: `unknown field "spec.networkPolicy.ingress[0].to"`,
	},
}
