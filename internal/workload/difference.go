package workload

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// differences returns a line for each field in which got is not what is wanted, sorted by path.
func differences(path string, want, got any) []string {
	if reflect.DeepEqual(want, got) {
		return nil
	}
	wanted, isMap := want.(map[string]any)
	given, also := got.(map[string]any)
	if isMap && also {
		var all []string
		keys := maps.Clone(wanted)
		maps.Copy(keys, given)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			all = append(all, differences(path+"."+key, wanted[key], given[key])...)
		}
		return all
	}
	if a, isList := byName(want); isList {
		if b, also := byName(got); also {
			return differences(path, a, b)
		}
	}
	return []string{fmt.Sprintf("%s: %s, will be %s", path, words(want), words(got))}
}

// byName turns a list of named items into a map. The order of containers, variables and volumes means nothing here: that of variables
// is kept.
func byName(list any) (map[string]any, bool) {
	items, isList := list.([]any)
	named := map[string]any{}
	for _, item := range items {
		fields, isMap := item.(map[string]any)
		name, isNamed := fields["name"].(string)
		if !isMap || !isNamed {
			return nil, false
		}
		named[name] = fields
	}
	return named, isList
}

func words(value any) string {
	if value == nil {
		return "not set"
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(raw)
}
