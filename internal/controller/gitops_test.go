package controller

import (
	"encoding/json"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// git is what a repository has: written by hand, with quantities as people write them.
const git = `
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata:
  name: web
  labels:
    app.kubernetes.io/instance: shop
    app.kubernetes.io/part-of: shop
  annotations:
    argocd.argoproj.io/tracking-id: shop:apps.microservice.dev/Microservice:shop/web
spec:
  image: example.com/web:1
  ports:
  - name: http
    port: 80
    targetPort: 8080
  autoscaling:
    minReplicas: 2
    maxReplicas: 9
  resources:
    requests:
      cpu: 1000m
      memory: "1073741824"
  dependencies:
  - name: payments
  rollout:
    maxSurge: 25%
  podTemplate:
    spec:
      terminationGracePeriodSeconds: 10
`

var _ = Describe("A GitOps tool", func() {
	It("applies the same for a minute, while everything goes on, and finds no difference and causes no write", func() {
		ns := newNamespace()
		wanted := &unstructured.Unstructured{}
		Expect(yaml.Unmarshal([]byte(git), wanted)).To(Succeed())
		wanted.SetNamespace(ns)
		sync := func(options ...client.ApplyOption) *unstructured.Unstructured {
			GinkgoHelper()
			object := wanted.DeepCopy()
			configuration := client.ApplyConfigurationFromUnstructured(object)
			Expect(k8s.Apply(ctx, configuration, append(options, client.FieldOwner("argocd-controller"), client.ForceOwnership)...)).To(Succeed())
			return object
		}
		sync()
		ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}}
		eventually(ms, available)
		settled(ns)
		requests.Reset()
		seen := watchVersions(ns)
		life := goesOn(ms)
		for second := range 60 {
			if step, found := life[second]; found {
				By(fmt.Sprintf("second %d: %s", second, step.what))
				step.do()
			}
			before := live(ms)
			dryRun := sync(client.DryRunAll)
			Expect(diff(before, dryRun)).To(BeEmpty())
			sync()
			settled(ns)
		}
		eventually(ms, available)
		settled(ns)
		Expect(live(ms).GetGeneration()).To(Equal(int64(1)), "nobody wrote spec")
		By("counting the versions of the Microservice: each is one status write of the operator")
		seen.mu.Lock()
		defer seen.mu.Unlock()
		written := 0
		for _, q := range requests.Requests(ns) {
			if q.Resource == "microservices/status" && q.Code == 200 {
				written++
			}
		}
		Expect(len(seen.microservices)-1).To(Equal(written), "the first is the one that was there")
		Expect(written).To(BeNumerically(">", 2))
	})
})

type happening struct {
	what string
	do   func()
}

// goesOn is a minute in the life of a service, by second.
func goesOn(ms *v1alpha1.Microservice) map[int]happening {
	patch := func(object client.Object, body string) {
		GinkgoHelper()
		object.SetNamespace(ms.Namespace)
		object.SetName(ms.Name)
		Expect(k8s.Patch(ctx, object, client.RawPatch("application/merge-patch+json", []byte(body)))).To(Succeed())
	}
	return map[int]happening{
		3: {"an autoscaler scales up", func() { scale(ms, 5) }},
		12: {"somebody restarts the rollout", func() {
			patch(deploymentOf(ms), `{"spec":{"template":{"metadata":{"annotations":{"kubectl.kubernetes.io/restartedAt":"2026-01-01T00:00:00Z"}}}}}`)
		}},
		22: {"somebody deletes the Service", func() {
			Expect(k8s.Delete(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ms.Namespace, Name: ms.Name}})).To(Succeed())
		}},
		28: {"somebody edits the Deployment", func() {
			patch(deploymentOf(ms), `{"spec":{"revisionHistoryLimit":3,"template":{"spec":{"serviceAccountName":"default"}}}}`)
		}},
		36: {"the pods are not ready", func() { makePods(ms, false) }},
		42: {"they are again", func() { makePods(ms, true) }},
		46: {"an autoscaler scales down", func() { scale(ms, 2) }},
	}
}

func live(ms *v1alpha1.Microservice) *unstructured.Unstructured {
	GinkgoHelper()
	object := &unstructured.Unstructured{}
	object.SetGroupVersionKind(v1alpha1.SchemeGroupVersion.WithKind("Microservice"))
	Expect(k8s.Get(ctx, client.ObjectKeyFromObject(ms), object)).To(Succeed())
	return object
}

// diff is what Argo CD's server-side diff compares: all but status, and what the server keeps for itself.
func diff(a, b *unstructured.Unstructured) string {
	GinkgoHelper()
	bare := func(o *unstructured.Unstructured) map[string]any {
		o = o.DeepCopy()
		unstructured.RemoveNestedField(o.Object, "status")
		for _, field := range []string{"managedFields", "resourceVersion", "generation"} {
			unstructured.RemoveNestedField(o.Object, "metadata", field)
		}
		return o.Object
	}
	if equality.Semantic.DeepEqual(bare(a), bare(b)) {
		return ""
	}
	one, err := json.Marshal(bare(a))
	Expect(err).NotTo(HaveOccurred())
	other, err := json.Marshal(bare(b))
	Expect(err).NotTo(HaveOccurred())
	return fmt.Sprintf("%s\n%s", one, other)
}
