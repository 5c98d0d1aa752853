package status

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// readyState is the Ready condition, and whether Reconciling or Stalled (kstatus) accompanies it.
type readyState struct {
	ready                metav1.Condition
	reconciling, stalled bool
	// failure is the failure of the pods, if Ready has another reason: Reconciling or Stalled carries it. nil means that they
	// carry Ready's.
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
		return waiting(v1alpha1.ReasonRollingOut, "The Deployment is being applied")
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

// rolling covers a rollout that is under way or stuck. Both report what keeps the new pods; whether the old ones serve is up to
// Available.
func rolling(ms *v1alpha1.Microservice, o Observation) readyState {
	if deadlineExceeded(ms, o.Deployment) {
		return pastDeadlineState(ms, o)
	}
	return notRolledOut(ms, o)
}

// notRolledOut covers a rollout whose replicas are not complete.
func notRolledOut(ms *v1alpha1.Microservice, o Observation) readyState {
	if c := whyNotReady(ms, o); c != nil {
		return waiting(c.reason, c.message)
	}
	return waiting(v1alpha1.ReasonRollingOut, rollingOutMessage(ms)+pausedByHand(ms, o.Deployment))
}

// pausedByHand returns a hint if somebody used kubectl rollout pause, else nothing.
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
	message := "Changes are not applied while spec.paused is true: " + strings.Join(pending, ", ")
	return readyState{ready: ready(metav1.ConditionUnknown, v1alpha1.ReasonPaused, message)}
}

const parkedMessage = "Parked, because spec.replicas is 0"

func parked(d *appsv1.Deployment) readyState {
	if generationNotObserved(d) || d.Status.Replicas > 0 {
		return waiting(v1alpha1.ReasonRollingOut, "Parking: the last replicas are stopping")
	}
	return readyState{ready: ready(metav1.ConditionTrue, v1alpha1.ReasonParked, parkedMessage)}
}

// afterRollout covers the time after a rollout. Too few replicas are an outage only if there were enough before: after an edit
// of the size they are still starting.
func afterRollout(ms *v1alpha1.Microservice, o Observation) readyState {
	switch {
	case scaledToZero(ms, o.Deployment):
		return readyState{ready: ready(metav1.ConditionTrue, v1alpha1.ReasonScaledToZero, scaledToZeroMessage)}
	case availableReplicas(o) >= minimumAvailable(ms, o.Deployment):
		message := availableMessage(ms, o) + pausedByHand(ms, o.Deployment)
		if c := whyNotReady(ms, o); c != nil && lacksReplicas(o.Deployment) {
			message += "; of the others: " + c.message
		}
		return readyState{ready: ready(metav1.ConditionTrue, v1alpha1.ReasonAvailable, message)}
	case startingFromZero(ms, o) && whyNotReady(ms, o) == nil:
		return waiting(v1alpha1.ReasonRollingOut, startingFromZeroMessage)
	case wasReady(ms) && !wasScaledToZero(ms), missesGuarantee(ms, o.Deployment):
		found := waiting(v1alpha1.ReasonUnavailable, availableMessage(ms, o))
		if found.failure = whyNotReady(ms, o); found.failure != nil {
			found.ready.Message += ": " + found.failure.message
		}
		return found
	default:
		return notRolledOut(ms, o)
	}
}

// lacksReplicas reports whether fewer replicas are available than desired now. If enough are available that is no outage, but
// worth a hint.
func lacksReplicas(d *appsv1.Deployment) bool {
	return d.Status.AvailableReplicas < replicas(d)
}

// wasScaledToZero reports whether this generation was Ready without a replica: those that it lacks are starting.
func wasScaledToZero(ms *v1alpha1.Microservice) bool {
	return readyBefore(ms).Reason == v1alpha1.ReasonScaledToZero
}

// wasReady reports whether this generation has been Ready.
func wasReady(ms *v1alpha1.Microservice) bool {
	before := readyBefore(ms)
	return before != nil && (before.Status == metav1.ConditionTrue || before.Reason == v1alpha1.ReasonUnavailable)
}

