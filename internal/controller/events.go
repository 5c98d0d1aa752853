package controller

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/events"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/apply"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// action is the action that events report.
const action = "Reconcile"

// recordEvents records transitions: Ready has another status or reason than before, or a cycle appeared. It is called after the
// status is written, so that every event can be looked up.
func recordEvents(recorder events.EventRecorder, before *v1alpha1.Microservice, next *v1alpha1.MicroserviceStatus, o *status.Observation) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReady)
	if was == nil || was.Status != is.Status || was.Reason != is.Reason {
		recorder.Eventf(before, related(before, o), eventType(is), is.Reason, action, "%s", is.Message)
	}
	cycle := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionDependencyCycle)
	if cycle != nil && meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionDependencyCycle) == nil {
		recorder.Eventf(before, nil, corev1.EventTypeWarning, cycle.Reason, action, "%s", cycle.Message)
	}
}

// recordRestored records which manual changes were reverted, and what to edit instead.
func recordRestored(recorder events.EventRecorder, ms *v1alpha1.Microservice, changes []apply.Change) {
	for _, c := range changes {
		if c.Restored != nil && c.Err == nil {
			recorder.Eventf(ms, nil, corev1.EventTypeNormal, v1alpha1.ReasonRestored, action, "%s: edit %s of the Microservice instead",
				c.Restored, status.FieldFor(c.Restored.Field))
		}
	}
}

// related returns the dependency that a first start waits for, or the Deployment, or an untyped nil.
func related(ms *v1alpha1.Microservice, o *status.Observation) runtime.Object {
	if len(o.Awaited) > 0 {
		return awaited(ms, o.Awaited[0].Name)
	}
	if o.Deployment == nil {
		return nil
	}
	return o.Deployment
}

// awaited returns a reference to the object that a dependency names, without reading it.
func awaited(ms *v1alpha1.Microservice, alias string) runtime.Object {
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		if d.Name != alias {
			continue
		}
		target := dependency.TargetOf(ms, d)
		name := metav1.ObjectMeta{Namespace: target.Key.Namespace, Name: target.Key.Name}
		if target.Kind == dependency.Service {
			return &corev1.Service{ObjectMeta: name}
		}
		return &v1alpha1.Microservice{ObjectMeta: name}
	}
	return nil
}

func eventType(ready *metav1.Condition) string {
	switch {
	case ready.Status != metav1.ConditionFalse,
		ready.Reason == v1alpha1.ReasonRollingOut, ready.Reason == v1alpha1.ReasonWaitingForDependency:
		return corev1.EventTypeNormal
	default:
		return corev1.EventTypeWarning
	}
}
