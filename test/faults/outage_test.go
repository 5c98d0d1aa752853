package faults

import (
	"context"
	"errors"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// backoff is how long client-go waits at most before it watches again, without what it adds at random.
const backoff = 30 * time.Second

// TestOutages have the API server or etcd go in the middle of the scenario (F11, F12). The operator holds a lease, as it is
// installed. It may end when it cannot renew the lease: it is started again.
func TestOutages(t *testing.T) {
	t.Parallel()
	reference := cachedReference(t)
	for _, outage := range []struct {
		name string
		// strike begins it and ends it.
		strike func(c *cluster.Cluster) error
		// each is at every how many steps.
		each int
		slow bool
	}{
		{name: "API server killed, back at once", strike: killed(cluster.APIServer, 0), each: 1, slow: true},
		{name: "API server killed, back after 5 s", strike: killed(cluster.APIServer, 5*time.Second), each: 4},
		{name: "API server killed, back after 20 s", strike: killed(cluster.APIServer, 20*time.Second), each: 4, slow: true},
		{name: "etcd killed, back at once", strike: killed(cluster.Etcd, 0), each: 1, slow: true},
		{name: "etcd killed, back after 5 s", strike: killed(cluster.Etcd, 5*time.Second), each: 4},
		{name: "etcd paused for 20 s", strike: paused(cluster.Etcd, 20*time.Second), each: 4, slow: true},
		{name: "API server paused for 20 s", strike: paused(cluster.APIServer, 20*time.Second), each: 4, slow: true},
	} {
		if outage.slow && !full() {
			continue
		}
		t.Run(outage.name, func(t *testing.T) {
			t.Parallel()
			broken := ownEnv(t)
			s := broken.openFor(t, Options{LeaderElection: true})
			out, err := s.ExecuteWith(t.Context(), scenario, reference.Goal(historical), func(i int) error {
				if i%outage.each > 0 {
					return nil
				}
				if err := outage.strike(broken.Cluster); err != nil {
					return err
				}
				if err := broken.Cluster.AwaitAPIServer(t.Context()); err != nil {
					return err
				}
				s.disturb(backoff)
				return broken.awaitControllers(t.Context())
			})
			if err != nil {
				t.Fatal(err)
			}
			s.report(t, reference.Judge(out, 6*len(scenario)))
			t.Logf("%d writes, %d resizes by an autoscaler; the steps took %v", len(out.Writes), out.Resizes, out.Times)
		})
	}
}

// awaitControllers waits until Kubernetes' own controllers have noticed that the API server is back: an autoscaler's keeps
// scaling by what it heard last.
func (l *Env) awaitControllers(ctx context.Context) error {
	at := metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: "probe"}
	pods := map[string]string{"app": at.Name}
	deployment := &appsv1.Deployment{ObjectMeta: at, Spec: appsv1.DeploymentSpec{
		Selector: &metav1.LabelSelector{MatchLabels: pods},
		Template: corev1.PodTemplateSpec{
			ObjectMeta: metav1.ObjectMeta{Labels: pods},
			Spec:       corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Image: "example.com/probe:1"}}},
		},
	}}
	autoscaler := &autoscalingv2.HorizontalPodAutoscaler{ObjectMeta: at, Spec: autoscalingv2.HorizontalPodAutoscalerSpec{
		MaxReplicas:    2,
		ScaleTargetRef: autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: at.Name},
	}}
	for _, o := range []client.Object{deployment, autoscaler} {
		if err := l.Kube.Create(ctx, o); err != nil {
			return err
		}
		defer func() { _ = l.Kube.Delete(ctx, o) }()
	}
	return cluster.Eventually(ctx, 3*stepTimeout, func() error {
		for _, o := range []client.Object{deployment, autoscaler} {
			if err := l.Kube.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
				return err
			}
		}
		if deployment.Status.AvailableReplicas == 0 || len(autoscaler.Status.Conditions) == 0 {
			return errors.New("the controllers do not look after what is new")
		}
		return nil
	})
}

func killed(part string, away time.Duration) func(*cluster.Cluster) error {
	return strike(func(c *cluster.Cluster) (func() error, error) { return c.Kill(part) }, away)
}

func paused(part string, away time.Duration) func(*cluster.Cluster) error {
	return strike(func(c *cluster.Cluster) (func() error, error) { return c.Pause(part) }, away)
}

// strike begins something, and ends it some time later.
func strike(begin func(*cluster.Cluster) (end func() error, err error), away time.Duration) func(*cluster.Cluster) error {
	return func(c *cluster.Cluster) error {
		end, err := begin(c)
		if err != nil {
			return err
		}
		time.Sleep(away)
		return end()
	}
}
