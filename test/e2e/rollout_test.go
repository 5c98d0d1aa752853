package e2e

import (
	"context"
	"fmt"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	policyv1 "k8s.io/api/policy/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

var _ = Describe("A change under load", Label("rollout"), Ordered, func() {
	const namespace = "e2e-load"
	var t *traffic
	var user *shell

	BeforeAll(func(ctx context.Context) {
		t = startTraffic(ctx, namespace)
		user = newShell(ctx, namespace)
	})

	edit := func(ctx context.Context, name, spec string) { patch(ctx, namespace, name, `{"spec":`+spec+`}`) }

	It("loses no request when the spec is edited", func(ctx context.Context) {
		t.lossless(ctx, "a new image", func() { user.run(ctx, "kubectl msvc set image web="+*appImage+":2 --wait") })
		t.lossless(ctx, "a variable", func() { edit(ctx, "web", `{"env":[{"name":"LOG_LEVEL","value":"debug"}]}`) })
		t.lossless(ctx, "4 replicas", func() { user.run(ctx, "kubectl scale msvc web --replicas=4") })
		t.lossless(ctx, "2 replicas again", func() { user.run(ctx, "kubectl scale msvc web --replicas=2") })
	})

	It("loses no request when pods are taken away", func(ctx context.Context) {
		t.lossless(ctx, "kubectl rollout restart", func() { user.run(ctx, "kubectl rollout restart deployment web") })
		t.lossless(ctx, "a pod is deleted", func() {
			pod := ready(ctx, namespace, "web")
			Expect(kube.Delete(ctx, pod)).To(Succeed())
			gone(ctx, pod)
		})
		t.lossless(ctx, "a pod is evicted", func() {
			pod := ready(ctx, namespace, "web")
			Expect(kube.SubResource("eviction").Create(ctx, pod, &policyv1.Eviction{})).To(Succeed())
			gone(ctx, pod)
		})
	})

	It("loses no request when its node is drained", func(ctx context.Context) {
		node := ready(ctx, namespace, "web").Spec.NodeName
		DeferCleanup(func(ctx context.Context) { kubectl(ctx, "uncordon", node) })
		t.lossless(ctx, "a drain, and uncordon", func() {
			said, err := user.try(ctx, fmt.Sprintf("kubectl drain %s --pod-selector=%s=web --ignore-daemonsets --delete-emptydir-data --timeout=20s", node, v1alpha1.LabelName))
			if err != nil {
				// Where no other node has room, the disruption budget keeps one pod, and the drain waits.
				Expect(said).To(ContainSubstring("disruption budget"))
				message := awaitReason(ctx, namespace, "web", v1alpha1.ReasonAvailable)
				AddReportEntry("the drain waits", message)
			}
			kubectl(ctx, "uncordon", node)
		})
	})

	It("loses no request when the targetPort is edited", func(ctx context.Context) {
		moved := func(port int, more string) string {
			return fmt.Sprintf(`{"ports":[{"name":"http","port":80,"targetPort":%d}],"args":["serve","--http=%[1]d"%s]`, port, more)
		}
		t.lossless(ctx, "targetPort", func() { edit(ctx, "web", moved(8081, "")+`}`) })
		t.lossless(ctx, "targetPort, and the new version starts for 20 s", func() { edit(ctx, "web", moved(8082, `,"--start-after=20s"`)+`}`) })
		t.lossless(ctx, "targetPort, and the new image cannot be pulled", func() {
			edit(ctx, "web", moved(8083, "")+`,"image":"example.com/none:1"}`)
			awaitReason(ctx, namespace, "web", v1alpha1.ReasonImagePullFailed)
			t.pass(ctx, 500)
			edit(ctx, "web", moved(8080, "")+`,"image":"`+*appImage+`:2"}`)
		})
	})

	It("keeps the pods that serve when a version becomes ready and dies", func(ctx context.Context) {
		dying := t.during(ctx, "a version that dies after 6 s", func() {
			edit(ctx, "web", `{"args":["serve","--exit-after=6s"]}`)
			awaitReason(ctx, namespace, "web", v1alpha1.ReasonCrashLooping)
			t.pass(ctx, 1000)
			ms := &v1alpha1.Microservice{}
			Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "web"}, ms)).To(Succeed())
			Expect(apimeta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionAvailable)).To(BeTrue())
			Expect(ms.Status.AvailableReplicas).To(BeEquivalentTo(2))
		})
		Expect(dying.Lost).To(BeNumerically("<=", dying.Sent/3), "it is one of three pods: %s", dying.Last)
		edit(ctx, "web", `{"args":["serve"]}`)
		settled(ctx, namespace, "web")
	})

	It("loses no request when the Service's port is changed in three steps", func(ctx context.Context) {
		t.lossless(ctx, "another port of the Service, in three steps", func() {
			edit(ctx, "web", `{"ports":[{"name":"http","port":80,"targetPort":8080},{"name":"http-next","appProtocol":"http","port":8000,"targetPort":8080}]}`)
			settled(ctx, namespace, "web")
			edit(ctx, "load", `{"dependencies":[{"name":"web","port":"http-next"},{"name":"tally"}]}`)
			settled(ctx, namespace, "load")
			Expect(user.run(ctx, "kubectl get msvc web -o jsonpath='{.status.dependents}'")).To(ContainSubstring("load"))
			edit(ctx, "web", `{"ports":[{"name":"http-next","appProtocol":"http","port":8000,"targetPort":8080}]}`)
		})
	})

	It("loses no request when an autoscaler scales by what the pods use", func(ctx context.Context) {
		if said, err := user.try(ctx, "kubectl get --raw /apis/metrics.k8s.io/v1beta1/nodes"); err != nil {
			Skip("the cluster has no metrics: " + said)
		}
		scaling := func(target int) string {
			return fmt.Sprintf(`{"args":["serve","--work=4ms"],"replicas":null,"resources":{"requests":{"cpu":"20m"}},"autoscaling":{"minReplicas":2,"maxReplicas":4,
				"targetCPUUtilizationPercentage":%d,"behavior":{"scaleDown":{"stabilizationWindowSeconds":0}}}}`, target)
		}
		replicas := func(want int) {
			Eventually(ctx, func(g Gomega) {
				d := &appsv1.Deployment{}
				g.Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "web"}, d)).To(Succeed())
				g.Expect(d.Spec.Replicas).To(HaveValue(BeEquivalentTo(want)))
			}).Should(Succeed())
		}
		t.lossless(ctx, "autoscaling from 2 to 4", func() {
			edit(ctx, "web", scaling(50))
			replicas(4)
		})
		t.lossless(ctx, "autoscaling from 4 to 2", func() {
			edit(ctx, "web", scaling(100000))
			replicas(2)
		})
		edit(ctx, "web", `{"autoscaling":null,"replicas":2,"args":["serve"],"resources":null}`)
		settled(ctx, namespace, "web")
	})

	It("loses no request when the Deployment leaves, and is taken over", func(ctx context.Context) {
		caller := ready(ctx, namespace, "load")
		said, err := user.try(ctx, "kubectl msvc eject web")
		Expect(err).To(HaveOccurred())
		Expect(said).To(ContainSubstring("load depends on it"))
		t.lossless(ctx, "the caller names the Service", func() {
			edit(ctx, "load", `{"dependencies":[{"name":"web","port":"http-next","service":{"name":"web"}},{"name":"tally"}]}`)
			settled(ctx, namespace, "load")
		})
		calls := func(kind string) {
			user.run(ctx, "kubectl wait msvc load --timeout=5m --for=jsonpath='{.status.dependencies[0].target}'="+kind+"/"+namespace+"/web")
		}
		left := t.during(ctx, "eject", func() {
			user.run(ctx, "kubectl msvc eject web")
			Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: "web"}, &v1alpha1.Microservice{})).NotTo(Succeed())
			calls("Service")
		})
		Expect(left.Lost).To(BeZero(), left.Last)
		t.lossless(ctx, "import and takeover", func() {
			user.run(ctx, "kubectl msvc import deployment web > web.yaml")
			user.run(ctx, "kubectl apply -f web.yaml")
			said := user.run(ctx, "kubectl msvc takeover web")
			AddReportEntry("kubectl msvc takeover web", said)
			Expect(said).To(ContainSubstring("web is taken over"))
			calls("Microservice")
		})
		settled(ctx, namespace, "load")
		Expect(ready(ctx, namespace, "load").UID).To(Equal(caller.UID))
	})
})
