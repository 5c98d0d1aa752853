package e2e

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"github.com/microservice-dev/microservice-operator/internal/cli"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// patience is how long a state is waited for: longer than any busy machine needs.
const patience = 5 * time.Minute

var (
	managerImage = flag.String("manager-image", "node.local/microservice-operator:e2e", "The image of the operator.")
	agnhostImage = flag.String("agnhost-image", "registry.k8s.io/e2e-test-images/agnhost:2.56", "The image of the pods: agnhost, of Kubernetes' own tests.")
)

var (
	config *rest.Config
	kube   client.Client
)

func TestE2E(t *testing.T) {
	if os.Getenv("KUBECONFIG") == "" {
		t.Fatal("KUBECONFIG is not set: these tests need a cluster with real nodes: run make node-up test-e2e")
	}
	RegisterFailHandler(Fail)
	log.SetLogger(logr.Discard())
	klog.SetLogger(logr.Discard())
	RunSpecs(t, "e2e")
}

var _ = BeforeSuite(func(ctx context.Context) {
	SetDefaultEventuallyTimeout(patience)
	SetDefaultEventuallyPollingInterval(250 * time.Millisecond)
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	config.QPS, config.Burst = 200, 200
	kube, err = cluster.NewClient(config)
	Expect(err).NotTo(HaveOccurred())
	install(ctx)
})

// install applies config/default as a user would, with the image and the flags that this cluster needs, and removes it in the end.
func install(ctx context.Context) {
	crds := &unstructured.Unstructured{}
	crds.SetAPIVersion("apiextensions.k8s.io/v1")
	crds.SetKind("CustomResourceDefinition")
	err := kube.Get(ctx, client.ObjectKey{Name: "microservices.apps.microservice.dev"}, crds)
	Expect(apierrors.IsNotFound(err)).To(BeTrue(), "Microservices are installed in this cluster already (%v): these tests install and remove the operator, so they need a cluster without it", err)

	overlay := GinkgoT().TempDir()
	base, err := filepath.Rel(overlay, filepath.Join(cluster.Root(), "config", "default"))
	Expect(err).NotTo(HaveOccurred())
	repository, tag, _ := strings.Cut(*managerImage, ":")
	Expect(os.WriteFile(filepath.Join(overlay, "kustomization.yaml"), fmt.Appendf(nil, `resources: [%s]
images: [{name: ghcr.io/microservice-dev/microservice-operator, newName: %q, newTag: %q}]
patches:
- target: {kind: Deployment}
  patch: '[{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--dns-ports=%s"}]'
`, base, repository, tag, dnsPorts(ctx)), 0o600)).To(Succeed())
	kubectl(ctx, "apply", "--server-side", "-k", overlay)
	DeferCleanup(func(ctx context.Context) { kubectl(ctx, "delete", "--ignore-not-found", "-k", overlay) })
	kubectl(ctx, "-n", "microservice-operator-system", "rollout", "status", "deployment", "--timeout", patience.String())
}

// dnsPorts are where the DNS pods listen, which the operator is told.
func dnsPorts(ctx context.Context) string {
	list := &discoveryv1.EndpointSliceList{}
	Expect(kube.List(ctx, list, client.InNamespace("kube-system"), client.MatchingLabels{discoveryv1.LabelServiceName: "kube-dns"})).To(Succeed())
	ports := sets.New[string]()
	for i := range list.Items {
		for _, p := range list.Items[i].Ports {
			if strings.HasPrefix(*p.Name, "dns") {
				ports.Insert(strconv.Itoa(int(*p.Port)))
			}
		}
	}
	Expect(ports).NotTo(BeEmpty(), "the cluster has no Service kube-dns in kube-system")
	return strings.Join(sets.List(ports), ",")
}

// kubectl runs kubectl and returns what it prints.
func kubectl(ctx context.Context, args ...string) string {
	GinkgoHelper()
	out, err := exec.CommandContext(ctx, cluster.Program("kubectl"), args...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "kubectl %s: %s", strings.Join(args, " "), out)
	return string(out)
}

// msvc runs the plugin, and returns its exit code and what it prints.
func msvc(ctx context.Context, args ...string) (code int, said string) {
	var out bytes.Buffer
	code = cli.Run(ctx, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &out}, append([]string{"kubectl-msvc"}, args...))
	return code, out.String()
}
