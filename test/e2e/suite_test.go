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

// operatorNamespace is where config/default installs the operator.
const operatorNamespace = "microservice-operator-system"

var (
	managerImage = flag.String("manager-image", "example.com/microservice-operator", "The repository of the operator's images, which the tests build and load.")
	appImage     = flag.String("app-image", "example.com/web", "The repository of the images of the pods, which the tests build and load.")
	ownNode      = flag.Bool("own-node", false, "The cluster is that of make node-up, on this machine.")
	agnhostImage = flag.String("agnhost-image", "registry.k8s.io/e2e-test-images/agnhost:2.56", "The image with which kubectl msvc check tries whether NetworkPolicies hold.")
)

var (
	config *rest.Config
	kube   client.WithWatch
	// scratch is a folder of the whole run: a clean-up cannot make one of its own.
	scratch string
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
	EnforceDefaultTimeoutsWhenUsingContexts()
	SetDefaultEventuallyPollingInterval(250 * time.Millisecond)
	scratch = GinkgoT().TempDir()
	var err error
	config, err = clientcmd.BuildConfigFromFlags("", os.Getenv("KUBECONFIG"))
	Expect(err).NotTo(HaveOccurred())
	config.QPS, config.Burst = 200, 200
	kube, err = cluster.NewClient(config)
	Expect(err).NotTo(HaveOccurred())

	crd := &unstructured.Unstructured{}
	crd.SetAPIVersion("apiextensions.k8s.io/v1")
	crd.SetKind("CustomResourceDefinition")
	err = kube.Get(ctx, client.ObjectKey{Name: "microservices.apps.microservice.dev"}, crd)
	Expect(apierrors.IsNotFound(err)).To(BeTrue(), "Microservices are installed in this cluster already (%v): these tests install and remove the operator, so they need a cluster without it", err)
	loadImages(ctx)
	DeferCleanup(func(ctx context.Context) {
		kubectl(ctx, "delete", "--ignore-not-found", "-k", overlay(ctx, cluster.Root(), "this"))
	})
	install(ctx, cluster.Root(), "this")
})

// install applies the config/default of a tree as a user would, with an image, the flags that this cluster needs and others, and waits
// until that operator runs.
func install(ctx context.Context, root, tag string, flags ...string) {
	GinkgoHelper()
	kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-k", overlay(ctx, root, tag, flags...))
	awaitRollout(ctx)
}

// restartOperator waits until the new pods run.
func restartOperator(ctx context.Context) {
	GinkgoHelper()
	kubectl(ctx, "-n", operatorNamespace, "rollout", "restart", "deployment")
	awaitRollout(ctx)
}

func awaitRollout(ctx context.Context) {
	GinkgoHelper()
	kubectl(ctx, "-n", operatorNamespace, "rollout", "status", "deployment", "--timeout", patience.String())
}

// overlay returns a folder for kubectl -k.
func overlay(ctx context.Context, root, tag string, flags ...string) string {
	GinkgoHelper()
	folder, err := os.MkdirTemp(scratch, "overlay")
	Expect(err).NotTo(HaveOccurred())
	base, err := filepath.Rel(folder, filepath.Join(root, "config", "default"))
	Expect(err).NotTo(HaveOccurred())
	var args []string
	for _, flag := range append(flags, "dns-ports="+dnsPorts(ctx)) {
		args = append(args, fmt.Sprintf(`{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": "--%s"}`, flag))
	}
	Expect(os.WriteFile(filepath.Join(folder, "kustomization.yaml"), fmt.Appendf(nil, `resources: [%s]
images: [{name: ghcr.io/microservice-dev/microservice-operator, newName: %q, newTag: %q}]
patches: [{target: {kind: Deployment}, patch: '[%s]'}]
`, base, *managerImage, tag, strings.Join(args, ",")), 0o600)).To(Succeed())
	return folder
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

// apply applies a file of testdata in a namespace, with the images of this run, and deletes the namespace in the end.
func apply(ctx context.Context, file, namespace string) {
	GinkgoHelper()
	raw, err := os.ReadFile(file)
	Expect(err).NotTo(HaveOccurred())
	deleteLater(namespace)
	applyText(ctx, strings.ReplaceAll(string(raw), "NAMESPACE", namespace))
}

// deleteLater deletes namespaces in the end. The end of the suite waits for what is in them.
func deleteLater(namespaces ...string) {
	DeferCleanup(func(ctx context.Context) {
		kubectl(ctx, append([]string{"delete", "--ignore-not-found", "--wait=false", "namespace"}, namespaces...)...)
	})
}

// images puts the images of this run for those of the pods.
func images(text string) string { return strings.ReplaceAll(text, "APP:", *appImage+":") }

// applyText applies objects, with the images of this run.
func applyText(ctx context.Context, objects string) {
	GinkgoHelper()
	path := filepath.Join(GinkgoT().TempDir(), "objects.yaml")
	Expect(os.WriteFile(path, []byte(images(objects)), 0o600)).To(Succeed())
	kubectl(ctx, "apply", "--server-side", "-f", path)
}

// msvc runs the plugin, and returns its exit code and what it prints.
func msvc(ctx context.Context, args ...string) (code int, said string) {
	var out bytes.Buffer
	code = cli.Run(ctx, genericiooptions.IOStreams{In: strings.NewReader(""), Out: &out, ErrOut: &out}, append([]string{"kubectl-msvc"}, args...))
	return code, out.String()
}
