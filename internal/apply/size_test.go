package apply_test

import (
	"context"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	appsv1ac "k8s.io/client-go/applyconfigurations/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

const minimum = 3

func sized(owner client.Object, replicas int32) *appsv1ac.DeploymentApplyConfiguration {
	a := desiredDeployment(owner)
	a.Spec.WithReplicas(replicas)
	return a
}

// scale is what a HorizontalPodAutoscaler does.
func scale(t testing.TB, owner client.Object, replicas int32) {
	t.Helper()
	a := read[appsv1.Deployment](t, owner)
	s := &autoscalingv1.Scale{ObjectMeta: metav1.ObjectMeta{Name: a.Name, Namespace: a.Namespace}, Spec: autoscalingv1.ScaleSpec{Replicas: replicas}}
	if err := admin.SubResource("scale").Update(context.Background(), a, client.WithSubResourceBody(s), client.FieldOwner("autoscaler")); err != nil {
		t.Fatal(err)
	}
}

func wantReplicas(t *testing.T, owner client.Object, want int32) *appsv1.Deployment {
	t.Helper()
	a := read[appsv1.Deployment](t, owner)
	if *a.Spec.Replicas != want {
		t.Errorf("replicas = %d, want %d", *a.Spec.Replicas, want)
	}
	return a
}

// putImages returns a function that applies the Deployment with an image.
func putImages(t *testing.T, door *apply.Applier, owner client.Object, option apply.Option) func(current *appsv1.Deployment, image string) {
	return func(current *appsv1.Deployment, image string) {
		t.Helper()
		a := desiredDeployment(owner)
		a.Spec.Template.Spec.Containers[0].WithImage(image)
		mustSucceed(t, putDeployment(door, owner, a, current, option))
	}
}

func TestSizeIsBornAtTheMinimumAndThenLeftToTheAutoscaler(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	autoscaled := putImages(t, door, owner, apply.AutoscaledFrom(minimum))
	autoscaled(nil, "a:1")
	current := wantReplicas(t, owner, minimum)
	autoscaled(current, "a:2") // nobody has scaled yet: the number is still ours, and is sent again
	wantReplicas(t, owner, minimum)
	scale(t, owner, 7)
	autoscaled(wantReplicas(t, owner, 7), "a:3")
	wantReplicas(t, owner, 7)
	scale(t, owner, 0)
	autoscaled(wantReplicas(t, owner, 0), "a:3") // an autoscaler does nothing at 0
	wantReplicas(t, owner, minimum)
}

func TestSizeOfAStaleCacheDoesNotUndoTheAutoscaler(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		start int32
		scale int32
		want  int32
	}{
		"while the number is handed over":        {start: 4, scale: 7, want: 7},
		"when it has left 0 already":             {start: 0, scale: 9, want: 9},
		"when it is below the minimum, not ours": {start: 4, scale: 1, want: 1},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			owner := newOwner(t)
			door := newApplier(admin)
			mustSucceed(t, putDeployment(door, owner, sized(owner, tc.start), nil))
			stale := read[appsv1.Deployment](t, owner)
			scale(t, owner, tc.scale)
			mustSucceed(t, putDeployment(door, owner, desiredDeployment(owner), stale, apply.AutoscaledFrom(minimum)))
			wantReplicas(t, owner, tc.want)
			// And it stays when a later write no longer carries the number.
			a := desiredDeployment(owner)
			a.Spec.Template.Spec.Containers[0].WithImage("a:2")
			mustSucceed(t, putDeployment(door, owner, a, read[appsv1.Deployment](t, owner), apply.AutoscaledFrom(minimum)))
			wantReplicas(t, owner, tc.want)
		})
	}
}

func TestFixedSizeIsRestored(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	mustSucceed(t, putDeployment(door, owner, sized(owner, 2), nil))
	for _, by := range []int32{0, 1, 9} {
		scale(t, owner, by)
		mustSucceed(t, putDeployment(door, owner, sized(owner, 2), read[appsv1.Deployment](t, owner)))
		wantReplicas(t, owner, 2)
	}
}

// A controller that the operator knows nothing of decides, also that there is none.
func TestSizeIsLeftToOthers(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	put := putImages(t, door, owner, apply.ScaledByOthers(minimum))
	put(nil, "a:1")
	put(wantReplicas(t, owner, minimum), "a:2")
	for i, n := range []int32{0, 7, 1, 0} {
		scale(t, owner, n)
		put(wantReplicas(t, owner, n), fmt.Sprintf("a:%d", i))
		wantReplicas(t, owner, n)
	}
	mustSucceed(t, putDeployment(door, owner, sized(owner, 0), read[appsv1.Deployment](t, owner)))
	put(wantReplicas(t, owner, 0), "a:9") // the 0 is ours now: left out, it would become 1
	current := wantReplicas(t, owner, 0)
	put(current, "a:9")
	if again := read[appsv1.Deployment](t, owner); again.ResourceVersion != current.ResourceVersion {
		t.Error("a Deployment at 0 is written again")
	}
}

// TestSizeUnderAStorm lets an autoscaler and us write at the same time: no number may appear that neither asked for.
func TestSizeUnderAStorm(t *testing.T) {
	t.Parallel()
	owner := newOwner(t)
	door := newApplier(admin)
	mustSucceed(t, putDeployment(door, owner, sized(owner, 4), nil))
	stale := read[appsv1.Deployment](t, owner)
	watcher, err := client.NewWithWatch(kube.Config, client.Options{Scheme: admin.Scheme()})
	if err != nil {
		t.Fatal(err)
	}
	in, err := watcher.Watch(context.Background(), &appsv1.DeploymentList{}, client.InNamespace(owner.Namespace), client.MatchingLabels{"app": owner.Name})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := int32(5); n < 25; n++ {
			scale(t, owner, n)
		}
	}()
	for i := range 20 {
		a := desiredDeployment(owner)
		a.Spec.Template.Spec.Containers[0].WithImage(fmt.Sprintf("a:%d", i))
		for _, c := range putDeployment(door, owner, a, stale, apply.AutoscaledFrom(minimum)) {
			if c.Err != nil {
				t.Logf("lost a race twice, as a retry would see: %v", c.Err)
			}
		}
	}
	<-done
	in.Stop()
	last := int32(4)
	for event := range in.ResultChan() {
		n := *event.Object.(*appsv1.Deployment).Spec.Replicas
		if n < last {
			t.Errorf("replicas went from %d to %d", last, n)
		}
		last = n
	}
	wantReplicas(t, owner, 24)
}
