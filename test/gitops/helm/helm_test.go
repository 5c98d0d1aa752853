// Package helm_test waits for a Microservice with the real Helm.
package helm_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// words are the message of the conditions.
const words = "numbers, the cause, and the way out"

// world is an API server without controllers: the test writes the status as the operator does.
type world struct {
	kube            client.Client
	kubeconfig      string
	helm, directory string
}

func TestHelmWaits(t *testing.T) {
	w := start(t)
	t.Run("until it is Ready", func(t *testing.T) {
		install := w.run(t, "install", "ready", "testdata/chart", "--wait", "--timeout=60s", "--set=image=example.com/web:1")
		ms := w.await(t, "ready")
		install.stillRuns(t) // observedGeneration is -1
		w.report(t, ms, metav1.ConditionFalse, v1alpha1.ReasonRollingOut, v1alpha1.ConditionReconciling)
		install.stillRuns(t)
		w.report(t, ms, metav1.ConditionTrue, v1alpha1.ReasonAvailable, "")
		install.ends(t, true, "STATUS: deployed")
	})
	t.Run("until an upgrade is Ready", func(t *testing.T) {
		upgrade := w.run(t, "upgrade", "ready", "testdata/chart", "--wait", "--timeout=60s", "--set=image=example.com/web:2")
		upgrade.stillRuns(t) // Ready is of the older spec
		ms := w.await(t, "ready")
		if ms.Spec.Image != "example.com/web:2" {
			t.Fatalf("the image is %s", ms.Spec.Image)
		}
		w.report(t, ms, metav1.ConditionTrue, v1alpha1.ReasonAvailable, "")
		upgrade.ends(t, true, "STATUS: deployed")
	})
	t.Run("no longer than it takes to see that it is Stalled", func(t *testing.T) {
		install := w.run(t, "install", "stalled", "testdata/chart", "--wait", "--timeout=60s", "--set=image=example.com/web:1")
		ms := w.await(t, "stalled")
		w.report(t, ms, metav1.ConditionFalse, v1alpha1.ReasonInvalidSpec, v1alpha1.ConditionStalled)
		install.ends(t, false, "stalled not ready. status: Failed, message: "+words)
	})
	t.Run("until the time is over", func(t *testing.T) {
		install := w.run(t, "install", "slow", "testdata/chart", "--wait", "--timeout=5s", "--set=image=example.com/web:1")
		ms := w.await(t, "slow")
		w.report(t, ms, metav1.ConditionFalse, v1alpha1.ReasonRollingOut, v1alpha1.ConditionReconciling)
		install.ends(t, false, "slow not ready. status: InProgress, message: "+words)
	})
}

func start(t *testing.T) *world {
	t.Helper()
	server := cluster.StartFor(t)
	kube, err := cluster.NewClient(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig, err := server.Kubeconfig()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	return &world{kube: kube, kubeconfig: kubeconfig, helm: build(t, home), directory: home}
}

// build makes the program once: `go tool` would leave a process between us and Helm.
func build(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "helm")
	if output, err := exec.Command("go", "build", "-o", path, "helm.sh/helm/v4/cmd/helm").CombinedOutput(); err != nil {
		t.Fatalf("building Helm: %v\n%s", err, output)
	}
	return path
}

// command is a run of Helm.
type command struct {
	said bytes.Buffer
	done chan error
}

func (w *world) run(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{done: make(chan error, 1)}
	helm := exec.CommandContext(t.Context(), w.helm, args...)
	helm.Env = append(os.Environ(), "KUBECONFIG="+w.kubeconfig, "HOME="+w.directory)
	helm.Stdout, helm.Stderr = &c.said, &c.said
	if err := helm.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { c.done <- helm.Wait() }()
	return c
}

func (c *command) stillRuns(t *testing.T) {
	t.Helper()
	select {
	case err := <-c.done:
		t.Fatalf("Helm ended too early: %v\n%s", err, c.said.String())
	case <-time.After(3 * time.Second):
	}
}

func (c *command) ends(t *testing.T, well bool, words string) {
	t.Helper()
	select {
	case err := <-c.done:
		if (err == nil) != well || !strings.Contains(c.said.String(), words) {
			t.Errorf("Helm ended with %v, and says\n%s\nwant %q", err, c.said.String(), words)
		}
	case <-time.After(30 * time.Second):
		t.Fatal("Helm goes on and on")
	}
}

// await reads the Microservice, when there is one.
func (w *world) await(t *testing.T, name string) *v1alpha1.Microservice {
	t.Helper()
	ms, err := &v1alpha1.Microservice{}, fmt.Errorf("never read")
	for range 100 {
		if err = w.kube.Get(t.Context(), client.ObjectKey{Namespace: "default", Name: name}, ms); err == nil {
			return ms
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal(err)
	return nil
}

// report writes Ready, and beside it the abnormal condition, if there is one.
func (w *world) report(t *testing.T, ms *v1alpha1.Microservice, ready metav1.ConditionStatus, reason, abnormal string) {
	t.Helper()
	ms.Status.ObservedGeneration = ms.Generation
	ms.Status.Conditions = []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: ready, Reason: reason, Message: words}}
	if abnormal != "" {
		ms.Status.Conditions = append(ms.Status.Conditions, metav1.Condition{Type: abnormal, Status: metav1.ConditionTrue, Reason: reason, Message: words})
	}
	for i := range ms.Status.Conditions {
		ms.Status.Conditions[i].ObservedGeneration = ms.Generation
		ms.Status.Conditions[i].LastTransitionTime = metav1.Now()
	}
	if err := w.kube.Status().Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
}
