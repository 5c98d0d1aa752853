package status_test

import (
	"encoding/json"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// Whatever is observed: nothing panics, each condition is there once with a reason and a status that Kubernetes knows, and
// a second computation from the same observation changes nothing.
func FuzzCompute(f *testing.F) {
	f.Add([]byte(`{"image":"x"}`), []byte(`{}`), []byte(`{}`), []byte(`[]`))
	f.Add([]byte(`{"image":"x","replicas":2}`),
		[]byte(`{"metadata":{"generation":2},"spec":{"replicas":2},"status":{"observedGeneration":2,"replicas":2,"updatedReplicas":2,"availableReplicas":1,"conditions":[{"type":"Progressing","status":"False","reason":"ProgressDeadlineExceeded"}]}}`),
		[]byte(`{}`), []byte(`[{"status":{"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"CrashLoopBackOff"}},"restartCount":3}]}}]`))
	f.Add([]byte(`{"image":"x","autoscaling":{"maxReplicas":5}}`), []byte(`{"spec":{"replicas":3}}`),
		[]byte(`{"status":{"conditions":[{"type":"ScalingActive","status":"False","reason":"FailedGetResourceMetric","message":"no metrics"}]}}`), []byte(`[]`))
	now := metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	f.Fuzz(func(t *testing.T, spec, deployment, autoscaler, pods []byte) {
		ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web", Generation: 3}}
		var o status.Observation
		o.Deployment, o.Autoscaler = &appsv1.Deployment{}, &autoscalingv2.HorizontalPodAutoscaler{}
		var list []corev1.Pod
		for _, in := range []struct {
			raw  []byte
			into any
		}{{spec, &ms.Spec}, {deployment, o.Deployment}, {autoscaler, o.Autoscaler}, {pods, &list}} {
			if json.Unmarshal(in.raw, in.into) != nil {
				return
			}
		}
		status.LacksPods(ms, &o)
		status.PodToInspect(list)
		first := status.Compute(ms, o, now)
		known := map[string]bool{}
		for _, c := range first.Conditions {
			if known[c.Type] || c.Reason == "" || (c.Status != metav1.ConditionTrue && c.Status != metav1.ConditionFalse && c.Status != metav1.ConditionUnknown) {
				t.Errorf("condition %+v", c)
			}
			known[c.Type] = true
		}
		ms.Status = first
		later := status.Compute(ms, o, metav1.NewTime(now.Add(time.Hour)))
		if status.Compare(&first, &later) != status.Same {
			t.Errorf("nothing happened, and the status changes: %+v to %+v", first, later)
		}
	})
}
