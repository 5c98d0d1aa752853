package docs_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// envoyGateway is the version that docs/how-to/sign-in-with-oidc.md names, and what it must hash to. Nothing of it is compiled, so it
// is no dependency of the module.
const (
	envoyGateway    = "github.com/envoyproxy/gateway@v1.9.1"
	envoyGatewaySum = "h1:vAVp6/AlBXJ1aOhp1mxL7fNEzVEfjADUguUhm2wzxQY="
)

// installForeignKinds installs the kinds of others that the pages use.
func installForeignKinds(t *testing.T, server *cluster.Cluster) {
	t.Helper()
	if err := server.InstallOptional(); err != nil {
		t.Fatal(err)
	}
	raw := contents(t, filepath.Join(envoyGatewayFolder(t), "charts", "gateway-crds-helm", "templates", "generated", "gateway.envoyproxy.io_securitypolicies.yaml"))
	crd := &apiextensionsv1.CustomResourceDefinition{}
	// The chart puts it between a condition and its end.
	if err := yaml.Unmarshal([]byte(regexp.MustCompile(`(?m)^\{\{-? .*\}\}$`).ReplaceAllString(raw, "")), crd); err != nil {
		t.Fatal(err)
	}
	if crd.Spec.Names.Kind != "SecurityPolicy" {
		t.Fatalf("Envoy Gateway's chart has a %q where SecurityPolicy was", crd.Spec.Names.Kind)
	}
	if _, err := envtest.InstallCRDs(server.Config, envtest.CRDInstallOptions{
		CRDs: []*apiextensionsv1.CustomResourceDefinition{crd}, MaxTime: 5 * time.Minute,
	}); err != nil {
		t.Fatal(err)
	}
}

// envoyGatewayFolder downloads the module, or finds it among those that were downloaded before, and returns where it is.
func envoyGatewayFolder(t *testing.T) string {
	t.Helper()
	download := exec.Command("go", "mod", "download", "-json", envoyGateway)
	download.Dir, download.Stderr = t.TempDir(), os.Stderr // outside of any module
	said, err := download.Output()
	if err != nil {
		t.Fatalf("downloading %s: %v\n%s", envoyGateway, err, said)
	}
	module := struct{ Dir, Sum string }{}
	if err := json.Unmarshal(said, &module); err != nil {
		t.Fatal(err)
	}
	if module.Sum != envoyGatewaySum {
		t.Fatalf("%s is %s, want %s", envoyGateway, module.Sum, envoyGatewaySum)
	}
	return module.Dir
}

// TestLoginOfARoute: the page names the version that is tried, whose rules are in force: a policy that breaks one is refused.
func TestLoginOfARoute(t *testing.T) {
	text := contents(t, filepath.Join(cluster.Root(), "docs", "how-to", "sign-in-with-oidc.md"))
	version := regexp.MustCompile(`Envoy Gateway (\d\S+\d)`).FindStringSubmatch(text)
	if version == nil || "github.com/envoyproxy/gateway@v"+version[1] != envoyGateway {
		t.Errorf("the page names the version %q, and %s is tried", version, envoyGateway)
	}
	server := cluster.StartFor(t)
	installForeignKinds(t, server)
	kube, err := cluster.NewStrictClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	tried := 0
	for _, block := range (page{text: text}).examples() {
		for _, policy := range objects(t, block) {
			if policy.GetKind() != "SecurityPolicy" {
				continue
			}
			tried++
			apply(t, kube, policy)
			if err := unstructured.SetNestedField(policy.Object, "http://login.example.com", "spec", "oidc", "provider", "issuer"); err != nil {
				t.Fatal(err)
			}
			broken := client.ApplyConfigurationFromUnstructured(policy)
			err := kube.Apply(t.Context(), broken, client.FieldOwner("docs"), client.DryRunAll)
			if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), "spec.oidc.provider.issuer") {
				t.Errorf("%s with an issuer without TLS is answered %v", policy.GetName(), err)
			}
		}
	}
	if tried != 2 {
		t.Errorf("%d policies are tried, want that of a route and that of a Gateway", tried)
	}
}
