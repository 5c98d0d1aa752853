package status_test

import (
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// podNamed is a scheduled pod whose container app is in that state.
func podNamed(name string, app corev1.ContainerStatus) corev1.Pod {
	app.Name, app.Image = "app", "web:1"
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Status: corev1.PodStatus{
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}},
			ContainerStatuses: []corev1.ContainerStatus{app},
		},
	}
}

func waitsFor(reason, message string) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}
}

func ended(code int32, reason, message string) *corev1.ContainerStateTerminated {
	return &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason, Message: message}
}

// lookedAt is a rollout that stands still, with these pods.
func lookedAt(pods ...corev1.Pod) status.Observation {
	o := seen(rollingOut(1, 2))
	o.Pods = status.Pods{Seen: true, Items: pods}
	return o
}

func unschedulablePod() corev1.Pod {
	return corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		Message: "0/3 nodes are available: 3 Insufficient cpu. preemption: 0/3 nodes are available",
	}}}}
}

func TestPodReasons(t *testing.T) {
	logs := "; see kubectl logs -n shop -l apps.microservice.dev/name=web --previous"
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	warning := func(reason, message string) status.Observation {
		o := lookedAt(podNamed("a", corev1.ContainerStatus{State: running}))
		o.Pods.Warnings = []corev1.Event{{Reason: reason, Message: message}}
		return o
	}
	withInit := podNamed("a", waitsFor("PodInitializing", ""))
	withInit.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: "migrate", State: corev1.ContainerState{Terminated: ended(1, "Error", "no schema")},
	}}
	initDone := podNamed("a", waitsFor("ErrImagePull", "not found"))
	initDone.Status.InitContainerStatuses = []corev1.ContainerStatus{{
		Name: "migrate", State: corev1.ContainerState{Terminated: ended(0, "Completed", "")},
	}}
	cases := map[string]struct {
		seen        status.Observation
		want        string
		wantMessage string
	}{
		"pulling, tried": {
			lookedAt(podNamed("a", waitsFor("ErrImagePull", "web:1: not found"))),
			"ImagePullFailed", "Container app: image web:1 cannot be pulled: web:1: not found; check the name and imagePullSecrets",
		},
		"pulling, waiting, says the same": {
			lookedAt(podNamed("a", waitsFor("ImagePullBackOff", `Back-off pulling image "web:1": ErrImagePull: web:1: not found`))),
			"ImagePullFailed", "Container app: image web:1 cannot be pulled: web:1: not found; check the name and imagePullSecrets",
		},
		"pulling, waiting, before Kubernetes 1.32": {
			lookedAt(podNamed("a", waitsFor("ImagePullBackOff", `Back-off pulling image "web:1"`))),
			"ImagePullFailed", "Container app: image web:1 cannot be pulled; check the name and imagePullSecrets",
		},
		"crashed, waiting": {
			lookedAt(podNamed("a", corev1.ContainerStatus{
				State: waitsFor("CrashLoopBackOff", "back-off 40s").State, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "OOMKilled", "")},
			})),
			"CrashLooping", "Container app ends again and again: exit code 137 (OOMKilled)" + logs,
		},
		"crashed, running again, says the same": {
			lookedAt(podNamed("a", corev1.ContainerStatus{
				State: running, RestartCount: 4, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "OOMKilled", "")},
			})),
			"CrashLooping", "Container app ends again and again: exit code 137 (OOMKilled)" + logs,
		},
		"crashed, with last words": {
			lookedAt(podNamed("a", corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(1, "Error", strings.Repeat("x", 300)+" no database\n")}})),
			"CrashLooping", "Container app ends again and again: exit code 1: ..." + strings.Repeat("x", 244) + " no database" + logs,
		},
		"an init container": {
			lookedAt(withInit), "CrashLooping", "Init container migrate ends again and again: exit code 1: no schema" + logs,
		},
		"an init container that is done is no crash": {
			lookedAt(initDone), "ImagePullFailed", "Container app: image web:1 cannot be pulled: not found; check the name and imagePullSecrets",
		},
		"configuration": {
			lookedAt(podNamed("a", waitsFor("CreateContainerConfigError", `secret "db" not found`))),
			"ContainerConfigError", `Container app cannot be made: secret "db" not found`,
		},
		"no node": {
			lookedAt(unschedulablePod()), "Unschedulable", "No node takes the pods: 0/3 nodes are available: 3 Insufficient cpu.",
		},
		"the first pod by name speaks": {
			lookedAt(podNamed("b", waitsFor("CreateContainerError", "b")), podNamed("a", waitsFor("CreateContainerError", "a"))),
			"ContainerConfigError", "Container app cannot be made: a",
		},
		"a probe":          {warning("Unhealthy", "Readiness probe failed: 503\n"), "ReadinessFailing", "The pods do not become ready: Readiness probe failed: 503"},
		"a volume":         {warning("FailedMount", "no configmap"), "VolumeNotReady", "The pods do not become ready: no configmap"},
		"anything else":    {warning("FailedCreatePodSandBox", "no network"), "PodNotStarting", "The pods do not become ready: no network"},
		"nothing is wrong": {lookedAt(podNamed("a", waitsFor("ContainerCreating", ""))), "RollingOut", "Rolling out web:1"},
		"no pods yet":      {lookedAt(), "RollingOut", "Rolling out web:1"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := condition(status.Compute(microservice(), tc.seen, now), v1alpha1.ConditionReady)
			if got.Reason != tc.want || got.Message != tc.wantMessage {
				t.Errorf("Ready is %s, %q, want %s, %q", got.Reason, got.Message, tc.want, tc.wantMessage)
			}
		})
	}
}

