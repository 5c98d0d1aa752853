package specs

import (
	"maps"
	"slices"
	"strings"
)

// Probe is one value of one field, in a spec that has what is required around it, and nothing else.
type Probe struct {
	// Field is a path such as spec.ports[0].port.
	Field string
	// What is tried: an ordinary value, a bound, what is beyond it, or what does not belong there.
	What string
	Spec map[string]any
	// Wrong is what the API server has to refuse, and to name. The rest it may refuse, for rules that fields have together.
	Wrong bool
}

// Probes try every field of the schema.
func (g *Generator) Probes() []Probe {
	var all []Probe
	g.probe(g.spec, "spec", "spec", func(v any) any { return v }, func(p Probe, whole any) {
		if spec, ok := clone(whole).(map[string]any); ok {
			p.Spec = spec
			all = append(all, p)
		}
	})
	return all
}

// probe tries one field and what is in it. around gives the whole spec for a value of the field.
func (g *Generator) probe(s jsonSchema, name, path string, around func(any) any, try func(Probe, any)) {
	if name != "spec" || path != "spec" {
		try(Probe{Field: path, What: "ordinary"}, around(g.value(name, s, 0)))
		for _, v := range bounds(s) {
			try(Probe{Field: path, What: "a bound"}, around(v))
		}
		for _, v := range beyond(s) {
			try(Probe{Field: path, What: "wrong", Wrong: true}, around(v))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s.Properties)) {
		g.probe(s.Properties[key], key, path+"."+key, func(v any) any {
			o := g.object(s, name, 0).(map[string]any)
			o[key] = v
			return around(o)
		}, try)
	}
	if len(s.Properties) > 0 {
		o := g.object(s, name, 0).(map[string]any)
		o["nonsense"] = true
		try(Probe{Field: path + ".nonsense", What: "unknown", Wrong: s.XPreserveUnknownFields == nil}, around(o))
	}
	if s.Items != nil {
		g.probe(*s.Items.Schema, name, path+"[0]", func(v any) any { return around([]any{v}) }, try)
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.Schema != nil {
		g.probe(*s.AdditionalProperties.Schema, name, path+".cpu", func(v any) any { return around(map[string]any{"cpu": v}) }, try)
	}
}

// bounds are the least and the most that a field takes.
func bounds(s jsonSchema) []any {
	var all []any
	if s.Minimum != nil {
		all = append(all, int64(*s.Minimum))
	}
	if s.Maximum != nil {
		all = append(all, int64(*s.Maximum))
	}
	if s.MaxLength != nil {
		all = append(all, strings.Repeat("x", int(*s.MaxLength)))
	}
	return all
}

// beyond are values that a field never takes.
func beyond(s jsonSchema) []any {
	var all []any
	if s.Minimum != nil {
		all = append(all, int64(*s.Minimum)-1)
	}
	if s.Maximum != nil {
		all = append(all, int64(*s.Maximum)+1)
	}
	if s.MaxLength != nil {
		all = append(all, strings.Repeat("x", int(*s.MaxLength)+1))
	}
	if s.MinLength != nil && *s.MinLength > 0 {
		all = append(all, "")
	}
	if s.Enum != nil {
		all = append(all, "nonsense")
	}
	return append(all, ofAnotherType(s)...)
}

func ofAnotherType(s jsonSchema) []any {
	switch {
	case s.XIntOrString:
		return []any{map[string]any{}}
	case s.Type == "string":
		return []any{int64(5)}
	case s.Type == "integer":
		return []any{"five"}
	case s.Type == "boolean":
		return []any{"perhaps"}
	case s.Type == "array":
		return []any{"no list"}
	case s.Type == "object":
		return []any{int64(5)}
	}
	return nil
}
