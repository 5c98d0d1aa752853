package apply

import (
	"encoding/json"
	"strings"
)

// fields is a managedFields entry in its JSON form (FieldsV1): "f:name" is a field, `k:{"name":"app"}` an item of a
// list by its keys, `v:"x"` an item of a set; a node without children is a leaf, or a list or map owned as a whole. See
// https://kubernetes.io/docs/reference/using-api/server-side-apply/ and structured-merge-diff's fieldpath package.
type fields map[string]fields

// ownedBy says whether every field of the wish is in the entry.
func (w *wish) ownedBy(entry []byte) bool {
	var tree fields
	if json.Unmarshal(entry, &tree) != nil {
		return false
	}
	object, err := w.object()
	if err != nil {
		return false
	}
	delete(object, "apiVersion")
	delete(object, "kind")
	metadata := object["metadata"].(map[string]any)
	delete(metadata, "name")
	delete(metadata, "namespace")
	return tree.cover(object)
}

// owned says whether the path is in the entry.
func owned(entry []byte, path ...string) bool {
	var tree fields
	if json.Unmarshal(entry, &tree) != nil {
		return false
	}
	for _, step := range path {
		next, ok := tree[step]
		if !ok {
			return false
		}
		tree = next
	}
	return true
}

func (f fields) cover(value any) bool {
	if len(f) == 0 {
		return true
	}
	switch value := value.(type) {
	case map[string]any:
		for name, v := range value {
			child, ok := f["f:"+name]
			if !ok || !child.cover(v) {
				return false
			}
		}
	case []any:
		for _, item := range value {
			child, ok := f.item(item)
			if !ok || !child.cover(item) {
				return false
			}
		}
	}
	return true
}

// item finds an item of a list: by its keys, or by its value.
func (f fields) item(item any) (fields, bool) {
	object, ok := item.(map[string]any)
	if !ok {
		value, err := json.Marshal(item)
		child, found := f["v:"+string(value)]
		return child, err == nil && found
	}
	for step, child := range f {
		if keys, ok := strings.CutPrefix(step, "k:"); ok && hasKeys(object, keys) {
			return child, true
		}
	}
	return nil, false
}

// keyDefaults are the list keys that the server fills in where they are not sent.
var keyDefaults = map[string]any{"protocol": "TCP"}

func hasKeys(object map[string]any, keys string) bool {
	var want map[string]any
	if json.Unmarshal([]byte(keys), &want) != nil {
		return false
	}
	for name, v := range want {
		have, ok := object[name]
		if !ok {
			have = keyDefaults[name]
		}
		if have != v {
			return false
		}
	}
	return true
}
