package monitoring_test

import (
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/transcript"
)

const (
	system     = "microservice-operator-system"
	deployment = "deployment/microservice-operator-controller-manager"
)

// live is a cluster with the operator, as dist/install.yaml installs it. The nodes run no containers: the operator's process
// runs here, while its Deployment has a replica.
type live struct {
	*scraper
	server  *cluster.Cluster
	program string
	// bin has the plugin of kubectl.
	bin     string
	process *cluster.Process
	port    int
}

func startLive(t *testing.T) *live {
	t.Helper()
	l := &live{server: cluster.StartFor(t), bin: t.TempDir()}
	if err := l.server.StartControllers(t.Context()); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.program, err = cluster.BuildManager(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", l.bin, "./cmd/kubectl-msvc")
	build.Dir = cluster.Root()
	if said, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, said)
	}
	l.run(t, "kubectl apply --server-side --force-conflicts -f "+rootPath("dist/install.yaml"))
	l.run(t, "kubectl create namespace shop")
	if l.port, err = cluster.FreePort(); err != nil {
		t.Fatal(err)
	}
	l.scraper = newScraper(t, fmt.Sprintf("http://127.0.0.1:%d/metrics", l.port))
	t.Cleanup(func() { l.stopOperator(t) })
	return l
}

// startOperator starts the manager with the rights of its ServiceAccount.
func (l *live) startOperator(t *testing.T, args ...string) {
	t.Helper()
	kubeconfig, err := l.server.KubeconfigFor("system:serviceaccount:"+system+":microservice-operator-controller-manager",
		"system:serviceaccounts", "system:serviceaccounts:"+system)
	if err != nil {
		t.Fatal(err)
	}
	l.process, err = cluster.StartProcess([]string{"KUBECONFIG=" + kubeconfig}, l.program, append([]string{
		"--leader-elect", "--leader-election-namespace=" + system, "--health-probe-bind-address=0", "--default-min-ready-seconds=0",
		"--max-concurrent-reconciles=1", "--metrics-secure=false", fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", l.port)}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
}

func (l *live) stopOperator(t *testing.T) {
	t.Helper()
	if l.process == nil {
		return
	}
	if said, err := os.ReadFile(l.process.Log); t.Failed() {
		t.Logf("the operator's words: %s %v", said, err)
	}
	if err := l.process.Stop(); err != nil {
		t.Error(err)
	}
	l.process = nil
}

// TestLive breaks one thing after the other, sees its alert fire, does what the runbook says, and sees the alert resolve.
func TestLive(t *testing.T) {
	l := startLive(t)
	l.startOperator(t)
	l.awaitSilence(t)
	for _, b := range breakages {
		if !t.Run(b.alerts[0], func(t *testing.T) { l.breakAndCure(t, b) }) {
			return // what is left of it would disturb the next one
		}
	}
	if !t.Run("MicroserviceOperatorWorkqueueStuck", l.testWorkqueueStuck) {
		return
	}
	// Half of a dashboard needs all metrics.
	if !t.Run("MicroserviceOperatorAbsent", l.testAbsent) || !t.Run("MicroserviceOperatorLeaderMissing", l.testLeaderMissing) {
		return
	}
	t.Run("what is no alert", l.testSilence)
	t.Run("every expression finds series", l.testExpressions)
}

// breakage is something that goes wrong, and the alerts that follow.
type breakage struct {
	// alerts are those that fire for the object, with a page each. The page of the first one has the cure.
	alerts []string
	object string
	// manifests are applied one after the other. Each Microservice is Ready before the next one, but after the last.
	manifests []string
	// refused is a command that is refused as soon as all manifests but the last one are in force.
	refused string
	// meanwhile is a command with a number that is run at each scrape until the alerts fire: an operator without work fails rarely.
	meanwhile string
	// heal is what the node, which is not a real one, needs beside the cure.
	heal string
}

const (
	healNode = `kubectl patch msvc %s -n shop --type=merge -p '{"spec":{"podTemplate":null}}'`
	okay     = `
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: web, namespace: shop}
spec: {image: "ghcr.io/acme/web:1.4.1", ports: [{name: http, port: 80}]}`
)

// faulty returns a Microservice whose container has a fault on the nodes of test/cluster, with more of its spec.
func faulty(name, fault, more string) string {
	return fmt.Sprintf(`
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: %s, namespace: shop}
spec:
  image: ghcr.io/acme/%s:1.4.2-rc1
  ports: [{name: http, port: 80}]
  podTemplate: {annotations: {example.com/fault: %s}}
  %s`, name, name, fault, more)
}

var breakages = []breakage{
	{
		alerts: []string{"MicroserviceUnavailable"}, object: "web", heal: fmt.Sprintf(healNode, "web"),
		manifests: []string{faulty("web", "crash", "")},
	},
	{
		alerts: []string{"MicroserviceStalled"}, object: "web", heal: fmt.Sprintf(healNode, "web"),
		manifests: []string{okay, faulty("web", "crash", "rollout: {progressDeadlineSeconds: 2}")},
	},
	{
		alerts: []string{"MicroserviceNotReady"}, object: "web", heal: fmt.Sprintf(healNode, "web"),
		manifests: []string{okay, faulty("web", "image", "")},
	},
	{
		alerts: []string{"MicroserviceNameConflict"}, object: "web",
		manifests: []string{"{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {ports: [{port: 80}]}}", okay},
	},
	{
		alerts: []string{"MicroserviceApplyFailed"}, object: "web",
		manifests: []string{`{apiVersion: v1, kind: ResourceQuota, metadata: {name: team, namespace: shop}, spec: {hard: {count/deployments.apps: "0"}}}`, okay},
	},
	{
		alerts: []string{"MicroserviceNotScaling"}, object: "web",
		manifests: []string{strings.Replace(okay, "spec: {", "spec: {autoscaling: {minReplicas: 1, maxReplicas: 3}, resources: {requests: {cpu: 100m}}, ", 1)},
	},
	{
		alerts: []string{"MicroserviceDependencyDown"}, object: "orders", heal: fmt.Sprintf(healNode, "payments"),
		manifests: []string{faulty("payments", "image", ""), `
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: orders, namespace: shop}
spec: {image: "ghcr.io/acme/orders:1", ports: [{name: http, port: 80}], dependencies: [{name: payments}]}`},
	},
	{
		// The operator may not write the status, so it fails, and reports nothing.
		alerts: []string{"MicroserviceNotObserved", "MicroserviceOperatorReconcileErrors"}, object: "web",
		refused: `kubectl patch msvc web -n shop --subresource=status --type=merge -p '{"status":{"observedGeneration":0}}' --dry-run=server`,
		manifests: []string{okay, `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-changes}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [apps.microservice.dev], apiVersions: ["*"], operations: [UPDATE], resources: [microservices/status]}]
  validations: [{expression: "false", message: statuses are frozen this week}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-changes}
spec: {policyName: no-changes, validationActions: [Deny]}`, strings.Replace(okay, "1.4.1", "1.4.2", 1) + "\n---" + strings.Replace(okay, "name: web", "name: orders", 1)},
		meanwhile: `kubectl patch msvc orders -n shop --type=merge -p '{"spec":{"image":"ghcr.io/acme/orders:%d"}}'`,
	},
}

func (l *live) breakAndCure(t *testing.T, b breakage) {
	for i, manifest := range b.manifests {
		if i == len(b.manifests)-1 && b.refused != "" {
			l.awaitRefused(t, b.refused)
		}
		l.apply(t, manifest)
		if ready := strings.Contains(manifest, "kind: Microservice\n") && !strings.Contains(manifest, "example.com/fault"); ready && i < len(b.manifests)-1 {
			l.run(t, "kubectl wait msvc/"+b.object+" -n shop --for=condition=Ready --timeout=5m")
		}
	}
	var want []string
	for _, name := range b.alerts {
		if !strings.HasPrefix(name, "MicroserviceOperator") {
			name += " shop/" + b.object
		}
		want = append(want, name)
	}
	n := 0
	l.await(t, "waiting for "+strings.Join(want, ", "), func(firing []string) bool {
		if n++; b.meanwhile != "" {
			l.run(t, fmt.Sprintf(b.meanwhile, n))
		}
		return containsAll(firing, want)
	})
	for _, name := range b.alerts {
		l.look(t, name)
	}
	if b.heal != "" {
		l.run(t, b.heal)
	}
	l.do(t, b.alerts[0])
	l.awaitSilence(t)
	l.run(t, "kubectl delete msvc,resourcequota --all -n shop")
	l.run(t, "kubectl wait deployments,services --all -n shop --for=delete --timeout=5m")
}

func (l *live) awaitRefused(t *testing.T, command string) {
	t.Helper()
	cluster.Await(t, func() error {
		if said, err := l.try(t, command); err == nil {
			return fmt.Errorf("it is admitted: %s", said)
		}
		return nil
	})
}

// testWorkqueueStuck: a webhook that does not answer holds up the only worker, and with it all others.
func (l *live) testWorkqueueStuck(t *testing.T) {
	over := make(chan struct{})
	webhook := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: webhook.Certificate().Raw})
	l.apply(t, fmt.Sprintf(`
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: slow.example.com}
webhooks:
- name: slow.example.com
  timeoutSeconds: 30
  failurePolicy: Ignore
  sideEffects: None
  admissionReviewVersions: [v1]
  rules: [{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}]
  clientConfig: {url: %q, caBundle: %q}`, webhook.URL, base64.StdEncoding.EncodeToString(certificate)))
	for _, name := range []string{"web", "orders", "payments", "stock", "mail"} {
		l.apply(t, strings.Replace(okay, "name: web", "name: "+name, 1))
	}
	l.followRunbook(t, "MicroserviceOperatorWorkqueueStuck")
	close(over)
	webhook.Close()
	l.awaitSilence(t)
}

// testAbsent: somebody has scaled the operator to 0.
func (l *live) testAbsent(t *testing.T) {
	l.run(t, "kubectl scale "+deployment+" -n "+system+" --replicas=0")
	l.stopOperator(t)
	l.followRunbook(t, "MicroserviceOperatorAbsent")
	l.startOperator(t, "--object-metrics=all")
	l.awaitSilence(t)
}

// testLeaderMissing: the lease belongs to somebody who is not there, and does not expire.
func (l *live) testLeaderMissing(t *testing.T) {
	l.stopOperator(t)
	now := time.Now().UTC().Format(metav1.RFC3339Micro)
	l.apply(t, fmt.Sprintf(`
apiVersion: coordination.k8s.io/v1
kind: Lease
metadata: {name: microservice-operator.apps.microservice.dev, namespace: %s}
spec: {holderIdentity: old-cluster_7c1f, leaseDurationSeconds: 31536000, renewTime: %q, acquireTime: %q}`,
		system, now, now))
	l.startOperator(t, "--object-metrics=all")
	l.followRunbook(t, "MicroserviceOperatorLeaderMissing")
	l.awaitSilence(t)
}

// followRunbook waits until an alert about the operator fires, and does what its page says.
func (l *live) followRunbook(t *testing.T, alert string) {
	t.Helper()
	l.awaitFiring(t, alert)
	l.look(t, alert)
	l.do(t, alert)
}

// testSilence has what dashboards show and what wakes nobody up: a cycle, and a first start that waits for a dependency.
func (l *live) testSilence(t *testing.T) {
	const depends = `
apiVersion: apps.microservice.dev/v1alpha1
kind: Microservice
metadata: {name: %s, namespace: shop}
spec: {image: "ghcr.io/acme/web:1.4.1", ports: [{name: http, port: 80}], dependencies: [{name: %s, startPolicy: %s}]}`
	l.apply(t, fmt.Sprintf(depends, "cart", "checkout", "Immediate"))
	l.apply(t, fmt.Sprintf(depends, "checkout", "cart", "Immediate"))
	l.apply(t, fmt.Sprintf(depends, "late", "missing", "AfterAvailable"))
	l.awaitFiring(t, "MicroserviceDependencyDown shop/late")
	l.await(t, "waiting for a cycle, and for one that waits", func([]string) bool {
		return l.problem(expr(t, `microservice_operator_microservice_condition{name="cart",type="DependencyCycle",status="True"}
			and on (namespace) microservice_operator_microservice_reason{name="late",reason="WaitingForDependency"}`)) == ""
	})
	for range int(time.Hour / step) {
		if l.scrape(t); slices.Contains(l.names(), "MicroserviceUnavailable shop/late") {
			t.Fatal("a first start that waits is an outage")
		}
	}
}

func (l *live) apply(t *testing.T, manifest string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	l.run(t, "kubectl apply --server-side --force-conflicts -f "+path)
}

// run runs a command, which must succeed.
func (l *live) run(t *testing.T, command string) {
	t.Helper()
	if said, err := l.try(t, command); err != nil {
		t.Fatalf("$ %s: %v\n%s", command, err, said)
	}
}

func (l *live) try(t *testing.T, command string) (string, error) {
	t.Helper()
	kubeconfig, err := l.server.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", command)
	cmd.Env = append(os.Environ(), "HOME="+filepath.Dir(kubeconfig), "KUBECONFIG="+kubeconfig,
		"PATH="+l.bin+":"+filepath.Dir(cluster.Program("kubectl"))+":"+os.Getenv("PATH"))
	said, err := cmd.CombinedOutput()
	return trailing.ReplaceAllString(string(said), "\n"), err
}

// trailing are the spaces at the ends of lines, which no page has.
var trailing = regexp.MustCompile(`[ \t]+\n`)

// prints returns what a command of a page prints, when it is what the page shows, or with -update when it has not changed for
// long.
func (l *live) prints(t *testing.T, s transcript.Step) string {
	t.Helper()
	const long = 8 * time.Second
	var printed, before string
	var since time.Time
	cluster.Await(t, func() error {
		l.scrape(t)
		printed, _ = l.try(t, s.Command) // msvc why ends with 1 where something is wrong
		want, now := transcript.Normalized(s.Output), transcript.Normalized(printed)
		if now == want {
			printed = s.Output
			return nil
		}
		if now != before || since.IsZero() {
			before, since = now, time.Now()
		}
		if *update && time.Since(since) > long {
			return nil
		}
		return fmt.Errorf("$ %s prints other than the page shows, which -update would write (-page +printed):\n%s", s.Command, cmp.Diff(want, now))
	})
	return printed
}
