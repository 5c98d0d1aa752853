package e2e

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apimeta "k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// failure is an edit after which a Microservice that ran well does not become ready, and what is said of it.
type failure struct {
	// name and section: the section of the troubleshooting page, where it has one, and what is different where it has several.
	section, name string
	// before are objects that are there before the edit, until this command succeeds, and given is merged into the spec before it.
	before, until, given string
	// edit is merged into the spec.
	edit string
	// fresh is set if the Microservice is created with the edit.
	fresh bool
	// reason and words are those of Ready in the end. via are reasons that may come before, but for RollingOut.
	reason, words string
	via           []string
	// heal is shell commands instead of an edit back. With soon they are run once the failure is told: the operator writes a contested
	// field less and less often, and so does a ReplicaSet create pods that are refused.
	heal string
	soon bool
}

// These are edits that several have.
const (
	fills   = `"args":["serve","--write=/tmp/full"],"resources":{"limits":{"ephemeral-storage":"5Mi"}}`
	crashes = `"args":["exit","--code=3","--words=no database"]`
	missing = `"image":"example.com/none:1"`
)

// failures are the cases of docs/how-to/troubleshoot.md in its order, and then others that a kubelet knows.
var failures = []failure{
	{section: "An image cannot be pulled", edit: missing, reason: v1alpha1.ReasonImagePullFailed, words: "image example.com/none:1 cannot be pulled"},
	{section: "A container crashes", edit: crashes, reason: v1alpha1.ReasonCrashLooping, words: "exit code 3: no database"},
	{section: "A ConfigMap, Secret or key is missing", name: "key", before: `{apiVersion: v1, kind: Secret, metadata: {name: db}, stringData: {user: web}}`,
		edit:   `"env":[{"name":"DB_PASSWORD","valueFrom":{"secretKeyRef":{"name":"db","key":"password"}}}]`,
		reason: v1alpha1.ReasonContainerConfigError, words: "couldn't find key password in Secret shop/db",
		heal: `kubectl patch secret db --type=merge -p '{"stringData": {"password": "secret"}}'`},
	{section: "A ConfigMap, Secret or key is missing", name: "volume",
		edit:   `"podTemplate":{"spec":{"volumes":[{"name":"config","configMap":{"name":"settings"}}],"containers":[{"name":"app","volumeMounts":[{"name":"config","mountPath":"/etc/web"}]}]}}`,
		reason: v1alpha1.ReasonVolumeNotReady, words: `configmap "settings" not found`, heal: "kubectl create configmap settings"},
	{section: "An image runs as root", edit: `"image":"APP:root"`, reason: v1alpha1.ReasonContainerConfigError, words: "runAsNonRoot and image will run as root"},
	{section: "A probe fails", edit: `"args":["serve","--unhealthy"],"probes":{"readiness":{"periodSeconds":1,"httpGet":{"path":"/healthz","port":8080}}}`,
		reason: v1alpha1.ReasonReadinessFailing, words: "Readiness probe failed: HTTP probe failed with statuscode: 503"},
	{section: "No node has room", edit: `"resources":{"requests":{"cpu":"1000"}}`, reason: v1alpha1.ReasonUnschedulable, words: "Insufficient cpu"},
	{section: "A quota is used up", before: `{apiVersion: v1, kind: ResourceQuota, metadata: {name: small}, spec: {hard: {pods: 1}}}`,
		until: "! kubectl run other --image=APP:1 --dry-run=server",
		edit:  `"image":"APP:2"`, reason: v1alpha1.ReasonQuotaExceeded, words: "exceeded quota: small",
		heal: "kubectl delete quota small", soon: true},
	{section: "The pods are refused", edit: `"podTemplate":{"spec":{"priorityClassName":"urgent"}}`,
		reason: v1alpha1.ReasonPodRefused, words: "no PriorityClass with name urgent was found"},
	{section: "The rollout takes too long", edit: crashes + `,"rollout":{"progressDeadlineSeconds":20}`,
		reason: v1alpha1.ReasonProgressDeadlineExceeded, words: "exit code 3: no database", via: []string{v1alpha1.ReasonCrashLooping}},
	{section: "The spec cannot be used", edit: `"env":[{"name":"not=valid","value":"1"}]`, reason: v1alpha1.ReasonInvalidSpec, words: `Invalid value: "not=valid"`},
	{section: "The server refuses an object", before: `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: house-rules}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: NAMESPACE}}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}]
  validations: [{expression: "!object.spec.template.spec.containers[0].image.endsWith(':2')", message: house rules forbid it}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: house-rules}
spec: {policyName: house-rules, validationActions: [Deny]}`,
		until: "! kubectl set image deployment/web app=APP:2 --dry-run=server",
		edit:  `"image":"APP:2"`, reason: v1alpha1.ReasonApplyFailed, words: "house rules forbid it",
		heal: "kubectl delete validatingadmissionpolicybinding house-rules"},
	{section: "Two programs change the same field", edit: `"env":[{"name":"LOG_LEVEL","value":"debug"}]`, before: `
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: more}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 3, maxReplicas: 3}`,
		reason: v1alpha1.ReasonApplyFailed, words: "changes spec.replicas of Deployment web", via: []string{v1alpha1.ReasonAvailable, v1alpha1.ReasonUnavailable},
		heal: "kubectl delete hpa more", soon: true},
	{section: "A name is taken", given: `"ports":null`, before: `{apiVersion: v1, kind: Service, metadata: {name: web}, spec: {ports: [{port: 80}]}}`,
		edit: `"ports":[{"name":"http","port":80,"targetPort":8080}]`, reason: v1alpha1.ReasonNameConflict, words: "Service web exists and does not belong to this Microservice",
		heal: "kubectl delete service web"},
	{section: "A first start waits", fresh: true, edit: `"dependencies":[{"name":"db","startPolicy":"AfterAvailable"}]`,
		reason: v1alpha1.ReasonWaitingForDependency, words: "db",
		heal: `kubectl get msvc web -o json | sed -e 's/"name": "web"/"name": "db"/' -e '/"startPolicy"/d' > db.json
			kubectl patch -f db.json --local --type=json -o json -p '[{"op": "remove", "path": "/spec/dependencies"}, {"op": "remove", "path": "/status"}, {"op": "remove", "path": "/metadata/uid"}, {"op": "remove", "path": "/metadata/resourceVersion"}]' | kubectl create -f -`},

	{name: "a liveness probe kills", edit: `"args":["serve","--sick-after=3s"],"rollout":{"minReadySeconds":60},"probes":{"liveness":{"periodSeconds":1,"failureThreshold":1,"httpGet":{"path":"/alive","port":8080}}}`,
		reason: v1alpha1.ReasonCrashLooping, words: "Liveness probe failed: HTTP probe failed with statuscode: 500"},
	{name: "a startup probe kills", edit: `"args":["serve","--start-after=1h"],"probes":{"startup":{"periodSeconds":1,"failureThreshold":2,"tcpSocket":{"port":8080}}}`,
		reason: v1alpha1.ReasonCrashLooping, words: "Startup probe failed"},
	{name: "a hook fails", edit: `"podTemplate":{"spec":{"containers":[{"name":"app","lifecycle":{"postStart":{"exec":{"command":["/app","exit","--words=no hook"]}}}}]}}`,
		reason: v1alpha1.ReasonCrashLooping, words: "PostStartHook"},
	{name: "too little memory", edit: `"args":["serve","--allocate=200"],"resources":{"limits":{"memory":"64Mi"}}`,
		reason: v1alpha1.ReasonCrashLooping, words: "OOMKilled"},
	{name: "ready, and then it dies", edit: `"args":["serve","--exit-after=6s"]`, reason: v1alpha1.ReasonCrashLooping, words: "exit code 3: no database"},
	{name: "a sidecar crashes", edit: `"podTemplate":{"spec":{"containers":[{"name":"side","image":"APP:1","args":["exit","--words=no upstream"]}]}}`,
		reason: v1alpha1.ReasonCrashLooping, words: "Container side keeps crashing: exit code 1: no upstream"},
	{name: "an init container hangs", edit: `"podTemplate":{"spec":{"initContainers":[{"name":"migrate","image":"APP:1","args":["serve"]}]}}`,
		reason: v1alpha1.ReasonPodNotStarting, words: "Init container migrate has not finished since"},
	{name: "evicted", edit: `"rollout":{"minReadySeconds":60},` + fills, reason: v1alpha1.ReasonPodNotStarting, words: "The pods keep being"},
	{name: "evicted after it was available", edit: `"rollout":{"minReadySeconds":0},` + fills, reason: v1alpha1.ReasonUnavailable, words: "The pods keep being",
		via: []string{v1alpha1.ReasonAvailable}},
	{name: "no program", edit: `"image":"APP:text"`, reason: v1alpha1.ReasonCrashLooping, words: "keeps crashing"},
	{name: "a pull secret is missing", edit: missing + `,"imagePullSecrets":[{"name":"registry"}]`,
		reason: v1alpha1.ReasonImagePullFailed, words: "the pull secrets registry are not there or cannot be used"},
}

