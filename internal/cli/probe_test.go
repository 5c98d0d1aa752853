package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// The simulated nodes of the local cluster enforce no policy, and the probe finds that out. Whatever its end, it leaves nothing behind.
func (l *live) testProbe(t *testing.T) {
	t.Run("nothing enforces policies", func(t *testing.T) {
		t.Parallel()
		l.newNamespace(t, "probe-open")
		if c := l.probe(t, "probe-open"); c.State != "no" || !strings.Contains(c.Message, "Microservices are not isolated") {
			t.Errorf("it says %s: %s", c.State, c.Message)
		}
		l.awaitNoProbe(t, "probe-open")
	})
	t.Run("the policy is enforced", func(t *testing.T) {
		t.Parallel()
		l.newNamespace(t, "probe-closed")
		go l.enforce(t.Context(), "probe-closed")
		if c := l.probe(t, "probe-closed"); c.State != "ok" {
			t.Errorf("it says %s: %s", c.State, c.Message)
		}
		l.awaitNoProbe(t, "probe-closed")
	})
	t.Run("the image cannot be pulled", func(t *testing.T) {
		t.Parallel()
		l.newNamespace(t, "probe-image")
		p := &probe{image: "example.com/none:1", timeout: time.Second, tell: func(string) {}}
		pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "probe-image", Name: "web"}, Spec: p.podSpec(nil, corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: []string{"x"}}})}
		pod.Spec.SchedulerName = "nobody" // so that no node runs it
		if err := p.create(t.Context(), l.kube, pod); err != nil {
			t.Fatal(err)
		}
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "agnhost", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ImagePullBackOff", Message: "no such image"}}}}
		if err := l.kube.Status().Update(t.Context(), pod); err != nil {
			t.Fatal(err)
		}
		err := p.await(t.Context(), l.kube, pod, true, "does not start")
		if code(err) != ExitTimeout || err.Error() != "pod web of namespace probe-image does not start in 1s: ImagePullBackOff: no such image" {
			t.Errorf("it says %v", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		t.Parallel()
		l.newNamespace(t, "probe-interrupted")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		var out bytes.Buffer
		code := l.runTo(ctx, &out, writerFunc(func(line []byte) {
			if bytes.Contains(line, []byte("a pod that calls it")) {
				cancel()
			}
		}), "check", "-n", "probe-interrupted", "--probe", "--probe-timeout=5m")
		if code == ExitOK || out.Len() > 0 {
			t.Errorf("it ends with %d: %s", code, out.String())
		}
		l.awaitNoProbe(t, "probe-interrupted")
	})
}

func (l *live) newNamespace(t *testing.T, name string) {
	t.Helper()
	if err := l.kube.Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
		t.Fatal(err)
	}
}

// probe runs check --probe, with more time as long as the cluster is too slow for it, and returns what it says of policies.
func (l *live) probe(t *testing.T, namespace string) check {
	t.Helper()
	for timeout := 10 * time.Second; ; timeout *= 2 {
		var out bytes.Buffer
		code, said := l.run(t.Context(), &out, "check", "-n", namespace, "--probe", "--probe-timeout", timeout.String(), "-o", "json")
		var answer checks
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
			t.Fatalf("it ends with %d: %s%s", code, said, out.String())
		}
		last := answer.Checks[len(answer.Checks)-1]
		if last.State != "?" || timeout > 5*time.Minute {
			return last
		}
	}
}

// enforce plays the network and the kubelet: once there is a policy, the caller's probe fails.
func (l *live) enforce(ctx context.Context, namespace string) {
	_ = cluster.Eventually(ctx, time.Hour, func() error {
		policies, pods := &networkingv1.NetworkPolicyList{}, &corev1.PodList{}
		if err := errors.Join(l.kube.List(ctx, policies, client.InNamespace(namespace)), l.kube.List(ctx, pods, client.InNamespace(namespace))); err != nil {
			return err
		}
		for i := range pods.Items {
			pod := &pods.Items[i]
			if len(policies.Items) == 0 || pod.Labels["app.kubernetes.io/component"] != "client" {
				continue
			}
			for n := range pod.Status.Conditions {
				if pod.Status.Conditions[n].Type == corev1.PodReady {
					pod.Status.Conditions[n].Status = corev1.ConditionFalse
				}
			}
			_ = l.kube.Status().Update(ctx, pod) // it is tried again
		}
		return errors.New("until the test ends")
	})
}

// awaitNoProbe waits until nothing of a probe is left.
func (l *live) awaitNoProbe(t *testing.T, namespace string) {
	t.Helper()
	cluster.Await(t, func() error {
		objects, err := inspect.ObjectsIn(t.Context(), l.kube, namespace, &corev1.PodList{}, &networkingv1.NetworkPolicyList{})
		if err == nil && len(objects) > 0 {
			return fmt.Errorf("%d objects of the probe are left", len(objects))
		}
		return err
	})
}
