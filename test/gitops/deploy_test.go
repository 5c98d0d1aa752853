package gitops_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

const next = "example.com/web:2"

// deployment is a run of hack/ci/deploy.sh.
type deployment struct {
	cmd  *exec.Cmd
	said bytes.Buffer
	done chan struct{}
}

func deploy(t *testing.T, address string, args ...string) *deployment {
	t.Helper()
	home := t.TempDir()
	d := &deployment{cmd: exec.Command("bash", append([]string{filepath.Join(cluster.Root(), "hack/ci/deploy.sh")}, args...)...), done: make(chan struct{})}
	d.cmd.Env = append(os.Environ(), "HOME="+home, "KUBECONFIG="+server.KubeconfigAt(t, address),
		"PATH="+filepath.Dir(cluster.Program("kubectl"))+string(filepath.ListSeparator)+os.Getenv("PATH"))
	d.cmd.Stdout, d.cmd.Stderr = &d.said, &d.said
	d.cmd.WaitDelay = 5 * time.Second // for a child that it would leave behind
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.done)
		var code *exec.ExitError
		if err := d.cmd.Wait(); err != nil && !errors.As(err, &code) {
			t.Errorf("%v: %v", args, err)
		}
	}()
	return d
}

// wants waits for the end: the exit code, and what it says.
func (d *deployment) wants(t *testing.T, code int, words ...string) {
	t.Helper()
	select {
	case <-d.done:
	case <-time.After(45 * time.Second):
		_ = d.cmd.Process.Kill()
		<-d.done
		t.Fatalf("deploy.sh goes on and on:\n%s", d.said.String())
	}
	if got := d.cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code is %d, want %d", got, code)
	}
	for _, want := range words {
		if !strings.Contains(d.said.String(), want) {
			t.Errorf("it does not say %q", want)
		}
	}
	if t.Failed() {
		t.Log(d.said.String())
	}
}

func (d *deployment) stillRuns(t *testing.T) {
	t.Helper()
	select {
	case <-d.done:
		t.Fatalf("it ended too early:\n%s", d.said.String())
	case <-time.After(3 * time.Second):
	}
}

// create makes a Microservice that is Ready.
func create(t *testing.T, name string) *v1alpha1.Microservice {
	t.Helper()
	ms := wrappers.MakeMicroservice("default", name)
	ms.Spec.Image = "example.com/web:1"
	if err := kube.Create(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	report(t, ms, ready)
	return ms
}

// report writes the conditions for the generation that is there, as the operator does.
func report(t *testing.T, ms *v1alpha1.Microservice, conditions ...metav1.Condition) {
	t.Helper()
	ms.Status.ObservedGeneration, ms.Status.Conditions = ms.Generation, nil
	for _, condition := range conditions {
		condition.ObservedGeneration = ms.Generation
		meta.SetStatusCondition(&ms.Status.Conditions, condition)
	}
	if err := kube.Status().Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
}

// await reads the Microservice until it has the image.
func await(t *testing.T, ms *v1alpha1.Microservice, image string) {
	t.Helper()
	for range 200 {
		if err := kube.Get(t.Context(), client.ObjectKeyFromObject(ms), ms); err != nil {
			t.Fatal(err)
		}
		if ms.Spec.Image == image {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the image is still %s", ms.Spec.Image)
}

var (
	ready       = metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable, Message: "1 of 1 replicas are available"}
	rollingOut  = metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonRollingOut, Message: "0 of 1 replicas are updated"}
	reconciling = metav1.Condition{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonRollingOut, Message: rollingOut.Message}
	overdue     = metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonProgressDeadlineExceeded, Message: "no progress for 600 s"}
	stalled     = metav1.Condition{Type: v1alpha1.ConditionStalled, Status: metav1.ConditionTrue, Reason: overdue.Reason, Message: overdue.Message}
	lonely      = metav1.Condition{Type: v1alpha1.ConditionDependenciesReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonDependencyNotReady, Message: "payments is parked"}
)

func TestDeployReady(t *testing.T) {
	t.Parallel()
	ms := create(t, "becomes-ready")
	d := deploy(t, server.Config.Host, "default", ms.Name, next, "1m")
	await(t, ms, next)
	d.stillRuns(t) // Ready is of the older spec
	report(t, ms, rollingOut, reconciling)
	d.stillRuns(t)
	report(t, ms, ready)
	d.wants(t, 0, "becomes-ready is Ready: 1 of 1 replicas are available")
}

