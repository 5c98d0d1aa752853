package docs_test

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// envoyGateway is the version that docs/how-to/sign-in-with-oidc.md names.
const envoyGateway = "github.com/envoyproxy/gateway@v1.9.1"

// foreignCRDs are the CRDs of other projects that examples use. They come out of modules that nothing here is built from, so no go.mod
// has them; sum is what go.sum would say.
var foreignCRDs = []struct{ module, sum, file string }{
	{"github.com/kedacore/keda/v2@v2.21.0", "h1:R6z2HZvstK4RLUMxroNACzBj74xGxt3kG59b5Xc+Xps=", "config/crd/bases/keda.sh_scaledobjects.yaml"},
	{"github.com/argoproj/argo-rollouts@v1.10.1", "h1:6oyVPGiHHxu3ixkT6mngemh88HLPDoTX1IwO6KNR1Y4=", "manifests/crds/rollout-crd.yaml"},
	{"k8s.io/autoscaler/vertical-pod-autoscaler@v1.8.1", "h1:Pe8bV1wozN4gOKO1rleiIY5alIyAXN+DnXDbXQcL4fI=", "deploy/vpa-v1-crd-gen.yaml"},
	{envoyGateway, "h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY=", "charts/gateway-crds-helm/templates/generated/gateway.envoyproxy.io_securitypolicies.yaml"},
}

// templateLines are those between which the chart of Envoy Gateway has its CRD.
var templateLines = regexp.MustCompile(`(?m)^\{\{-? .*\}\}$`)

// startWithForeignKinds starts a cluster that has the kinds of others that the pages use.
func startWithForeignKinds(t *testing.T) *cluster.Cluster {
	t.Helper()
	server := cluster.StartFor(t)
	if err := server.InstallOptional(); err != nil {
		t.Fatal(err)
	}
	options := envtest.CRDInstallOptions{MaxTime: 5 * time.Minute}
	for _, foreign := range foreignCRDs {
		raw := contents(t, filepath.Join(download(t, foreign.module, foreign.sum), foreign.file))
		for _, document := range regexp.MustCompile(`(?m)^---$`).Split(templateLines.ReplaceAllString(raw, ""), -1) {
			crd := &apiextensionsv1.CustomResourceDefinition{}
			if err := yaml.Unmarshal([]byte(document), crd); err != nil {
				t.Fatal(err)
			}
			if crd.Kind != "" {
				options.CRDs = append(options.CRDs, crd)
			}
		}
	}
	if _, err := envtest.InstallCRDs(server.Config, options); err != nil {
		t.Fatal(err)
	}
	return server
}

// download returns the folder of a module. It downloads what the module cache does not have.
func download(t *testing.T, module, sum string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	command.Dir = t.TempDir() // outside of any module
	answer, err := command.Output()
	var found struct{ Dir, Sum, Error string }
	if decoded := json.Unmarshal(answer, &found); err != nil || decoded != nil {
		t.Fatalf("downloading %s: %v: %s", module, err, found.Error)
	}
	if found.Sum != sum {
		t.Fatalf("%s has the sum %s, want %s", module, found.Sum, sum)
	}
	return found.Dir
}
