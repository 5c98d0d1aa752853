package status_test

import (
	"slices"
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
	o.Pods = status.Pods{Read: true, Items: pods}
	return o
}

func unschedulablePod() corev1.Pod {
	return corev1.Pod{Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonUnschedulable,
		Message: "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are available",
	}}}}
}

func withWarning(o status.Observation, reason, message string) status.Observation {
	o.Pods.Warnings = []corev1.Event{{Reason: reason, Message: message}}
	return o
}

// failedTimes is a pod whose readiness probe may fail 3 times, with so many failures of the first message and one of each other.
func failedTimes(n int32, messages ...string) status.Observation {
	pod := podNamed("a", corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
	pod.Spec.Containers = []corev1.Container{{Name: "app", ReadinessProbe: &corev1.Probe{FailureThreshold: 3}}}
	o := lookedAt(pod)
	for i, message := range messages {
		e := corev1.Event{Reason: "Unhealthy", Message: message, InvolvedObject: corev1.ObjectReference{FieldPath: "spec.containers{app}"}}
		if i == 0 {
			e.Count, e.LastTimestamp = n, now
		}
		o.Pods.Warnings = append(o.Pods.Warnings, e)
	}
	return o
}

// startedBefore has the container of failedTimes, whose probe is tried every 10 s, start so long before now.
func startedBefore(o status.Observation, d time.Duration) status.Observation {
	pod := &o.Pods.Items[0]
	pod.Spec.Containers[0].ReadinessProbe.PeriodSeconds = 10
	pod.Status.PodIP = "10.0.1.2"
	pod.Status.ContainerStatuses[0].State.Running.StartedAt = metav1.NewTime(now.Add(-d))
	return o
}

// evictedPod stays, with the words of its container.
func evictedPod(name string) corev1.Pod {
	pod := podNamed(name, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(137, "Error", "")}})
	pod.Status.Phase, pod.Status.Reason = corev1.PodFailed, "Evicted"
	pod.Status.Message = "The node was low on resource: memory. Threshold quantity: 100Mi, available: 3Mi. "
	return pod
}

// endedPod was evicted, too, and its container ended with 0.
func endedPod(name string) corev1.Pod {
	pod := podNamed(name, corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(0, "Completed", "")}})
	pod.Status.Phase = corev1.PodSucceeded
	return pod
}

func goingPod() corev1.Pod {
	pod := podNamed("a", waitsFor("CreateContainerConfigError", "no secret"))
	pod.DeletionTimestamp = &now
	return pod
}

func gatedPod() corev1.Pod {
	return corev1.Pod{
		Spec: corev1.PodSpec{SchedulingGates: []corev1.PodSchedulingGate{{Name: "example.com/wait"}}},
		Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
			Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: corev1.PodReasonSchedulingGated,
		}}},
	}
}

func initializingPod() corev1.Pod {
	pod := podNamed("a", waitsFor("PodInitializing", ""))
	always := corev1.ContainerRestartPolicyAlways
	since := metav1.NewTime(time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC))
	runs := corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: since}}
	pod.Spec.InitContainers = []corev1.Container{{Name: "proxy", RestartPolicy: &always}, {Name: "migrate"}}
	pod.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "proxy", State: runs}, {Name: "migrate", State: runs}}
	return pod
}

