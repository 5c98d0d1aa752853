package api_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// extremes are values of the types that JSON and Go hold differently.
var extremes = []any{
	int64(math.MaxInt32) + 1, int64(math.MinInt32) - 1, int64(math.MaxInt64), 1e15, 1.5, "1e3.5", "1e99999999999999999999", "1e-999999999", "",
}

// TestWhatIsStoredCanBeRead puts extremes into every field that is a number or a number and text. What the server
// accepts, the operator's type has to decode: one stored object that it cannot makes every list of Microservices fail.
func TestWhatIsStoredCanBeRead(t *testing.T) {
	spec := definition(t).Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"]
	for _, field := range numbers(t) {
		for _, value := range extremes {
			ms := microservice(t, rule{})
			ms.Object["spec"] = sample(&spec, field, value)
			if err := kube.Create(context.Background(), ms, client.DryRunAll); err != nil {
				continue
			}
			if err := decode(ms.Object); err != nil {
				t.Errorf("%s: %v is accepted, but: %v", field, value, err)
			}
		}
	}
}

func decode(object map[string]any) error {
	content, err := json.Marshal(object)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	return json.Unmarshal(content, &v1alpha1.Microservice{})
}

func numbers(t *testing.T) []string {
	t.Helper()
	var all []string
	walk(t, func(field string, s *schema) {
		if strings.HasPrefix(field, "spec.") && (s.Type == "integer" || s.Type == "number" || s.XIntOrString) {
			all = append(all, field)
		}
	})
	slices.Sort(all)
	if len(all) < 40 {
		t.Fatalf("found only %d numbers in the schema: %v", len(all), all)
	}
	return all
}

// sample is a spec with the value in the field, and whatever the schema requires around it.
func sample(spec *schema, field string, value any) any {
	path := strings.ReplaceAll(strings.TrimPrefix(field, "spec."), "[]", ".[]")
	return build(spec, strings.Split(path, "."), value)
}

func build(s *schema, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	switch head, rest := path[0], path[1:]; head {
	case "[]":
		return []any{build(s.Items.Schema, rest, value)}
	case "*":
		return map[string]any{"cpu": build(s.AdditionalProperties.Schema, rest, value)}
	default:
		out := filler(s).(map[string]any)
		child := s.Properties[head]
		out[head] = build(&child, rest, value)
		return out
	}
}

// filler is a small value that the schema accepts.
func filler(s *schema) any {
	switch {
	case len(s.Enum) > 0:
		return strings.Trim(string(s.Enum[0].Raw), `"`)
	case s.Type == "object":
		out := map[string]any{}
		for _, name := range s.Required {
			child := s.Properties[name]
			out[name] = filler(&child)
		}
		return out
	case s.Type == "integer" || s.XIntOrString:
		return int64(1)
	case s.Type == "boolean":
		return false
	case s.Type == "array":
		return []any{}
	default:
		return "a"
	}
}

// Kubernetes 1.34 does not enforce "format: int32" of a schema, so each number has bounds of its own.
func TestEveryIntegerHasBounds(t *testing.T) {
	walk(t, func(field string, s *schema) {
		if s.Type == "integer" && (s.Minimum == nil || s.Maximum == nil) {
			t.Errorf("%s has no minimum or no maximum", field)
		}
		if s.XIntOrString && s.Pattern == "" && s.Maximum == nil && len(s.XValidations) == 0 {
			t.Errorf("%s has no pattern, no maximum and no rule", field)
		}
	})
}
