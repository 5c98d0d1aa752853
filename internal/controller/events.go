package controller

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// action is what the operator was doing when it had something to tell.
const action = "Reconcile"

// announce tells of a transition: Ready has another status or reason than before. It is called after the status is
// written, so that no event speaks of what nobody can look up.
func (r *MicroserviceReconciler) announce(before *v1alpha1.Microservice, next *v1alpha1.MicroserviceStatus, seen *status.Observation) {
	was := meta.FindStatusCondition(before.Status.Conditions, v1alpha1.ConditionReady)
	is := meta.FindStatusCondition(next.Conditions, v1alpha1.ConditionReady)
	if was != nil && was.Status == is.Status && was.Reason == is.Reason {
		return
	}
	r.Recorder.Eventf(before, related(seen.Deployment), eventType(is), is.Reason, action, "%s", is.Message)
}

// related is the child that the event is about, an untyped nil where there is none.
func related(d *appsv1.Deployment) runtime.Object {
	if d == nil {
		return nil
	}
	return d
}

func eventType(ready *metav1.Condition) string {
	switch {
	case ready.Status != metav1.ConditionFalse, ready.Reason == v1alpha1.ReasonRollingOut:
		return corev1.EventTypeNormal
	default:
		return corev1.EventTypeWarning
	}
}