func TestLatestWarningSpeaks(t *testing.T) {
	o := lookedAt(podNamed("a", corev1.ContainerStatus{}))
	o.Pods.Warnings = []corev1.Event{
		{Reason: "FailedMount", Message: "old", LastTimestamp: yesterday},
		{Reason: "Unhealthy", Message: "new", EventTime: metav1.NewMicroTime(now.Time)},
		{Reason: "FailedMount", Message: "older, repeated", EventTime: metav1.NewMicroTime(yesterday.Time),
			Series: &corev1.EventSeries{LastObservedTime: metav1.NewMicroTime(yesterday.Add(time.Hour))}},
	}
	if got := condition(status.Compute(microservice(), o, now), v1alpha1.ConditionReady); !strings.HasSuffix(got.Message, ": new") {
		t.Errorf("Ready says %q", got.Message)
	}
}

// Between two looks nothing is known of the pods, and what was said stays.
func TestPodReasonsStayUntilTheNextLook(t *testing.T) {
	crashing := lookedAt(podNamed("a", corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: ended(3, "Error", "")}}))
	deadline := crashing
	deadline.Deployment = deployment(counts(3, 3, 1, 2), progressing("ProgressDeadlineExceeded"))
	outage := crashing
	outage.Deployment = deployment(counts(3, 3, 3, 1))
	for name, tc := range map[string]struct {
		ms     *v1alpha1.Microservice
		looked status.Observation
	}{
		"rolling out":         {microservice(), crashing},
		"behind the deadline": {microservice(), deadline},
		"an outage":           {after(microservice(), seen(deployment())), outage},
	} {
		t.Run(name, func(t *testing.T) {
			ms := after(tc.ms, tc.looked)
			said := condition(ms.Status, v1alpha1.ConditionReady)
			if !strings.Contains(said.Message, "exit code 3") {
				t.Fatalf("Ready says %q", said.Message)
			}
			notLooked := tc.looked
			notLooked.Pods = status.Pods{}
			next := status.Compute(ms, notLooked, now)
			if got := condition(next, v1alpha1.ConditionReady); got != said {
				t.Errorf("without a look Ready is %+v, want %+v", got, said)
			}
			well := tc.looked
			well.Pods.Items = nil
			if got := condition(status.Compute(ms, well, now), v1alpha1.ConditionReady); strings.Contains(got.Message, "exit code") {
				t.Errorf("after a look that finds nothing Ready says %q", got.Message)
			}
			ms.Generation++
			if got := condition(status.Compute(ms, notLooked, now), v1alpha1.ConditionReady); strings.Contains(got.Message, "exit code") {
				t.Errorf("of another generation Ready says %q", got.Message)
			}
		})
	}
}

func TestRefusedPodsAreKnownWithoutALook(t *testing.T) {
	refused := func(message string) *appsv1.Deployment {
		d := rollingOut(0, 3)
		d.Status.Conditions = append(d.Status.Conditions, appsv1.DeploymentCondition{
			Type: appsv1.DeploymentReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: message,
		})
		return d
	}
	for message, want := range map[string]string{
		`pods "web-6b7-x2x4k" is forbidden: exceeded quota: small, requested: pods=1`: "QuotaExceeded: Pods cannot be created: a pod is forbidden: exceeded quota: small, requested: pods=1",
		`pods "web-6b7-abcde" is forbidden: violates PodSecurity "restricted:latest"`: `PodRefused: Pods cannot be created: a pod is forbidden: violates PodSecurity "restricted:latest"`,
	} {
		got := condition(status.Compute(microservice(), seen(refused(message)), now), v1alpha1.ConditionReady)
		if said := got.Reason + ": " + got.Message; said != want {
			t.Errorf("Ready is %q, want %q", said, want)
		}
	}
}

func TestStuck(t *testing.T) {
	unwritten := seen(rollingOut(1, 2))
	unwritten.Applied = false
	troubled := seen(rollingOut(1, 2))
	troubled.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed}
	for name, tc := range map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want bool
	}{
		"available":                {microservice(), seen(deployment()), false},
		"rolling out":              {microservice(), seen(rollingOut(1, 3)), true},
		"one pod short":            {microservice(), seen(deployment(counts(3, 3, 3, 2))), false},
		"under the minimum":        {microservice(), seen(deployment(counts(3, 3, 3, 1))), true},
		"parked":                   {microservice(parked), seen(rollingOut(1, 1)), false},
		"without a Deployment":     {microservice(), seen(nil), false},
		"with an older Deployment": {microservice(), unwritten, false},
		"in other trouble":         {microservice(), troubled, false},
	} {
		if got := status.Stuck(tc.ms, &tc.seen); got != tc.want {
			t.Errorf("%s: Stuck() = %t, want %t", name, got, tc.want)
		}
	}
}
