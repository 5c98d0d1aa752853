package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestLoginOfARoute: the page names the version that is tried, whose rules are in force: a policy that breaks one is refused.
func TestLoginOfARoute(t *testing.T) {
	text := contents(t, filepath.Join(cluster.Root(), "docs", "how-to", "sign-in-with-oidc.md"))
	version := regexp.MustCompile(`Envoy Gateway (\d\S+\d)`).FindStringSubmatch(text)
	if version == nil || "github.com/envoyproxy/gateway@v"+version[1] != envoyGateway {
		t.Errorf("the page names the version %q, and %s is tried", version, envoyGateway)
	}
	server := startWithForeignKinds(t)
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
