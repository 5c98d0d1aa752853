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
	// Same means that nothing has to be written.
	Same Change = iota
	// Minor means that only numbers differ. They are written once they settle, so that n pods do not cause n writes.
	Minor
	// Major means that the difference has to be written at once.
	Major
)

// Compare returns how much next differs from the stored status.
func Compare(stored, next *v1alpha1.MicroserviceStatus) Change {
	// reflect.DeepEqual first: it is 20 times cheaper and almost always true.
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

// deferGoodNews removes from after what can wait for the end of the rollout, which usually follows a moment later: that enough
// replicas are available already, that a gateway leads to them, and the state of the autoscaler.
func deferGoodNews(before, after *v1alpha1.MicroserviceStatus) {
	for i := range after.Conditions {
		c := &after.Conditions[i]
		was := meta.FindStatusCondition(before.Conditions, c.Type)
		if was == nil {
			continue
		}
		goodNews := (c.Type == v1alpha1.ConditionAvailable || c.Type == v1alpha1.ConditionRouted) && c.Status == metav1.ConditionTrue
		if goodNews || c.Type == v1alpha1.ConditionAutoscaling {
			*c = *was
		}
		if c.Type == v1alpha1.ConditionRouted && *c == *was {
			after.ExternalURL = before.ExternalURL
		}
	}
}

// withoutCounters returns a copy without the counters and the messages that contain them.
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

// Due reports whether the change has to be written now. Numbers alone wait until the Deployment has settled, or none is about
// to change.
func (c Change) Due(o *Observation) bool {
	return c == Major || c == Minor && (o.Settled || CountersSettled(o.Deployment))
}

// CountersSettled reports that no counter is about to change: every desired replica exists, is updated and available.
func CountersSettled(d *appsv1.Deployment) bool {
	if d == nil {
		return true
	}
	s := d.Status
	return s.ObservedGeneration >= d.Generation &&
		s.Replicas == replicas(d) && s.UpdatedReplicas == s.Replicas && s.AvailableReplicas == s.Replicas
}

// keepPreviousCounters reports whether the counters of a rollout stay as they are until a condition changes.
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