// normal is the Microservice before its edit. The namespaces of the failures have as many letters as the page's, shop. Its rollouts have
// more time than all failures together take, so that only the one that says so ends with its deadline.
const normal = `
apiVersion: v1
kind: Namespace
metadata: {name: NAMESPACE}
---
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: web, namespace: NAMESPACE}
spec:
  image: APP:1
  args: [serve]
  ports: [{name: http, port: 80, targetPort: 8080}]
  rollout: {progressDeadlineSeconds: 7200}
`

func applyNormal(ctx context.Context, namespace string) {
	GinkgoHelper()
	applyText(ctx, strings.ReplaceAll(normal, "NAMESPACE", namespace))
}

// title names a failure in reports.
func (f *failure) title() string {
	return strings.Join(slices.DeleteFunc([]string{f.section, f.name}, func(s string) bool { return s == "" }), ": ")
}

// logCommand is the command that a message names.
var logCommand = regexp.MustCompile(`kubectl logs .*--ignore-errors`)

var _ = Describe("A failure", Label("failures"), Ordered, ContinueOnFailure, func() {
	namespace := func(i int) string { return fmt.Sprintf("f-%02d", i) }
	slow, edited := namespace(len(failures)), namespace(len(failures)+1)
	shells := map[string]*shell{}
	before := map[string]v1alpha1.MicroserviceSpec{}
	var seen *history
	var pageOf *screens

	BeforeAll(func(ctx context.Context) {
		pageOf = readScreens()
		seen = watchReasons()
		deleteLater(slow, edited)
		for i := range failures {
			ns := namespace(i)
			deleteLater(ns)
			shells[ns] = newShell(ctx, ns)
			if failures[i].fresh {
				kubectl(ctx, "create", "namespace", ns)
			} else {
				applyNormal(ctx, ns)
			}
		}
		applyNormal(ctx, slow)
		applyNormal(ctx, edited)
		for i := range failures {
			if !failures[i].fresh {
				settled(ctx, namespace(i), "web")
			}
		}
		settled(ctx, slow, "web")
		settled(ctx, edited, "web")
	})

	AfterAll(func(ctx context.Context) {
		for _, user := range shells {
			user.run(ctx, "test ! -e before.yaml || kubectl delete --ignore-not-found -f before.yaml")
		}
	})

	for i := range failures {
		f, ns := &failures[i], namespace(i)
		It("is told in the words of the cluster: "+f.title(), func(ctx context.Context) {
			user := shells[ns]
			if !f.fresh {
				ms := &v1alpha1.Microservice{}
				Expect(kube.Get(ctx, client.ObjectKey{Namespace: ns, Name: "web"}, ms)).To(Succeed())
				before[ns] = ms.Spec
			}
			if f.given != "" {
				patch(ctx, ns, "web", `{"spec":{`+f.given+`}}`)
				settled(ctx, ns, "web")
			}
			if f.before != "" {
				Expect(os.WriteFile(user.folder+"/before.yaml", []byte(strings.ReplaceAll(f.before, "NAMESPACE", ns)), 0o600)).To(Succeed())
				user.run(ctx, "kubectl apply -f before.yaml")
			}
			if f.until != "" {
				Eventually(ctx, func() error {
					_, err := user.try(ctx, images(f.until))
					return err
				}).Should(Succeed(), f.until)
			}
			seen.forget(ns)
			begin := time.Now()
			if f.fresh {
				applyText(ctx, strings.ReplaceAll(normal, "NAMESPACE", ns)+"  "+strings.Trim(strings.ReplaceAll(f.edit, `"dependencies":`, "dependencies: "), " "))
			} else {
				patch(ctx, ns, "web", images(`{"spec":{`+f.edit+`}}`))
			}
			message := awaitReason(ctx, ns, "web", f.reason, strings.ReplaceAll(f.words, "shop", ns))
			AddReportEntry(f.title(), fmt.Sprintf("%s after %s: %s", f.reason, seen.first(ns, f.reason).Sub(begin).Round(100*time.Millisecond), message))
			said, err := user.try(ctx, "kubectl msvc why web")
			Expect(err).To(MatchError("exit status 1"), said)
			Expect(said).To(And(ContainSubstring(f.reason), ContainSubstring("do:"), ContainSubstring(strings.ReplaceAll(f.words, "shop", ns))))
			if command := logCommand.FindString(message); command != "" {
				Expect(user.run(ctx, command)).NotTo(BeEmpty(), command)
			}
			if *ownNode {
				pageOf.check(ctx, f, user, ns, message)
			}
			if f.soon {
				user.run(ctx, f.heal)
				settled(ctx, ns, "web")
			}
		})
	}

	It("is not what a version is that starts slowly", func(ctx context.Context) {
		seen.forget(slow)
		patch(ctx, slow, "web", `{"spec":{"args":["serve","--start-after=12s"]}}`)
		settled(ctx, slow, "web")
		Expect(seen.reasons(slow)).To(HaveEach(BeElementOf(v1alpha1.ReasonRollingOut, v1alpha1.ReasonAvailable)))
		Expect(warnings(ctx, slow)).To(BeEmpty())
	})

	It("is undone by hand only for a moment", func(ctx context.Context) {
		if !*ownNode {
			Skip("the page has screens of the node of make node-up")
		}
		pageOf.check(ctx, &failure{section: "A change by hand does not stay", reason: "it is restored"}, newShell(ctx, edited), edited, "")
		settled(ctx, edited, "web")
	})

	It("stays as it was told while containers restart", func(ctx context.Context) {
		for i := range failures {
			f, ns := &failures[i], namespace(i)
			if f.reason == v1alpha1.ReasonCrashLooping {
				Eventually(ctx, func(g Gomega) {
					pods := &corev1.PodList{}
					g.Expect(kube.List(ctx, pods, client.InNamespace(ns))).To(Succeed())
					g.Expect(restarts(pods.Items...)).To(BeNumerically(">=", 3))
				}).Should(Succeed(), f.title())
			}
		}
		for i := range failures {
			f, ns := &failures[i], namespace(i)
			if f.soon {
				continue
			}
			allowed := append([]string{v1alpha1.ReasonRollingOut, f.reason}, f.via...)
			reasons := seen.reasons(ns)
			Expect(reasons).To(HaveEach(BeElementOf(allowed)), f.title())
			Expect(reasons[len(reasons)-1]).To(Equal(f.reason), f.title())
			if len(f.via) == 0 {
				Expect(slices.Compact(slices.DeleteFunc(slices.Clone(reasons), func(r string) bool { return r == v1alpha1.ReasonRollingOut }))).To(HaveLen(1), f.title())
				want := 1
				if f.fresh {
					want = 0 // a wait is no warning
				}
				Expect(warnings(ctx, ns)).To(HaveLen(want), f.title())
			}
			AddReportEntry(f.title(), fmt.Sprintf("%d changes of the status since it was told", seen.after(ns, f.reason)))
		}
	})

	It("is over when its cause is, without more help", func(ctx context.Context) {
		for i := range failures {
			f, ns := &failures[i], namespace(i)
			if f.soon {
				continue
			}
			if f.heal != "" {
				shells[ns].run(ctx, f.heal)
				continue
			}
			ms := &v1alpha1.Microservice{}
			key := client.ObjectKey{Namespace: ns, Name: "web"}
			Expect(kube.Get(ctx, key, ms)).To(Succeed())
			ms.Spec = before[ns]
			Expect(kube.Update(ctx, ms)).To(Succeed())
		}
		for i := range failures {
			settled(ctx, namespace(i), "web")
		}
	})
})

