package docs_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// foreignCRDs are the CRDs of other projects that examples use. They come out of modules that nothing here is built from, so no go.mod
// has them; sum is what go.sum would say.
var foreignCRDs = []struct{ module, sum, file string }{
	{"github.com/kedacore/keda/v2@v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=", "config/crd/bases/keda.sh_scaledobjects.yaml"},
	{"github.com/argoproj/argo-rollouts@v1.10.1", "h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=", "manifests/crds/rollout-crd.yaml"},
	{"k8s.io/autoscaler/vertical-pod-autoscaler@v1.8.1", "h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=", "deploy/vpa-v1-crd-gen.yaml"},
}

// withForeignCRDs returns an option that installs them. It downloads what the module cache does not have.
func withForeignCRDs(t *testing.T) func(*envtest.Environment) {
	t.Helper()
	var paths []string
	for _, crd := range foreignCRDs {
		download := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", crd.module)
		download.Dir = t.TempDir() // outside of any module
		answer, err := download.Output()
		var module struct{ Dir, Sum, Error string }
		if decoded := json.Unmarshal(answer, &module); err != nil || decoded != nil {
			t.Fatalf("downloading %s: %v: %s", crd.module, err, module.Error)
		}
		if module.Sum != crd.sum {
			t.Fatalf("%s has the sum %s, want %s", crd.module, module.Sum, crd.sum)
		}
		paths = append(paths, filepath.Join(module.Dir, crd.file))
	}
	return func(e *envtest.Environment) { e.CRDDirectoryPaths = append(e.CRDDirectoryPaths, paths...) }
}
