package status

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// readyState is Ready, with kstatus' word for what it means to a tool that waits.
type readyState struct {
	ready                metav1.Condition
	reconciling, stalled bool
	// failure is what keeps the pods, where Ready has another reason: Reconciling or Stalled has it instead. nil is Ready's.
	failure *podFailure
}

// readiness is the table of situations, worst first.
func readiness(ms *v1alpha1.Microservice, o Observation) readyState {
	d := o.Deployment
	switch {
	case o.Problem != nil && o.Problem.Stalled:
		return stalled(o.Problem.Reason, o.Problem.Message)
	case o.Problem != nil && pastDeadline(ms) && d != nil && !rolledOut(d):
		return pastDeadlineState(ms, o)
	case o.Problem != nil:
		return waiting(o.Problem.Reason, o.Problem.Message)
	case len(o.Pending) > 0:
		return paused(o.Pending)
	case len(o.Awaited) > 0:
		return waiting(v1alpha1.ReasonWaitingForDependency, awaitedMessage(o))
	case d == nil || !o.Applied:
		return waiting(v1alpha1.ReasonRollingOut, "The Deployment is being written")
	case ms.Spec.Parked():
		return parked(d)
	case rolledOut(d), staleAfterResize(ms, o):
		return afterRollout(ms, o)
	default:
		return rolling(ms, o)
	}
}

func awaitedMessage(o Observation) string {
	message := "The first start waits for " + strings.Join(unready(o.Awaited), "; ")
	if o.AwaitedBecause != "" {
		message += "; " + o.AwaitedBecause
	}
	return message
}

// rolling is a rollout under way, or stuck. What keeps the new pods is said of both; whether the old ones serve is
// Available's to say.
func rolling(ms *v1alpha1.Microservice, o Observation) readyState {
	if deadlineExceeded(ms, o.Deployment) {
		return pastDeadlineState(ms, o)
	}
	return notRolledOut(ms, o)
}

// notRolledOut is while replicas are still coming.
func notRolledOut(ms *v1alpha1.Microservice, o Observation) readyState {
	if c := whyNotReady(ms, o); c != nil {
		return waiting(c.reason, c.message)
	}
	return waiting(v1alpha1.ReasonRollingOut, rollingOutMessage(ms)+pausedByHand(ms, o.Deployment))
}

// pausedByHand is the way out of kubectl rollout pause, empty where nobody used it.
func pausedByHand(ms *v1alpha1.Microservice, d *appsv1.Deployment) string {
	if !d.Spec.Paused {
		return ""
	}
	return fmt.Sprintf("; the Deployment is paused, go on with: kubectl rollout resume deployment/%s -n %s", ms.Name, ms.Namespace)
}

func waiting(reason, message string) readyState {
	return readyState{ready: ready(metav1.ConditionFalse, reason, message), reconciling: true}
}

func stalled(reason, message string) readyState {
	return readyState{ready: ready(metav1.ConditionFalse, reason, message), stalled: true}
}

func paused(pending []string) readyState {
	message := "Changes wait until spec.paused is unset: " + strings.Join(pending, ", ")
	return readyState{ready: ready(metav1.ConditionUnknown, v1alpha1.ReasonPaused, message)}
}

const parkedMessage = "spec.replicas is 0: nothing runs, as asked"

func parked(d *appsv1.Deployment) readyState {
	if generationNotObserved(d) || d.Status.Replicas > 0 {
		return waiting(v1alpha1.ReasonRollingOut, "The last replicas are being stopped")
	}
	return readyState{ready: ready(metav1.ConditionTrue, v1alpha1.ReasonParked, parkedMessage)}
}

// afterRollout is what follows a rollout. Too few replicas are an outage only where there were enough before: after an edit of
// the size they are still coming.
func afterRollout(ms *v1alpha1.Microservice, o Observation) readyState {
	switch {
	case availableReplicas(o) >= minimumAvailable(&ms.Spec):
		message := availableMessage(ms, o) + pausedByHand(ms, o.Deployment)
		if c := whyNotReady(ms, o); c != nil && lacksReplicas(o.Deployment) {
			message += "; of the others: " + c.message
		}
		return readyState{ready: ready(metav1.ConditionTrue, v1alpha1.ReasonAvailable, message)}
	case wasReady(ms):
		found := waiting(v1alpha1.ReasonUnavailable, availableMessage(ms, o))
		if found.failure = whyNotReady(ms, o); found.failure != nil {
			found.ready.Message += ": " + found.failure.message
		}
		return found
	default:
		return notRolledOut(ms, o)
	}
}

// lacksReplicas says that not all of the pods that are wanted now are available. That is no outage where enough are, and worth a word
// all the same.
func lacksReplicas(d *appsv1.Deployment) bool {
	return d.Status.AvailableReplicas < replicas(d)
}

