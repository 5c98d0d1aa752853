package controller

import (
	"regexp"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// What people do by hand is kept, or undone as a whole, and a right spec never becomes InvalidSpec by it.
var _ = Describe("What people leave behind", func() {
	var ns string
	var web *v1alpha1.Microservice

	BeforeEach(func() {
		ns = newNamespace()
		web = MakeMicroservice(ns, "web")
		web.Spec.Ports = []v1alpha1.Port{{Name: "http", Port: 8080}}
	})

	byHand := func(args ...string) {
		GinkgoHelper()
		_, err := kube.Kubectl(append([]string{"-n", ns}, args...)...)
		Expect(err).NotTo(HaveOccurred())
	}
	born := func() {
		GinkgoHelper()
		create(web)
		eventually(web, available)
		settled(ns)
	}
	container := func() corev1.Container { return deploymentOf(web).Spec.Template.Spec.Containers[0] }
	grpc := func(s *v1alpha1.MicroserviceSpec) {
		s.Probes = &v1alpha1.Probes{Readiness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{GRPC: &corev1.GRPCAction{Port: 8080}}}}
	}

	It("is undone where a roll-back brings back another kind of probe", func() {
		web.Spec.Probes = &v1alpha1.Probes{Readiness: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/h", Port: intstr.FromString("http")}}}}
		born()
		edit(web, grpc)
		eventually(web, available)
		settled(ns)
		byHand("rollout", "undo", "deployment/web")
		Eventually(func() bool { p := container().ReadinessProbe; return p.GRPC != nil && p.HTTPGet == nil }).Should(BeTrue())
		eventually(web, available)
	})

	It("is undone as a whole where a roll-back brings back what the spec has dropped", func() {
		web.Spec.Env = []corev1.EnvVar{{Name: "OLD", Value: "x"}}
		web.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: rawJSON(`{"containers":[{"name":"old-proxy","image":"example.com/proxy:1"}]}`)}
		born()
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			s.Image, s.Env, s.PodTemplate = "example.com/web:2", nil, nil
		})
		eventually(web, available)
		settled(ns)
		byHand("rollout", "undo", "deployment/web")
		Eventually(func() bool {
			d := deploymentOf(web)
			return len(d.Spec.Template.Spec.Containers) == 1 && d.Spec.Template.Spec.Containers[0].Image == "example.com/web:2" && len(variables(web)) == 0
		}).Should(BeTrue())
		eventually(web, available)
		settled(ns)
	})

	It("gives way where the spec says it properly later", func() {
		born()
		byHand("set", "env", "deployment/web", "DB_PASS=quick", "OTHER=stays")
		Eventually(func() map[string]string { return variables(web) }).Should(HaveKey("DB_PASS"))
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			s.Env = []corev1.EnvVar{{Name: "DB_PASS", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{
				LocalObjectReference: corev1.LocalObjectReference{Name: "s"}, Key: "k", Optional: new(true),
			}}}}
		})
		Eventually(func() bool { return container().Env[0].ValueFrom != nil }).Should(BeTrue())
		Expect(variables(web)).To(HaveKey("OTHER"), "what is in nobody's way stays")
		eventually(web, available)
	})

	It("is undone where a disruption budget is turned round", func() {
		web.Spec.Replicas = new(int32(2))
		born()
		byHand("patch", "pdb", "web", "--type=merge", "-p", `{"spec":{"maxUnavailable":null,"minAvailable":0}}`)
		Eventually(func() bool {
			pdb := &policyv1.PodDisruptionBudget{}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), pdb)).To(Succeed())
			return pdb.Spec.MaxUnavailable != nil && pdb.Spec.MinAvailable == nil
		}).Should(BeTrue())
		eventually(web, available)
	})

	It("gives way where another applier has added a port that the spec adds later", func() {
		born()
		debug := &corev1.Service{}
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), debug)).To(Succeed())
		Expect(k8s.Patch(ctx, debug, client.RawPatch(types.ApplyPatchType, []byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"web"},"spec":{"ports":[{"name":"debug","port":5005,"protocol":"TCP"}]}}`)),
			client.FieldOwner("other"))).To(Succeed())
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			s.Ports = append(s.Ports, v1alpha1.Port{Name: "debug", Port: 5006})
		})
		Eventually(func() []int32 {
			svc := &corev1.Service{}
			Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), svc)).To(Succeed())
			var ports []int32
			for _, p := range svc.Spec.Ports {
				ports = append(ports, p.Port)
			}
			return ports
		}).Should(ConsistOf(int32(8080), int32(5006)))
		eventually(web, available)
	})

	It("is told where somebody has paused the Deployment, and a healthy one stays Ready", func() {
		born()
		byHand("rollout", "pause", "deployment/web")
		Eventually(func() string { return message(web) }).Should(ContainSubstring("rollout resume"))
		Expect(state(web)()).To(Equal(available))
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.Image = "example.com/web:2" })
		eventually(web, rollingOut)
		Eventually(func() string { return message(web) }).Should(Equal("Rolling out example.com/web:2; the Deployment is paused, go on with: kubectl rollout resume deployment/web -n " + ns))
		byHand("rollout", "resume", "deployment/web")
		eventually(web, available)
		Eventually(func() string { return message(web) }).ShouldNot(ContainSubstring("paused"))
	})

	It("is named where a fixed size is changed again and again, and the fight is slow", func() {
		born()
		operator.clock.freeze()
		DeferCleanup(func() { operator.clock.run() })
		size := func() int32 { return *deploymentOf(web).Spec.Replicas }
		for range 3 {
			byHand("scale", "deployment/web", "--replicas=3")
			Eventually(size).Should(Equal(int32(1)))
			settled(ns)
		}
		byHand("scale", "deployment/web", "--replicas=3")
		eventually(web, "False/ApplyFailed Reconciling")
		Expect(message(web)).To(Equal("kubectl (scale) changes spec.replicas of Deployment web each time it is restored, so restoring it is delayed more and more; " +
			"set the size in spec.autoscaling, leave it to whatever scales it with spec.autoscaling.external, or remove that, such as an autoscaler (kubectl get hpa -n " + ns + ")"))
		Expect(condition(web, v1alpha1.ConditionAvailable)()).To(Equal("True/Available"))
		Expect(size()).To(Equal(int32(3)))

		By("going on")
		operator.clock.forward(20 * time.Second)
		operator.clock.run()
		byHand("annotate", "--overwrite", "deployment/web", "look=1")
		Eventually(size).Should(Equal(int32(1)))
		Expect(count(eventReasons(ns, "web")(), v1alpha1.ReasonApplyFailed)).To(Equal(1))

		By("the other one giving up")
		operator.clock.forward(10 * time.Minute)
		byHand("annotate", "--overwrite", "deployment/web", "look=2")
		eventually(web, available)
	})

	It("is no reason to delete the ServiceAccount that the spec names now", func() {
		born()
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.ServiceAccountName = "web" })
		eventually(web, available)
		settled(ns)
		Expect(exists(web, &corev1.ServiceAccount{})()).To(BeTrue())

		By("naming another one in the spec, and this one in the patch")
		edit(web, func(s *v1alpha1.MicroserviceSpec) {
			s.ServiceAccountName = "default"
			s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: rawJSON(`{"serviceAccountName":"web"}`)}
		})
		eventually(web, available)
		settled(ns)
		Expect(exists(web, &corev1.ServiceAccount{})()).To(BeTrue())

		By("naming it nowhere")
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.PodTemplate = nil })
		Eventually(exists(web, &corev1.ServiceAccount{})).Should(BeFalse())
	})
})

var _ = Describe("Words that lead out", func() {
	It("give an object whose name is taken to the Microservice", func() {
		ns := newNamespace()
		web := MakeMicroservice(ns, "web")
		restored := &corev1.Service{}
		restored.Namespace, restored.Name = ns, "web"
		restored.Spec.Ports = []corev1.ServicePort{{Name: "old", Port: 1, TargetPort: intstr.FromInt32(1)}}
		create(restored)
		create(web)
		eventually(web, "False/NameConflict Stalled")
		command := regexp.MustCompile(`kubectl (patch service .*) -p '([^']*)'`).FindStringSubmatch(message(web))
		Expect(command).To(HaveLen(3), message(web))
		_, err := kube.Kubectl(append(strings.Fields(command[1]), "-p", command[2])...)
		Expect(err).NotTo(HaveOccurred())
		eventually(web, available)
		Expect(k8s.Get(ctx, client.ObjectKeyFromObject(web), restored)).To(Succeed())
		Expect(restored.Spec.Selector).To(HaveKeyWithValue(v1alpha1.LabelName, "web"))
	})

	It("do not have the Service of the API server removed, which makes it again", func() {
		ms := MakeMicroservice("default", "kubernetes")
		create(ms)
		DeferCleanup(func() { Expect(k8s.Delete(ctx, ms)).To(Succeed()) })
		eventually(ms, "False/NameConflict Stalled")
		Expect(message(ms)).To(And(ContainSubstring("rename the Microservice"), Not(ContainSubstring("kubectl delete"))))
	})

	It("name what was restored after somebody changed it by hand, and what to edit instead", func() {
		ns := newNamespace()
		web := MakeMicroservice(ns, "web")
		create(web)
		eventually(web, available)
		settled(ns)
		for command, want := range map[string]string{
			"set image deployment/web app=example.com/web:2": "kubectl-set changed spec.template.spec.containers[app].image of Deployment web; it is restored: edit spec.image of the Microservice instead",
			"scale deployment/web --replicas=3":              "Somebody changed spec.replicas of Deployment web; it is restored: edit spec.replicas of the Microservice instead",
		} {
			_, err := kube.Kubectl(append([]string{"-n", ns}, strings.Fields(command)...)...)
			Expect(err).NotTo(HaveOccurred())
			Eventually(notes(ns, "web", v1alpha1.ReasonRestored)).Should(ContainElement(want))
			eventually(web, available)
			settled(ns)
		}
	})

	It("say how a field of the Service that cannot change can", func() {
		ns := newNamespace()
		web := MakeMicroservice(ns, "web")
		web.Spec.Service = &v1alpha1.ServiceOptions{Type: corev1.ServiceTypeLoadBalancer}
		create(web)
		eventually(web, available)
		edit(web, func(s *v1alpha1.MicroserviceSpec) { s.Service.LoadBalancerClass = new("example.com/x") })
		eventually(web, "False/InvalidSpec Stalled")
		Expect(message(web)).To(ContainSubstring("kubectl delete service web -n " + ns))
		Expect(k8s.Delete(ctx, &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "web"}})).To(Succeed())
		Eventually(state(web), time.Minute).Should(Equal(available))
	})
})