func TestPodReasons(t *testing.T) {
	logs := "; see kubectl logs -n shop -l apps.microservice.dev/name=web -c app --tail=20 --ignore-errors"
	initLogs := strings.Replace(logs, "-c app", "--all-containers --prefix", 1)
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
		"pulling, in the words of containerd": {
			lookedAt(podNamed("a", waitsFor("ErrImagePull", `rpc error: code = NotFound desc = failed to pull and unpack image "web:1": failed to resolve image: web:1: not found`))),
			"ImagePullFailed", "Container app: image web:1 cannot be pulled: failed to resolve image: web:1: not found; check the name and imagePullSecrets",
		},
		"configuration, in the words of containerd": {
			lookedAt(podNamed("a", waitsFor("CreateContainerError", "rpc error: code = Unknown desc = failed to generate spec: no such device"))),
			"ContainerConfigError", "Container app cannot be created: failed to generate spec: no such device",
		},
		"crashed, waiting": {
			lookedAt(podNamed("a", corev1.ContainerStatus{
				State: waitsFor("CrashLoopBackOff", "back-off 40s").State, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "OOMKilled", "")},
			})),
			"CrashLooping", "Container app keeps crashing: exit code 137 (OOMKilled)" + logs,
		},
		"crashed, running again, says the same": {
			lookedAt(podNamed("a", corev1.ContainerStatus{
				State: running, RestartCount: 4, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "OOMKilled", "")},
			})),
			"CrashLooping", "Container app keeps crashing: exit code 137 (OOMKilled)" + logs,
		},
		"crashed, with last words": {
			lookedAt(podNamed("a", corev1.ContainerStatus{State: corev1.ContainerState{Terminated: ended(1, "Error", strings.Repeat("x", 300)+" no database\n")}})),
			"CrashLooping", "Container app keeps crashing: exit code 1: ..." + strings.Repeat("x", 244) + " no database" + logs,
		},
		"an init container": {
			lookedAt(withInit), "CrashLooping", "Init container migrate keeps crashing: exit code 1: no schema" + initLogs,
		},
		"an init container that is done is no crash": {
			lookedAt(initDone), "ImagePullFailed", "Container app: image web:1 cannot be pulled: not found; check the name and imagePullSecrets",
		},
		"configuration": {
			lookedAt(podNamed("a", waitsFor("CreateContainerConfigError", `secret "db" not found`))),
			"ContainerConfigError", `Container app cannot be created: secret "db" not found`,
		},
		"no node": {
			lookedAt(unschedulablePod()), "Unschedulable", "No node can run the pods: 0/3 nodes are available: 3 Insufficient cpu.",
		},
		"the first pod by name speaks": {
			lookedAt(podNamed("b", waitsFor("CreateContainerError", "b")), podNamed("a", waitsFor("CreateContainerError", "a"))),
			"ContainerConfigError", "Container app cannot be created: a",
		},
		"a probe": {warning("Unhealthy", "Readiness probe failed: 503\n"), "ReadinessFailing", "The pods do not become ready: Readiness probe failed: 503"},
		"a probe that fails less often than its threshold": {
			failedTimes(2, "Readiness probe failed: 503"), "RollingOut", "Rolling out web:1",
		},
		"a probe that fails as often as its threshold, in several words": {
			failedTimes(2, "Readiness probe failed: 503", "Readiness probe failed: refused"),
			"ReadinessFailing", "The pods do not become ready: Readiness probe failed: 503",
		},
		"a probe that a kubelet tries more often, before its patience is over": {
			startedBefore(failedTimes(5, "Readiness probe failed: refused"), 19*time.Second), "RollingOut", "Rolling out web:1",
		},
		"a probe whose patience is over, in words that hold the pod's address": {
			startedBefore(failedTimes(5, "Readiness probe failed: dial tcp 10.0.1.2:8080: connect: connection refused"), 20*time.Second),
			"ReadinessFailing", "The pods do not become ready: Readiness probe failed: dial tcp :8080: connect: connection refused",
		},
		"a startup probe that has patience left": {warning("Unhealthy", "Startup probe failed: 503"), "RollingOut", "Rolling out web:1"},
		"a volume":                               {warning("FailedMount", "no configmap"), "VolumeNotReady", "The pods do not become ready: no configmap"},
		"anything else":                          {warning("FailedCreatePodSandBox", "no network"), "PodNotStarting", "The pods do not become ready: no network"},
		"an image that runs as root": {
			lookedAt(podNamed("web-6b7-x2x4k", waitsFor("CreateContainerConfigError", `container has runAsNonRoot and image will run as root (pod: "web-6b7-x2x4k_shop(0f)", container: app)`))),
			"ContainerConfigError", "Container app cannot be created: container has runAsNonRoot and image will run as root" +
				"; use an image that does not run as root, or set podTemplate.spec.securityContext.runAsUser to the number of a user, such as 10001",
		},
		"a pull secret that is missing": {
			withWarning(lookedAt(podNamed("a", waitsFor("ErrImagePull", "denied"))), "FailedToRetrieveImagePullSecret",
				"Unable to retrieve some image pull secrets (regcred); attempting to pull the image may not succeed."),
			"ImagePullFailed", "Container app: image web:1 cannot be pulled: denied; the pull secrets regcred are not there or cannot be used",
		},
		"a liveness probe that kills": {
			withWarning(lookedAt(podNamed("a", corev1.ContainerStatus{State: running, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "Error", "")}})),
				"Unhealthy", "Liveness probe failed: HTTP probe failed with statuscode: 500"),
			"CrashLooping", "Container app keeps crashing: exit code 137; Liveness probe failed: HTTP probe failed with statuscode: 500" + logs,
		},
		"a hook, whose words hold the pod's name": {
			withWarning(lookedAt(podNamed("a", corev1.ContainerStatus{State: waitsFor("CrashLoopBackOff", "").State, LastTerminationState: corev1.ContainerState{Terminated: ended(137, "Error", "")}})),
				"FailedPostStartHook", `Exec lifecycle hook ([false]) for Container "app" in Pod "web-6b7-x2x4k_shop(0f)" failed`),
			"CrashLooping", `Container app keeps crashing: exit code 137; Exec lifecycle hook ([false]) for Container "app" failed` + logs,
		},
		"a hook, before the container has ended": {
			withWarning(lookedAt(podNamed("a", corev1.ContainerStatus{State: running})), "FailedPostStartHook", "PostStartHook failed"), "RollingOut", "Rolling out web:1",
		},
		"a hook, the first time": {
			withWarning(lookedAt(podNamed("a", waitsFor("PostStartHookError", "PostStartHook failed"))), "FailedPostStartHook", "PostStartHook failed"),
			"CrashLooping", "Container app keeps crashing; PostStartHook failed" + logs,
		},
		"an evicted pod that is long gone says nothing": {
			withWarning(lookedAt(evictedPod("a"), podNamed("b", corev1.ContainerStatus{State: running})), "Unhealthy", "Readiness probe failed: 503"),
			"ReadinessFailing", "The pods do not become ready: Readiness probe failed: 503",
		},
		"evicted again and again": {
			lookedAt(evictedPod("a"), evictedPod("b"), podNamed("c", waitsFor("ContainerCreating", ""))),
			"PodNotStarting", "The pods keep being evicted: The node was low on resource: memory.",
		},
		"ended again and again": {
			lookedAt(endedPod("a"), endedPod("b"), podNamed("c", waitsFor("ContainerCreating", ""))),
			"PodNotStarting", "The pods keep being ended by their node; see kubectl get events -n shop --field-selector=reason=Evicted",
		},
		"a pod that is going says nothing": {lookedAt(goingPod()), "RollingOut", "Rolling out web:1"},
		"a scheduling gate":                {lookedAt(gatedPod()), "Unschedulable", "The pods are not scheduled before their scheduling gates are removed: example.com/wait"},
		"an init container that hangs": {
			lookedAt(initializingPod()), "PodNotStarting", "Init container migrate has not finished since 2026-11-01T10:00:00Z; the other containers wait for it",
		},
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
		{Reason: "Unhealthy", Message: "Readiness probe failed: new", EventTime: metav1.NewMicroTime(now.Time)},
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
			reword(ms, v1alpha1.ConditionReady, v1alpha1.ConditionAvailable)
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