func TestDeployTheSameImage(t *testing.T) {
	t.Parallel()
	ms := create(t, "same-image")
	deploy(t, server.Config.Host, "default", ms.Name, ms.Spec.Image).wants(t, 0, "same-image is Ready")
}

func TestDeployStalled(t *testing.T) {
	t.Parallel()
	ms := create(t, "stalls")
	report(t, ms, overdue, stalled)
	d := deploy(t, server.Config.Host, "default", ms.Name, next, "10m")
	await(t, ms, next)
	d.stillRuns(t) // Stalled is of the older spec
	report(t, ms, overdue, stalled, lonely)
	d.wants(t, 2, "stalls is Stalled", "ProgressDeadlineExceeded: no progress for 600 s", "DependencyNotReady: payments is parked")
}

func TestDeployTimeout(t *testing.T) {
	t.Parallel()
	ms := create(t, "too-slow")
	d := deploy(t, server.Config.Host, "default", ms.Name, next, "4s")
	await(t, ms, next)
	report(t, ms, rollingOut, reconciling)
	d.wants(t, 3, "too-slow is not Ready in time", "RollingOut: 0 of 1 replicas are updated")
}

func TestDeployWithoutOperator(t *testing.T) {
	t.Parallel()
	ms := create(t, "nobody-looks")
	deploy(t, server.Config.Host, "default", ms.Name, next, "2s").
		wants(t, 3, "The operator has not looked at this spec yet (generation 2, observed 1)")
}

func TestDeployChangedByAnother(t *testing.T) {
	t.Parallel()
	ms := create(t, "reverted")
	d := deploy(t, server.Config.Host, "default", ms.Name, next, "1m")
	await(t, ms, next)
	ms.Spec.Image = "example.com/web:1"
	if err := kube.Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	report(t, ms, ready)
	d.wants(t, 1, "somebody changed the image to example.com/web:1")
}

func TestDeployDeleted(t *testing.T) {
	t.Parallel()
	ms := create(t, "deleted")
	d := deploy(t, server.Config.Host, "default", ms.Name, next, "1m")
	await(t, ms, next)
	d.stillRuns(t)
	if err := kube.Delete(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	d.wants(t, 1, `"deleted" not found`)
}

func TestDeployWaitOnly(t *testing.T) {
	t.Parallel()
	ms := create(t, "synced")
	d := deploy(t, server.Config.Host, "--wait-only", "default", ms.Name, next, "1m")
	d.stillRuns(t)
	ms.Spec.Image = next
	if err := kube.Update(t.Context(), ms); err != nil {
		t.Fatal(err)
	}
	d.stillRuns(t)
	report(t, ms, ready)
	d.wants(t, 0, "synced is Ready")
}

func TestDeployWaitOnlyTimeout(t *testing.T) {
	t.Parallel()
	ms := create(t, "not-synced")
	deploy(t, server.Config.Host, "--wait-only", "default", ms.Name, next, "2s").
		wants(t, 3, "not-synced still has the image example.com/web:1")
	deploy(t, server.Config.Host, "--wait-only", "default", "not-there", next, "2s").wants(t, 3, "not-there does not exist")
}

func TestDeployRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		want string
	}{
		"no arguments":              {nil, "usage: deploy.sh"},
		"too many arguments":        {[]string{"a", "b", "c", "1m", "d"}, "usage: deploy.sh"},
		"an image that breaks JSON": {[]string{"default", "web", `a"}}`, "1m"}, "want a reference"},
		"no image":                  {[]string{"default", "web", "", "1m"}, "want a reference"},
		"a name that is a flag":     {[]string{"default", "--all", next}, "is not a name"},
		"a timeout without sense":   {[]string{"default", "web", next, "soon"}, "want a duration"},
		"a missing Microservice":    {[]string{"default", "missing", next, "1m"}, `"missing" not found`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			deploy(t, server.Config.Host, tc.args...).wants(t, 1, tc.want)
		})
	}
	t.Run("a cluster that is not there", func(t *testing.T) {
		t.Parallel()
		deploy(t, "https://127.0.0.1:1", "default", "web", next).wants(t, 1, "the image was not changed")
		deploy(t, "https://127.0.0.1:1", "--wait-only", "default", "web", next).wants(t, 1, "the cluster could not be asked")
	})
}
