package apply

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/types"
)

// wish is what is asked for: the JSON of an apply configuration.
type wish struct {
	kind string
	key  types.NamespacedName
	json []byte
	hash string
	// minimum is set for a Deployment whose size is an autoscaler's.
	minimum *int32
	// handedOver is set while an autoscaler that is gone may still change the size.
	handedOver bool
}

// Option changes how a child is put.
type Option func(*wish)

// AutoscaledFrom says that the size of this Deployment belongs to a HorizontalPodAutoscaler: the desired state has no
// replicas, and minimum is sent only where nothing runs yet.
func AutoscaledFrom(minimum int32) Option {
	return func(w *wish) { w.minimum = &minimum }
}

// HandedOver says that the autoscaler of this Deployment has just gone. Its controller may not have heard of it, and change the
// number of replicas: that is no contest.
func HandedOver() Option {
	return func(w *wish) { w.handedOver = true }
}

func newWish(kind string, key types.NamespacedName, desired any, options []Option) (*wish, error) {
	raw, err := json.Marshal(desired)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(raw)
	w := &wish{
		kind: kind,
		key:  key,
		json: raw,
		hash: hex.EncodeToString(sum[:8]),
	}
	for _, option := range options {
		option(w)
	}
	return w, nil
}

// parts are the fields of a JSON object, still encoded: a body differs from the wish in a few of them.
type parts map[string]json.RawMessage

// body is the request: the wish, its hash, and what guards the write.
func (w *wish) body(annotation string, p plan) ([]byte, error) {
	object, err := partsOf(w.json)
	if err != nil {
		return nil, err
	}
	err = object.change("metadata", func(metadata parts) error {
		err := metadata.change("annotations", func(annotations parts) error { return annotations.set(annotation, w.hash) })
		if p.uid != "" {
			err = errors.Join(err, metadata.set("uid", p.uid))
		}
		if p.resourceVersion != "" {
			err = errors.Join(err, metadata.set("resourceVersion", p.resourceVersion))
		}
		return err
	})
	if p.replicas != nil {
		err = errors.Join(err, object.change("spec", func(spec parts) error { return spec.set("replicas", *p.replicas) }))
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// partsOf an object that is not there are none.
func partsOf(object json.RawMessage) (parts, error) {
	p := parts{}
	if len(object) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(object, &p); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return p, nil
}

func (p parts) change(name string, do func(parts) error) error {
	inner, err := partsOf(p[name])
	if err != nil {
		return err
	}
	if err := do(inner); err != nil {
		return err
	}
	return p.set(name, inner)
}

func (p parts) set(name string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	p[name] = raw
	return nil
}

// hasEmpty says whether an empty list or string is asked for.
func (w *wish) hasEmpty() bool {
	return bytes.Contains(w.json, []byte(`:[]`)) || bytes.Contains(w.json, []byte(`:""`))
}

func (w *wish) object() (map[string]any, error) {
	object := map[string]any{}
	if err := json.Unmarshal(w.json, &object); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return object, nil
}