// wasReady says whether this generation has been Ready.
func wasReady(ms *v1alpha1.Microservice) bool {
	before := readyBefore(ms)
	return before != nil && (before.Status == metav1.ConditionTrue || before.Reason == v1alpha1.ReasonUnavailable)
}

// readyBefore is what was last said of this generation, nil for nothing.
func readyBefore(ms *v1alpha1.Microservice) *metav1.Condition {
	before := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if before == nil || before.ObservedGeneration != ms.Generation {
		return nil
	}
	return before
}

// rollingOutMessage has no counters, so that a rollout of n pods is not n messages.
func rollingOutMessage(ms *v1alpha1.Microservice) string {
	return "Rolling out " + ms.Spec.Image
}

func ready(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: message}
}

// rolledOut says that every pod has the newest template. The Deployment says the first also during a roll-back to a
// template that it had before, when no pod is updated yet.
func rolledOut(d *appsv1.Deployment) bool {
	return !generationNotObserved(d) && rolloutComplete(d)
}

// rolloutComplete is what the Deployment's controller said when it last looked. Of one that is paused it says nothing of progress: then the
// counters tell whether the newest template was rolled out before.
func rolloutComplete(d *appsv1.Deployment) bool {
	if d.Spec.Paused {
		return d.Status.UpdatedReplicas == d.Status.Replicas && d.Status.UpdatedReplicas >= min(replicas(d), 1)
	}
	return lastProgress(d) == "NewReplicaSetAvailable" && d.Status.UpdatedReplicas == d.Status.Replicas
}

// staleAfterResize says that what was rolled out has been written by somebody else, most likely an autoscaler, and that the
// Deployment's controller has not looked yet. Until then it is as it was.
func staleAfterResize(ms *v1alpha1.Microservice, o Observation) bool {
	d := o.Deployment
	return generationNotObserved(d) && !o.Rewritten && wasReady(ms) && rolloutComplete(d)
}

// Restarting reports whether pods are being replaced, and nothing is known that keeps the new ones from starting. d is the
// Deployment of ms.
func Restarting(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	if rolledOut(d) || meta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionStalled) {
		return false
	}
	switch before := readyBefore(ms); {
	case before == nil, before.Reason == v1alpha1.ReasonReadinessFailing, before.Reason == v1alpha1.ReasonPodNotStarting:
		return true
	default:
		return !podReasons[before.Reason]
	}
}

// OldPodsGone reports whether only pods of the newest template are left. Kubernetes counts those that are being stopped since
// 1.35; where it does not, longSettled says that the Deployment has not changed for as long as pods may take to stop.
func OldPodsGone(d *appsv1.Deployment, longSettled bool) bool {
	if !rolledOut(d) {
		return false
	}
	if n := d.Status.TerminatingReplicas; n != nil {
		return *n == 0
	}
	return longSettled
}

func generationNotObserved(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration < d.Generation
}

// deadlineExceeded is sticky for a generation: the Deployment itself forgets it with the next pod that starts.
func deadlineExceeded(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	return pastDeadline(ms) || progress(d) == "ProgressDeadlineExceeded"
}

// pastDeadline is what was said of this generation before. Trouble with a child does not make it hopeful again.
func pastDeadline(ms *v1alpha1.Microservice) bool {
	before := readyBefore(ms)
	return before != nil && before.Reason == v1alpha1.ReasonProgressDeadlineExceeded
}

// progress is what the Deployment says of its newest template, empty while it has not looked at it.
func progress(d *appsv1.Deployment) string {
	if generationNotObserved(d) {
		return ""
	}
	return lastProgress(d)
}

func lastProgress(d *appsv1.Deployment) string {
	return progressing(d).Reason
}

// progressing is what the Deployment's controller says of progress, the zero value while it has said nothing.
func progressing(d *appsv1.Deployment) appsv1.DeploymentCondition {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			return c
		}
	}
	return appsv1.DeploymentCondition{}
}

// pastDeadlineState ends with the pods' words, or where to look for them.
func pastDeadlineState(ms *v1alpha1.Microservice, o Observation) readyState {
	deadline := int32(600)
	if n := o.Deployment.Spec.ProgressDeadlineSeconds; n != nil {
		deadline = *n
	}
	found := stalled(v1alpha1.ReasonProgressDeadlineExceeded, fmt.Sprintf("The rollout of %s made no progress for %d s", ms.Spec.Image, deadline))
	if found.failure = whyNotReady(ms, o); found.failure != nil {
		found.ready.Message += ": " + found.failure.message
	} else {
		found.ready.Message += fmt.Sprintf("; see why with: kubectl describe replicasets,pods -n %s -l %s=%s", ms.Namespace, v1alpha1.LabelName, ms.Name)
	}
	return found
}

// LastProgress returns when the Deployment's controller last saw progress; the zero time is never.
func LastProgress(d *appsv1.Deployment) metav1.Time {
	return progressing(d).LastUpdateTime
}

func replicas(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}
