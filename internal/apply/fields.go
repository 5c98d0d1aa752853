package apply

import (
	"encoding/json"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"
)

// fields is a managedFields entry in its JSON form (FieldsV1): "f:name" is a field, `k:{"name":"app"}` a list item by its keys,
// `v:"x"` an item of a set. A node without children is a leaf, or a list or map that is owned as a whole. See
// https://kubernetes.io/docs/reference/using-api/server-side-apply/ and structured-merge-diff's fieldpath package.
type fields map[string]fields

// ownedBy reports whether the entry contains every desired field.
func (in *intent) ownedBy(entry []byte) bool {
	tree, desired, ok := in.against(entry)
	return ok && tree.firstMissing(desired, nil) == nil
}

// against decodes an entry, and the desired state without the fields that no entry contains.
func (in *intent) against(entry []byte) (tree fields, desired map[string]any, ok bool) {
	if json.Unmarshal(entry, &tree) != nil {
		return nil, nil, false
	}
	desired, err := in.object()
	if err != nil {
		return nil, nil, false
	}
	delete(desired, "apiVersion")
	delete(desired, "kind")
	metadata := desired["metadata"].(map[string]any)
	delete(metadata, "name")
	delete(metadata, "namespace")
	return tree, desired, true
}

// owns reports whether the entry contains the path.
func owns(entry []byte, path ...string) bool {
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

// firstMissing returns the path of the first desired value, by name, that the entry does not contain, or nil.
func (f fields) firstMissing(value any, path []string) []string {
	if len(f) == 0 && len(path) > 0 {
		if parts, ok := value.(map[string]any); ok && len(parts) > 0 && isField(path) && !atomic.Has(path[len(path)-1]) {
			return path
		}
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		for _, name := range sets.List(sets.KeySet(value)) {
			child, ok := f["f:"+name]
			next := append(slices.Clone(path), "f:"+name)
			if !ok {
				return next
			}
			if missing := child.firstMissing(value[name], next); missing != nil {
				return missing
			}
		}
	case []any:
		for _, item := range value {
			step, child, ok := f.item(item)
			if !ok {
				return path
			}
			if missing := child.firstMissing(item, append(slices.Clone(path), step)); missing != nil {
				return missing
			}
		}
	}
	return nil
}

// atomic are the fields of the six child kinds and of pods whose object is owned as a whole (x-kubernetes-map-type in the
// OpenAPI schema). A leaf at any other field is an object that lost all its fields.
var atomic = sets.New(
	"f:configMapKeyRef", "f:dataSource", "f:fieldRef", "f:fileKeyRef", "f:labelSelector", "f:nodePublishSecretRef", "f:nodeSelector",
	"f:podSelector", "f:requiredDuringSchedulingIgnoredDuringExecution", "f:resourceFieldRef", "f:secretKeyRef", "f:secretRef", "f:selector",
)

func isField(path []string) bool {
	return strings.HasPrefix(path[len(path)-1], "f:")
}

// dropEmptyParents removes leaves at which the other entry owns fields.
func (f fields) dropEmptyParents(theirs fields) {
	for step, child := range f {
		if part := theirs[step]; len(child) > 0 {
			child.dropEmptyParents(part)
		} else if len(part) > 0 {
			delete(f, step)
		}
	}
}

// overwrite reports whether the entry owns a field of the value that ours does not: changing a field takes it from us.
func (f fields) overwrite(value any, ours fields) bool {
	for step, child := range f {
		next, desired := stepInto(value, step)
		if !desired {
			continue
		}
		if own, found := ours[step]; !found || child.overwrite(next, own) {
			return true
		}
	}
	return false
}

// stepInto returns the child of the value at one step of a managedFields path.
func stepInto(value any, step string) (any, bool) {
	kind, name, _ := strings.Cut(step, ":")
	switch value := value.(type) {
	case map[string]any:
		next, found := value[name]
		return next, found && kind == "f"
	case []any:
		for _, item := range value {
			if object, ok := item.(map[string]any); ok && kind == "k" && hasKeys(object, name) {
				return item, true
			}
			if raw, err := json.Marshal(item); err == nil && kind == "v" && string(raw) == name {
				return item, true
			}
		}
	}
	return nil, false
}

// item finds a list item by its keys, or by its value.
func (f fields) item(item any) (step string, child fields, found bool) {
	object, ok := item.(map[string]any)
	if !ok {
		value, err := json.Marshal(item)
		step = "v:" + string(value)
		child, found = f[step]
		return step, child, err == nil && found
	}
	for step, child := range f {
		if keys, ok := strings.CutPrefix(step, "k:"); ok && hasKeys(object, keys) {
			return step, child, true
		}
	}
	return "", nil, false
}

// keyDefaults are the list keys that the server fills in when they are not sent.
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
