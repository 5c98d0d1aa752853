// Package difference compares objects, as encoding/json decodes them into any, and tells by path what is not the same. It is pure.
package difference

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Difference is a field that has another value than it should have.
type Difference struct {
	// Path leads to the field, such as .spec.containers.app.image: by keys, by names in lists of named items, by [indexes] in others.
	Path string `json:"path"`
	// Want is the value that the field should have, nil for none.
	Want any `json:"want"`
	// Got is the value that the field has, nil for none.
	Got any `json:"got"`
}

// Fields returns the fields of an object as All and Within compare them, nil for a nil pointer. The error is that of encoding/json.
func Fields(object any) (fields map[string]any, err error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return fields, json.Unmarshal(raw, &fields)
}

// All returns the fields, sorted by path, that are not the same in two values. Lists of items with unique names are compared by name,
// whatever their order; other lists are compared as a whole.
func All(want, got any) []Difference {
	return compare("", want, got, false)
}

// Within returns the fields of want, sorted by path, that are not the same in got. Fields that want does not have may have any value, such
// as the defaults of the API server. Lists are compared as in All, but those without unique names item by item if they have the same
// length. Selectors are compared as a whole: one label more selects other pods.
func Within(want, got any) []Difference {
	return compare("", want, got, true)
}

func compare(path string, want, got any, within bool) []Difference {
	if reflect.DeepEqual(want, got) || within && want == nil {
		return nil
	}
	if fields, others, ok := both[map[string]any](want, got); ok {
		return compareFields(path, fields, others, within)
	}
	if items, others, ok := both[[]any](want, got); ok {
		fields, named := byName(items)
		otherFields, alsoNamed := byName(others)
		switch {
		case named && alsoNamed:
			return compareFields(path, fields, otherFields, within)
		case within && len(items) == len(others):
			var all []Difference
			for i := range items {
				all = append(all, compare(fmt.Sprintf("%s[%d]", path, i), items[i], others[i], within)...)
			}
			return all
		}
	}
	return []Difference{{path, want, got}}
}

// both returns two values of a type.
func both[T any](a, b any) (T, T, bool) {
	first, ok := a.(T)
	second, also := b.(T)
	return first, second, ok && also
}

func compareFields(path string, want, got map[string]any, within bool) []Difference {
	keys := maps.Clone(want)
	if !within {
		maps.Copy(keys, got)
	}
	var all []Difference
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		all = append(all, compare(path+"."+key, want[key], got[key], within && !isSelector(key))...)
	}
	return all
}

// isSelector reports whether a field selects pods, nodes or namespaces: selector, podSelector, nodeSelector and so on.
func isSelector(key string) bool { return strings.HasSuffix(strings.ToLower(key), "selector") }

// byName turns a list whose items have unique names into a map, such as containers, variables and volumes.
func byName(items []any) (map[string]any, bool) {
	named := map[string]any{}
	for _, item := range items {
		fields, isMap := item.(map[string]any)
		name, isNamed := fields["name"].(string)
		if _, twice := named[name]; !isMap || !isNamed || twice {
			return nil, false
		}
		named[name] = fields
	}
	return named, true
}

// Words returns a value of a Difference as JSON, or "not set".
func Words(value any) string {
	if value == nil {
		return "not set"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
