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

// intent is the desired state of a child: the JSON of an apply configuration.
type intent struct {
	kind string
	key  types.NamespacedName
	json []byte
	hash string
	// minimum is set for an autoscaled Deployment: what it is created with.
	minimum *int32
	// keepsZero is set for an autoscaled Deployment that may have 0 replicas, although minimum is not 0.
	keepsZero bool
	// handedOver is set while the controller of a deleted autoscaler may still change the size.
	handedOver bool
}

// Option changes how a child is applied.
type Option func(*intent)

// AutoscaledFrom marks a Deployment whose size belongs to a HorizontalPodAutoscaler: the desired state has no replicas, and
// minimum is sent only while none run.
func AutoscaledFrom(minimum int32) Option {
	return func(in *intent) { in.minimum = &minimum }
}

// ScaledByOthers marks a Deployment whose size belongs to a controller that the operator knows nothing of: the desired state has
// no replicas, and first is sent only when the Deployment is created.
func ScaledByOthers(first int32) Option {
	return func(in *intent) { in.minimum, in.keepsZero = &first, true }
}

// HandedOver marks a Deployment whose autoscaler was just deleted. The HPA controller may change the size once more before it
// notices; that is not treated as a contest.
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

// rawObject is one level of a JSON object whose values stay encoded: a request body differs from the intent in a few of them.
type rawObject map[string]json.RawMessage

// body returns the request body: the intent, its hash, and the preconditions of the write.
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

// decodeObject decodes one level of a JSON object; empty input gives an empty object.
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

// hasEmpty reports whether the desired state contains an empty list or string.
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
