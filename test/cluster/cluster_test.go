package cluster

import (
	"context"
	"errors"
	"syscall"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

func TestClusterRunsAPod(t *testing.T) {
	ctx := context.Background()
	c, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	if err := c.StartControllers(ctx); err != nil {
		t.Fatal(err)
	}
	pods := kubernetes.NewForConfigOrDie(c.Config).CoreV1().Pods("default")
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "check"},
		Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "check", Image: "none"}}},
	}
	if _, err := pods.Create(ctx, pod, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, 30*time.Second, true, func(ctx context.Context) (bool, error) {
		now, err := pods.Get(ctx, "check", metav1.GetOptions{})
		return err == nil && now.Status.Phase == corev1.PodRunning, err
	})
	if err != nil {
		t.Fatalf("the pod does not run: %v", err)
	}
}

// A second cluster's end, and what is done to its parts, is nothing to the first.
func TestClustersAreApart(t *testing.T) {
	first := StartFor(t)
	second, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	if len(first.PIDs) != 2 || len(second.PIDs) != 2 {
		t.Errorf("etcd and the API server are processes %v and %v", first.PIDs, second.PIDs)
	}
	restart, err := second.Kill(APIServer)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(restart(), second.Stop()); err != nil {
		t.Fatal(err)
	}
	clients := kubernetes.NewForConfigOrDie(first.Config)
	if _, err := clients.CoreV1().Namespaces().List(t.Context(), metav1.ListOptions{}); err != nil {
		t.Error("the first is gone with the second:", err)
	}
}

// What does not end when it is asked to is ended.
// A CRD that the API server refuses leaves no processes behind.
func TestStartLeavesNothingBehind(t *testing.T) {
	var started *envtest.Environment
	_, err := Start(func(e *envtest.Environment) {
		e.CRDs = append(e.CRDs, &apiextensionsv1.CustomResourceDefinition{ObjectMeta: metav1.ObjectMeta{Name: "nonsense"}})
		started = e
	})
	if err == nil {
		t.Fatal("the CRD is taken")
	}
	left, err := children(started.ControlPlane.Etcd.DataDir, started.ControlPlane.GetAPIServer().CertDir)
	if err != nil || len(left) > 0 {
		t.Errorf("processes %v are left (%v)", left, err)
	}
}

func TestStopEndsWhatIsStopped(t *testing.T) {
	p, err := StartProcess(nil, "/bin/sleep", "1000")
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if !p.Ended() {
		t.Error("it is still there")
	}
}

// TestProcessEndsWhenAskedAtOnce: the request may come before the program has begun.
func TestProcessEndsWhenAskedAtOnce(t *testing.T) {
	for range 100 {
		p, err := StartProcess(nil, "/bin/sleep", "60")
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(p.PID, syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		err = Eventually(t.Context(), 5*time.Second, func() error {
			if !p.Ended() {
				return errors.New("it runs on")
			}
			return nil
		})
		if err := errors.Join(err, p.Stop()); err != nil {
			t.Fatal(err)
		}
	}
}
