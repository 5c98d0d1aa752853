package resources

import (
	"crypto/sha256"
	"strconv"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/lru"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// maxCachedPatches are some 5 MB at most.
const maxCachedPatches = 500

// PatchCache remembers what the last patches of pods came to: laying one costs as much as all the rest of a look. What it
// gives is read only. It is safe for concurrent use; a nil one remembers nothing.
type PatchCache struct {
	pods *lru.Cache
}

// NewPatchCache remembers nothing yet.
func NewPatchCache() *PatchCache {
	return &PatchCache{pods: lru.New(maxCachedPatches)}
}

func (p *PatchCache) apply(pod *corev1ac.PodSpecApplyConfiguration, generated, patch []byte, ports []v1alpha1.Port) (*corev1ac.PodSpecApplyConfiguration, error) {
	if p == nil {
		return applyPatch(pod, generated, patch, ports)
	}
	key := [2][sha256.Size]byte{sha256.Sum256(withNames(generated, ports)), sha256.Sum256(patch)}
	if cached, found := p.pods.Get(key); found {
		return cached.(*corev1ac.PodSpecApplyConfiguration), nil
	}
	out, err := applyPatch(pod, generated, patch, ports)
	if err == nil {
		p.pods.Add(key, out)
	}
	return out, err
}

// withNames adds what the generated pod does not tell of the ports: a number has one name in it.
func withNames(generated []byte, ports []v1alpha1.Port) []byte {
	for i := range ports {
		generated = append(append(generated, ports[i].Name...), '=')
		generated = strconv.AppendInt(generated, int64(ports[i].Target()), 10)
	}
	return generated
}
