package status

import (
	"reflect"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Change is how much two statuses differ.
type Change int

const (
	// Same means nothing to write.
	Same Change = iota
	// Minor means numbers only. They are written when they come to rest, so that n pods are not n writes.
	Minor
	// Major means something to tell at once.
	Major
)

// Compare says how much next differs from what is stored.
func Compare(stored, next *v1alpha1.MicroserviceStatus) Change {
	// Almost always they are the same to the letter, which costs a twentieth to see.
	if reflect.DeepEqual(stored, next) || equality.Semantic.DeepEqual(stored, next) {
		return Same
	}
	before, after := withoutCounters(stored), withoutCounters(next)
	if rollingOut(before) && rollingOut(after) {
		deferGoodNews(before, after)
	}
	if equality.Semantic.DeepEqual(before, after) {
		return Minor
	}
	return Major
}

// deferGoodNews takes out of after what can wait for the end of the rollout, which usually tells it a moment later: that
// enough replicas are available already, and what the autoscaler says.
func deferGoodNews(before, after *v1alpha1.MicroserviceStatus) {
	for i := range after.Conditions {
		c := &after.Conditions[i]
		was := meta.FindStatusCondition(before.Conditions, c.Type)
		if was == nil {
			continue
		}
		goodNews := c.Type == v1alpha1.ConditionAvailable && c.Status == metav1.ConditionTrue
		if goodNews || c.Type == v1alpha1.ConditionAutoscaling {
			*c = *was
		}
	}
}

// withoutCounters is a status without its numbers: the counters, and the messages that count.
func withoutCounters(s *v1alpha1.MicroserviceStatus) *v1alpha1.MicroserviceStatus {
	g := s.DeepCopy()
	copyCounters(g, &v1alpha1.MicroserviceStatus{})
	for i := range g.Conditions {
		switch c := &g.Conditions[i]; {
		case c.Reason == v1alpha1.ReasonAvailable, c.Reason == v1alpha1.ReasonUnavailable, c.Type == v1alpha1.ConditionAutoscaling:
			c.Message = ""
		}
	}
	return g
}

// Due reports whether the change is to be written now. Numbers alone wait until the Deployment has settled, or no number is
// about to change.
func (c Change) Due(o *Observation) bool {
	return c == Major || c == Minor && (o.Settled || CountersSettled(o.Deployment))
}

// CountersSettled says that no number is about to change: every replica that is wanted is there, updated and available.
func CountersSettled(d *appsv1.Deployment) bool {
	if d == nil {
		return true
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation &&
		s.Replicas == replicas(d) && s.UpdatedReplicas == s.Replicas && s.AvailableReplicas == s.Replicas
}

// keepPreviousCounters keeps the numbers of a rollout out of status until a condition changes its status or reason.
func keepPreviousCounters(stored, next *v1alpha1.MicroserviceStatus) bool {
	return stored.ObservedGeneration == next.ObservedGeneration && rollingOut(stored) && rollingOut(next) &&
		readyReason(stored) == readyReason(next) && available(stored) != nil && available(stored).Status == available(next).Status
}

func readyReason(s *v1alpha1.MicroserviceStatus) string {
	return meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady).Reason
}

func rollingOut(s *v1alpha1.MicroserviceStatus) bool {
	ready := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionReady)
	return ready != nil && (ready.Reason == v1alpha1.ReasonRollingOut || podReasons[ready.Reason])
}

func available(s *v1alpha1.MicroserviceStatus) *metav1.Condition {
	return meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionAvailable)
}

func copyCounters(to, from *v1alpha1.MicroserviceStatus) {
	to.Replicas = from.Replicas
	to.ReadyReplicas = from.ReadyReplicas
	to.UpdatedReplicas = from.UpdatedReplicas
	to.AvailableReplicas = from.AvailableReplicas
}