// reword has conditions say the same in other words: nothing is read back from them.
func reword(ms *v1alpha1.Microservice, types ...string) {
	for i := range ms.Status.Conditions {
		if c := &ms.Status.Conditions[i]; slices.Contains(types, c.Type) {
			c.Message = "in other words"
		}
	}
}

// An autoscaler may want many more than its minimum. That others crash is no outage, and is told. Until the pods are read again the
// words are gone, which is not worth a write.
func TestPodsBeyondTheMinimumCrash(t *testing.T) {
	autoscaled := func(ms *v1alpha1.Microservice) {
		ms.Spec.Replicas, ms.Spec.Autoscaling = nil, &v1alpha1.Autoscaling{MinReplicas: new(int32(2)), MaxReplicas: 10}
	}
	ms := after(microservice(autoscaled), seen(deployment(counts(2, 2, 2, 2))))
	o := seen(deployment(counts(8, 8, 8, 1)))
	if !status.LacksPods(ms, &o) {
		t.Fatal("the pods are not looked at")
	}
	o.Pods = status.Pods{Read: true, Items: []corev1.Pod{podNamed("a", corev1.ContainerStatus{LastTerminationState: corev1.ContainerState{Terminated: ended(3, "Error", "")}})}}
	ms = after(ms, o)
	got := condition(ms.Status, v1alpha1.ConditionReady)
	if got.Status != metav1.ConditionTrue || !strings.HasPrefix(got.Message, "1 of 8 replicas are available; of the others: Container app keeps crashing: exit code 3") {
		t.Errorf("Ready is %s, %q", got.Status, got.Message)
	}
	o.Pods = status.Pods{}
	next := status.Compute(ms, o, now)
	if change := status.Compare(&ms.Status, &next); change.Due(&o) {
		t.Errorf("it is written while the pods are not read: %v", change)
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
	unobserved := rollingOut(1, 2)
	unobserved.Generation++
	troubled := seen(rollingOut(1, 2))
	troubled.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed}
	for name, tc := range map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want bool
	}{
		"available":                      {microservice(), seen(deployment()), false},
		"rolling out":                    {microservice(), seen(rollingOut(1, 3)), true},
		"one pod short":                  {microservice(), seen(deployment(counts(3, 3, 3, 2))), true},
		"under the minimum":              {microservice(), seen(deployment(counts(3, 3, 3, 1))), true},
		"parked":                         {microservice(parked), seen(rollingOut(1, 1)), false},
		"without a Deployment":           {microservice(), seen(nil), false},
		"with an older Deployment":       {microservice(), unwritten, false},
		"in other trouble":               {microservice(), troubled, false},
		"not observed by its controller": {microservice(), seen(unobserved), false},
	} {
		if got := status.LacksPods(tc.ms, &tc.seen); got != tc.want {
			t.Errorf("%s: LacksPods() = %t, want %t", name, got, tc.want)
		}
	}
}
