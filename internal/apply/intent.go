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

// intent is what is asked for: the JSON of an apply configuration.
type intent struct {
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
type Option func(*intent)

// AutoscaledFrom says that the size of this Deployment belongs to a HorizontalPodAutoscaler: the desired state has no
// replicas, and minimum is sent only where nothing runs yet.
func AutoscaledFrom(minimum int32) Option {
	return func(in *intent) { in.minimum = &minimum }
}

// HandedOver says that the autoscaler of this Deployment has just gone. Its controller may not have heard of it, and change the
// number of replicas: that is no contest.
func HandedOver() Option {
	return func(in *intent) { in.handedOver = true }
}

func newIntent(kind string, key types.NamespacedName, desired any, options []Option) (*intent, error) {
	raw, err := json.Marshal(desired)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	sum := sha256.Sum256(raw)
	in := &intent{
		kind: kind,
		key:  key,
		json: raw,
		hash: hex.EncodeToString(sum[:8]),
	}
	for _, option := range options {
		option(in)
	}
	return in, nil
}

// rawObject are the fields of a JSON object, still encoded: a body differs from the intent in a few of them.
type rawObject map[string]json.RawMessage

// body is the request: the intent, its hash, and what guards the write.
func (in *intent) body(annotation string, p plan) ([]byte, error) {
	object, err := decodeObject(in.json)
	if err != nil {
		return nil, err
	}
	err = object.edit("metadata", func(metadata rawObject) error {
		err := metadata.edit("annotations", func(annotations rawObject) error { return annotations.set(annotation, in.hash) })
		if p.uid != "" {
			err = errors.Join(err, metadata.set("uid", p.uid))
		}
		if p.resourceVersion != "" {
			err = errors.Join(err, metadata.set("resourceVersion", p.resourceVersion))
		}
		return err
	})
	if p.replicas != nil {
		err = errors.Join(err, object.edit("spec", func(spec rawObject) error { return spec.set("replicas", *p.replicas) }))
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(object)
}

// decodeObject an object that is not there are none.
func decodeObject(object json.RawMessage) (rawObject, error) {
	p := rawObject{}
	if len(object) == 0 {
		return p, nil
	}
	if err := json.Unmarshal(object, &p); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return p, nil
}

func (p rawObject) edit(name string, do func(rawObject) error) error {
	inner, err := decodeObject(p[name])
	if err != nil {
		return err
	}
	if err := do(inner); err != nil {
		return err
	}
	return p.set(name, inner)
}

func (p rawObject) set(name string, value any) error {
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("encoding: %w", err)
	}
	p[name] = raw
	return nil
}

// hasEmpty says whether an empty list or string is asked for.
func (in *intent) hasEmpty() bool {
	return bytes.Contains(in.json, []byte(`:[]`)) || bytes.Contains(in.json, []byte(`:""`))
}

func (in *intent) object() (map[string]any, error) {
	object := map[string]any{}
	if err := json.Unmarshal(in.json, &object); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return object, nil
}
