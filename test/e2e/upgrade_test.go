package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/go-cmp/cmp"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// flags are set before the upgrade. Without the first one, all pods that have dependencies would restart.
var flags = []string{"cluster-domain=cluster.local", "default-min-ready-seconds=5"}

var _ = Describe("The operator", Label("upgrade"), Ordered, func() {
	const namespace = "e2e-upgrade"
	install := func(ctx context.Context, root, tag string, flags ...string) {
		install(ctx, root, tag, flags...)
		awaitLeader(ctx)
	}
	var t *traffic
	var before map[string]string

	BeforeAll(func(ctx context.Context) {
		release := GinkgoT().TempDir()
		Expect(cluster.CheckOutRelease(ctx, release)).To(Succeed())
		loadImage(ctx, compile(ctx, release, "./cmd", filepath.Join(GinkgoT().TempDir(), "manager")), *managerImage+":release")
		kubectl(ctx, "delete", "-k", overlay(ctx, cluster.Root(), "this"))
		DeferCleanup(func(ctx context.Context) {
			kubectl(ctx, "delete", "--ignore-not-found", "namespace", operatorNamespace)
			install(ctx, cluster.Root(), "this")
		})
		install(ctx, release, "release", flags...)
		t = startTraffic(ctx, namespace)
	})

	// same expects that no object and no pod changed since before.
	same := func(ctx context.Context) {
		GinkgoHelper()
		t.pass(ctx, 500)
		Expect(cmp.Diff(before, objects(ctx, namespace))).To(BeEmpty())
	}

	It("is upgraded from the last release without a restart, a write or a lost request", func(ctx context.Context) {
		before = objects(ctx, namespace)
		setFlags(ctx)
		t.lossless(ctx, "upgrade from the last release", func() {
			install(ctx, cluster.Root(), "this")
			same(ctx)
		})
		t.lossless(ctx, "an edit after the upgrade", func() { patch(ctx, namespace, "web", `{"spec":{"replicas":3}}`) })
		before = objects(ctx, namespace)
	})

	It("can be removed while everything runs on, and installed again", func(ctx context.Context) {
		t.lossless(ctx, "the operator is removed, and a pod is deleted", func() {
			kubectl(ctx, "delete", "-f", filepath.Join(cluster.Root(), "dist", "install.yaml"))
			same(ctx)
			pod := ready(ctx, namespace, "web")
			Expect(kube.Delete(ctx, pod)).To(Succeed())
			gone(ctx, pod)
			ready(ctx, namespace, "web")
		})
		before = objects(ctx, namespace)
		t.lossless(ctx, "the operator is installed again", func() {
			kubectl(ctx, "create", "namespace", operatorNamespace)
			setFlags(ctx)
			install(ctx, cluster.Root(), "this")
			same(ctx)
		})
		t.lossless(ctx, "an edit after that", func() { patch(ctx, namespace, "web", `{"spec":{"replicas":2}}`) })
	})

	It("restarts without a write", func(ctx context.Context) {
		before = objects(ctx, namespace)
		t.lossless(ctx, "the operator restarts", func() {
			restartOperator(ctx)
			awaitLeader(ctx)
			same(ctx)
		})
	})

	It("takes all away with the CRD, as make uninstall says", func(ctx context.Context) {
		kubectl(ctx, "delete", "crd", "microservices.apps.microservice.dev")
		Eventually(ctx, func() map[string]string { return objects(ctx, namespace) }).Should(BeEmpty())
	})
})

// setFlags sets flags as the guide says, in a place that an upgrade keeps.
func setFlags(ctx context.Context) {
	GinkgoHelper()
	args := []string{"-n", operatorNamespace, "create", "configmap", "microservice-operator-flags", "--from-literal=dns-ports=" + dnsPorts(ctx)}
	for _, flag := range flags {
		args = append(args, "--from-literal="+flag)
	}
	kubectl(ctx, args...)
}

// awaitLeader waits until a pod of the newest template leads.
func awaitLeader(ctx context.Context) {
	GinkgoHelper()
	Eventually(ctx, func(g Gomega) {
		pods, lease := &corev1.PodList{}, &coordinationv1.Lease{}
		g.Expect(kube.List(ctx, pods, client.InNamespace(operatorNamespace))).To(Succeed())
		g.Expect(kube.Get(ctx, client.ObjectKey{Namespace: operatorNamespace, Name: "microservice-operator.apps.microservice.dev"}, lease)).To(Succeed())
		g.Expect(lease.Spec.HolderIdentity).NotTo(BeNil())
		names := sets.New[string]()
		for i := range pods.Items {
			g.Expect(pods.Items[i].DeletionTimestamp).To(BeNil())
			names.Insert(pods.Items[i].Name)
		}
		holder, _, _ := strings.Cut(*lease.Spec.HolderIdentity, "_")
		g.Expect(names.Has(holder)).To(BeTrue(), "%s leads, which is none of %v", holder, names)
	}).Should(Succeed())
}

// objects are the generated objects of a namespace by name with what an edit changes, and the pods by name with their restarts, but for
// those that an earlier edit has ended.
func objects(ctx context.Context, namespace string) map[string]string {
	GinkgoHelper()
	found := map[string]string{}
	pods := &corev1.PodList{}
	Expect(kube.List(ctx, pods, client.InNamespace(namespace))).To(Succeed())
	for i := range pods.Items {
		if pods.Items[i].DeletionTimestamp == nil {
			found["Pod "+pods.Items[i].Name] = fmt.Sprint(restarts(pods.Items[i]))
		}
	}
	for _, kind := range []string{"Deployment.apps/v1", "Service/v1", "NetworkPolicy.networking.k8s.io/v1", "PodDisruptionBudget.policy/v1", "ServiceAccount/v1"} {
		list := &metav1.PartialObjectMetadataList{}
		name, version, _ := strings.Cut(kind, "/")
		name, group, _ := strings.Cut(name, ".")
		list.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: version, Kind: name + "List"})
		err := kube.List(ctx, list, client.InNamespace(namespace), client.HasLabels{v1alpha1.LabelName})
		Expect(client.IgnoreNotFound(err)).NotTo(HaveOccurred(), kind)
		for i := range list.Items {
			o := &list.Items[i]
			found[name+" "+o.Name] = fmt.Sprintf("%s, generation %d, written by the operator at %s", o.UID, o.Generation, written(o))
		}
	}
	return found
}

// written is when the operator last wrote an object: a Deployment and a disruption budget get their status from others.
func written(o *metav1.PartialObjectMetadata) string {
	for _, entry := range o.ManagedFields {
		if entry.Manager == "microservice-operator" && entry.Subresource == "" && entry.Time != nil {
			return entry.Time.String()
		}
	}
	return ""
}