// restarts are those of the container that restarted most often.
func restarts(pods ...corev1.Pod) int32 {
	var most int32
	for i := range pods {
		s := &pods[i].Status
		for _, c := range slices.Concat(s.InitContainerStatuses, s.ContainerStatuses) {
			most = max(most, c.RestartCount)
		}
	}
	return most
}

// warnings are the Warning events about the Microservice web.
func warnings(ctx context.Context, namespace string) []string {
	GinkgoHelper()
	list := &corev1.EventList{}
	Expect(kube.List(ctx, list, client.InNamespace(namespace))).To(Succeed())
	var all []string
	for _, e := range list.Items {
		if e.InvolvedObject.Kind == "Microservice" && e.Type == corev1.EventTypeWarning {
			all = append(all, e.Reason+": "+e.Message)
		}
	}
	return all
}

// history is what Ready said of each namespace's web, from each version of it.
type history struct {
	mu   sync.Mutex
	seen map[string][]moment
}

type moment struct {
	at     time.Time
	reason string
}

// watchReasons watches all Microservices until the specs that follow are done.
func watchReasons() *history {
	GinkgoHelper()
	ctx, stop := context.WithCancel(context.Background())
	DeferCleanup(stop)
	w, err := kube.Watch(ctx, &v1alpha1.MicroserviceList{})
	Expect(err).NotTo(HaveOccurred())
	h := &history{seen: map[string][]moment{}}
	go func() {
		for e := range w.ResultChan() {
			ms, ok := e.Object.(*v1alpha1.Microservice)
			if !ok || e.Type == watch.Deleted || ms.Name != "web" {
				continue
			}
			if c := apimeta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady); c != nil && c.ObservedGeneration == ms.Generation {
				h.mu.Lock()
				h.seen[ms.Namespace] = append(h.seen[ms.Namespace], moment{time.Now(), c.Reason})
				h.mu.Unlock()
			}
		}
	}()
	return h
}

// forget forgets what was seen of a namespace.
func (h *history) forget(namespace string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.seen, namespace)
}

func (h *history) reasons(namespace string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []string
	for _, m := range h.seen[namespace] {
		all = append(all, m.reason)
	}
	return all
}

// first is when a reason was first seen.
func (h *history) first(namespace, reason string) time.Time {
	var at time.Time
	Eventually(func() time.Time {
		h.mu.Lock()
		defer h.mu.Unlock()
		if i := slices.IndexFunc(h.seen[namespace], func(m moment) bool { return m.reason == reason }); i >= 0 {
			at = h.seen[namespace][i].at
		}
		return at
	}).ShouldNot(BeZero())
	return at
}

// after is how many versions followed the first one with a reason.
func (h *history) after(namespace, reason string) int {
	reasons := h.reasons(namespace)
	return len(reasons) - 1 - slices.Index(reasons, reason)
}
