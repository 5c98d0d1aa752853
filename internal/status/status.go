// Package status computes the status of a Microservice. It is pure: a typed observation in, conditions and counters out.
package status

import (
	"cmp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Observation is the result of one reconcile: the server's responses for what was written, else the cached objects. A nil child
// does not exist.
type Observation struct {
	Deployment *appsv1.Deployment
	Service    *corev1.Service
	Autoscaler *autoscalingv2.HorizontalPodAutoscaler
	// Pods are the pods of the Deployment's newest template, if they were read.
	Pods Pods
	// JustRestarted is the number of available replicas that do not count because they have just restarted.
	JustRestarted int32
	// PodsCounted is set if JustRestarted was counted from the pods.
	PodsCounted bool
	// Applied is set if the Deployment was last applied from this generation.
	Applied bool
	// Rewritten is set if this reconcile wrote the Deployment.
	Rewritten bool
	// Settled is set if the Deployment has not changed for some seconds.
	Settled bool
	// Problem is why some children are not as desired, or nil.
	Problem *Problem
	// Dependencies are those of the spec, in its order, without the times of their last transitions.
	Dependencies []v1alpha1.DependencyStatus
	// Dependents are all dependents, sorted.
	Dependents []v1alpha1.DependentReference
	// Cycle is the path of dependencies from the Microservice back to it, empty for none.
	Cycle string
	// Awaited are the dependencies that hold the first start.
	Awaited []v1alpha1.DependencyStatus
	// AwaitedBecause tells until when, if not until they are available.
	AwaitedBecause string
	// ClusterDomain is appended to the name of the Service in the URL.
	ClusterDomain string
	// Route and Monitor are nil if the spec does not ask for them.
	Route   *Route
	Monitor *Monitor
	// Collector is where traces go, empty for nowhere.
	Collector string
	// Pending names the changes that a paused Microservice holds back, such as "update Deployment".
	Pending []string
}

// Problem is why some children are not as desired.
type Problem struct {
	// Reason is a reason of ConditionReady.
	Reason string
	// Message explains the problem and how to resolve it.
	Message string
	// Stalled is set for problems that need somebody's help; others are retried.
	Stalled bool
}

// Compute returns the status of ms. Conditions whose status did not change keep their transition time; others get now.
// ms.Status is the previous status, on which some results depend.
func Compute(ms *v1alpha1.Microservice, o Observation, now metav1.Time) v1alpha1.MicroserviceStatus {
	found := conditions(ms, o, now)
	next := v1alpha1.MicroserviceStatus{
		ObservedGeneration: ms.Generation,
		Conditions:         found,
		Selector:           v1alpha1.LabelName + "=" + ms.Name,
		URL:                url(ms, o.ClusterDomain),
		ExternalURL:        cmp.Or(routedURL(ms, o.Route, found), loadBalancerURL(ms, o.Service)),

		Dependencies:        dependencies(ms.Status.Dependencies, o.Dependencies, now),
		DependenciesSummary: summary(ms, o.Dependencies),
		Dependents:          o.Dependents[:min(len(o.Dependents), maxDependents)],
		DependentCount:      int32(len(o.Dependents)),
	}
	if d := o.Deployment; d != nil {
		next.Replicas = d.Status.Replicas
		next.ReadyReplicas = d.Status.ReadyReplicas
		next.UpdatedReplicas = d.Status.UpdatedReplicas
		next.AvailableReplicas = availableReplicas(o)
	}
	if o.JustRestarted > 0 || keepPreviousCounters(&ms.Status, &next) && !o.Pods.neverRestarted() {
		copyCounters(&next, &ms.Status)
		if o.Pods.Read || o.PodsCounted { // these two do not flap, and may have been those of an older Deployment when the reason was found
			next.Replicas, next.UpdatedReplicas = o.Deployment.Status.Replicas, o.Deployment.Status.UpdatedReplicas
		}
	}
	return next
}

// conditions keeps the order of the stored conditions, so that an equal status compares as equal, and the time of those whose
// status did not change.
func conditions(ms *v1alpha1.Microservice, o Observation, now metav1.Time) []metav1.Condition {
	wanted := wantedConditions(ms, o)
	next := make([]metav1.Condition, 0, len(wanted))
	for _, before := range ms.Status.Conditions {
		if c := meta.FindStatusCondition(wanted, before.Type); c != nil {
			if before.Status == c.Status {
				c.LastTransitionTime = before.LastTransitionTime
			}
			next = append(next, *c)
		}
	}
	for _, c := range wanted {
		if meta.FindStatusCondition(next, c.Type) == nil {
			next = append(next, c)
		}
	}
	for i := range next {
		next[i].ObservedGeneration = ms.Generation
		next[i].Message = bounded(next[i].Message)
		if next[i].LastTransitionTime.IsZero() {
			next[i].LastTransitionTime = now
		}
	}
	return next
}

func wantedConditions(ms *v1alpha1.Microservice, o Observation) []metav1.Condition {
	found := readiness(ms, o)
	wanted := []metav1.Condition{found.ready, availableCondition(ms, o), dependenciesCondition(ms, o)}
	switch {
	case ms.Spec.ScaledExternally():
		wanted = append(wanted, externalCondition(ms, o))
	case ms.Spec.Autoscaled():
		wanted = append(wanted, autoscalingCondition(ms, o.Autoscaler))
	}
	if o.Route != nil {
		wanted = append(wanted, routedCondition(ms, o.Route))
	}
	if o.Monitor != nil {
		wanted = append(wanted, monitoredCondition(o.Monitor))
	}
	if tracing := ms.Spec.Tracing(); tracing != nil {
		wanted = append(wanted, tracedCondition(tracing, o.Collector))
	}
	if found.reconciling {
		wanted = append(wanted, abnormal(v1alpha1.ConditionReconciling, found))
	}
	if found.stalled {
		wanted = append(wanted, abnormal(v1alpha1.ConditionStalled, found))
	}
	if o.Cycle != "" {
		wanted = append(wanted, cycleCondition(o.Cycle))
	}
	return wanted
}

// abnormal returns a condition that is present only while True. It carries Ready's reason and message, or those of the pods'
// failure.
func abnormal(conditionType string, found readyState) metav1.Condition {
	c := metav1.Condition{Type: conditionType, Status: metav1.ConditionTrue, Reason: found.ready.Reason, Message: found.ready.Message}
	if found.failure != nil {
		c.Reason, c.Message = found.failure.reason, found.failure.message
	}
	return c
}

// maxMessage bounds a message, in bytes: people read it.
const maxMessage = 1024

func bounded(message string) string {
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage-3], "") + "..."
}
