package api_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

type schema = apiextensionsv1.JSONSchemaProps

// borrowed are the types of Kubernetes that our types embed: their small rules are theirs to test.
var borrowed = []string{
	"spec.allowedDependents.selector", "spec.autoscaling.behavior", "spec.autoscaling.metrics[]", "spec.env[]",
	"spec.envFrom[]", "spec.imagePullSecrets[]", "spec.networkPolicy.egress[]", "spec.networkPolicy.ingress[]",
	"spec.probes.liveness", "spec.probes.readiness", "spec.probes.startup", "spec.resources", "status.conditions[]",
}

// constraint is something that the schema forbids, and what a user who does it reads about which field.
type constraint struct {
	field, message string
	full           bool // message is all that the rule says, not a part of the server's sentence
}

func definition(t *testing.T) *apiextensionsv1.CustomResourceDefinition {
	t.Helper()
	crd, err := cluster.CRD()
	if err != nil {
		t.Fatal(err)
	}
	return crd
}

// walk visits every field: "", spec, spec.ports, spec.ports[], spec.ports[].name, spec.service.annotations.* and so on.
func walk(t *testing.T, visit func(field string, s *schema)) {
	t.Helper()
	var descend func(field string, s *schema)
	descend = func(field string, s *schema) {
		visit(field, s)
		for name := range s.Properties {
			child := s.Properties[name]
			descend(join(field, name), &child)
		}
		if s.Items != nil {
			descend(field+"[]", s.Items.Schema)
		}
		if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
			descend(join(field, "*"), s.AdditionalProperties.Schema)
		}
	}
	descend("", definition(t).Spec.Versions[0].Schema.OpenAPIV3Schema)
}

// constraints are all CEL rules, and the plain ones of our own types.
func constraints(t *testing.T) []constraint {
	t.Helper()
	var all []constraint
	walk(t, func(field string, s *schema) {
		for _, rule := range s.XValidations {
			all = append(all, constraint{field: strings.TrimPrefix(field+rule.FieldPath, "."), message: rule.Message, full: true})
		}
		if !isBorrowed(field) {
			all = append(all, plainConstraints(field, s)...)
		}
	})
	return all
}

func plainConstraints(field string, s *schema) []constraint {
	var all []constraint
	add := func(present bool, field, message string) {
		if present {
			all = append(all, constraint{field: field, message: message})
		}
	}
	add(chosen(s.Minimum), field, "should be greater than or equal to")
	add(chosen(s.Maximum), field, "should be less than or equal to")
	add(s.MinLength != nil, field, "should be at least")
	add(s.MaxLength != nil, field, "Too long")
	add(s.MinItems != nil, field, "should have at least")
	add(s.MaxItems != nil, field, "Too many")
	add(s.MinProperties != nil, field, "should have at least")
	add(s.MaxProperties != nil, field, "Too many")
	add(s.Pattern != "", field, "should match")
	add(len(s.Enum) > 0, field, "Unsupported value")
	add(s.XListType != nil && *s.XListType != "atomic", field+"[]", "Duplicate value")
	for _, name := range s.Required {
		add(true, join(field, name), "Required value")
	}
	return all
}

// chosen reports whether a bound is one that somebody thought of. What an int32 and a JSON number hold is asked of every integer
// by TestWhatIsStoredCanBeRead.
func chosen(bound *float64) bool {
	return bound != nil && !slices.Contains([]float64{math.MinInt32, math.MaxInt32, -(1<<53 - 1), 1<<53 - 1}, *bound)
}

// isBorrowed reports whether the field is inside one of the embedded types, or is one.
func isBorrowed(field string) bool {
	return slices.ContainsFunc(borrowed, func(b string) bool {
		return field == b || strings.HasPrefix(field, b+".") || strings.HasPrefix(field, b+"[")
	})
}

func join(field, name string) string {
	return strings.TrimPrefix(field+"."+name, ".")
}

// A rule of the whole spec has no field of its own, so its message names one.
func TestRulesOfTheWholeSpecNameAField(t *testing.T) {
	spec := definition(t).Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	if len(spec.XValidations) == 0 {
		t.Error("there are none")
	}
	for _, rule := range spec.XValidations {
		if !strings.Contains(rule.Message, "spec.") {
			t.Errorf("%q names no field of spec", rule.Message)
		}
	}
}
