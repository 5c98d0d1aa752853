package apply

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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
}

// Option changes how a child is put.
type Option func(*wish)

// AutoscaledFrom says that the size of this Deployment belongs to a HorizontalPodAutoscaler: the desired state has no
// replicas, and minimum is sent only where nothing runs yet.
func AutoscaledFrom(minimum int32) Option {
	return func(w *wish) { w.minimum = &minimum }
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

// body is the request: the wish, its hash, and what guards the write.
func (w *wish) body(annotation string, p plan) ([]byte, error) {
	object, err := w.object()
	if err != nil {
		return nil, err
	}
	metadata := object["metadata"].(map[string]any)
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations[annotation] = w.hash
	if p.uid != "" {
		metadata["uid"] = p.uid
	}
	if p.resourceVersion != "" {
		metadata["resourceVersion"] = p.resourceVersion
	}
	if p.replicas != nil {
		object["spec"].(map[string]any)["replicas"] = *p.replicas
	}
	return json.Marshal(object)
}

func (w *wish) object() (map[string]any, error) {
	object := map[string]any{}
	if err := json.Unmarshal(w.json, &object); err != nil {
		return nil, fmt.Errorf("decoding: %w", err)
	}
	return object, nil
}
