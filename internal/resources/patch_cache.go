package resources

import (
	"crypto/sha256"
	"strconv"

	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	"k8s.io/utils/lru"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// maxCachedPatches is about 5 MB.
const maxCachedPatches = 500

// PatchCache caches patched pods: applying a patch costs as much as the rest of a reconcile. Its results are read-only. It is
// safe for concurrent use; a nil one caches nothing.
type PatchCache struct {
	pods *lru.Cache
}

// NewPatchCache returns an empty cache.
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

// withNames adds the names of ports to a cache key: in the generated pod a number has one name only.
func withNames(generated []byte, ports []v1alpha1.Port) []byte {
	for i := range ports {
		generated = append(append(generated, ports[i].Name...), '=')
		generated = strconv.AppendInt(generated, int64(ports[i].Target()), 10)
	}
	return generated
}