// readyBefore returns the stored Ready condition of this generation, or nil.
func readyBefore(ms *v1alpha1.Microservice) *metav1.Condition {
	before := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if before == nil || before.ObservedGeneration != ms.Generation {
		return nil
	}
	return before
}

// rollingOutMessage contains no counters, so that a rollout of n pods does not cause n messages.
func rollingOutMessage(ms *v1alpha1.Microservice) string {
	return "Rolling out " + ms.Spec.Image
}

func ready(status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: v1alpha1.ConditionReady, Status: status, Reason: reason, Message: message}
}

// rolledOut reports whether every pod has the newest template. UpdatedReplicas is needed: during a roll-back to an earlier
// template the Progressing condition alone says so before any pod is updated.
func rolledOut(d *appsv1.Deployment) bool {
	return !generationNotObserved(d) && rolloutComplete(d)
}

// rolloutComplete evaluates the last status of the Deployment's controller. For a paused Deployment it does not report
// progress: then the counters tell whether the newest template was rolled out.
func rolloutComplete(d *appsv1.Deployment) bool {
	if d.Spec.Paused {
		return d.Status.UpdatedReplicas == d.Status.Replicas && d.Status.UpdatedReplicas >= min(replicas(d), 1)
	}
	return lastProgress(d) == "NewReplicaSetAvailable" && d.Status.UpdatedReplicas == d.Status.Replicas
}

// staleAfterResize reports whether somebody else, most likely an autoscaler, resized a complete Deployment whose controller has
// not observed that yet. Until then the state is unchanged.
func staleAfterResize(ms *v1alpha1.Microservice, o Observation) bool {
	d := o.Deployment
	return generationNotObserved(d) && !o.Rewritten && rolloutComplete(d) && (wasReady(ms) || startingFromZero(ms, o))
}

// Restarting reports whether pods are being replaced, and nothing is known that prevents the new ones from starting. d is the
// Deployment of ms.
func Restarting(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	if rolledOut(d) || meta.IsStatusConditionTrue(ms.Status.Conditions, v1alpha1.ConditionStalled) {
		return false
	}
	before := readyBefore(ms)
	return before == nil || !podReasons[before.Reason] || mayStillStart(before.Reason)
}

// mayStillStart reports whether pods that fail for the reason usually start a moment later.
func mayStillStart(reason string) bool {
	return reason == v1alpha1.ReasonReadinessFailing || reason == v1alpha1.ReasonPodNotStarting
}

// OldPodsGone reports whether only pods of the newest template are left. Since 1.35 Kubernetes counts terminating pods; before
// that, longSettled tells that the Deployment has not changed for as long as pods may take to stop.
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

// deadlineExceeded stays true for a generation: the Deployment's own condition is reset by the next pod that starts.
func deadlineExceeded(ms *v1alpha1.Microservice, d *appsv1.Deployment) bool {
	return pastDeadline(ms) || progress(d) == "ProgressDeadlineExceeded"
}

// pastDeadline reports whether this generation exceeded the deadline before. A later failure of a child does not reset it.
func pastDeadline(ms *v1alpha1.Microservice) bool {
	before := readyBefore(ms)
	return before != nil && before.Reason == v1alpha1.ReasonProgressDeadlineExceeded
}

// progress returns the reason of the Progressing condition for the newest template, empty if it is not observed yet.
func progress(d *appsv1.Deployment) string {
	if generationNotObserved(d) {
		return ""
	}
	return lastProgress(d)
}

func lastProgress(d *appsv1.Deployment) string {
	return progressing(d).Reason
}

// progressing returns the Deployment's Progressing condition, or the zero value.
func progressing(d *appsv1.Deployment) appsv1.DeploymentCondition {
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentProgressing {
			return c
		}
	}
	return appsv1.DeploymentCondition{}
}

// pastDeadlineState adds the failure of the pods, or how to find it.
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

// LastProgress returns when the Deployment's controller last saw progress, or the zero time.
func LastProgress(d *appsv1.Deployment) metav1.Time {
	return progressing(d).LastUpdateTime
}

func replicas(d *appsv1.Deployment) int32 {
	if d.Spec.Replicas == nil {
		return 1
	}
	return *d.Spec.Replicas
}
