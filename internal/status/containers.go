package status

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// The reasons of a waiting container: https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/images/types.go and
// https://github.com/kubernetes/kubernetes/blob/v1.37.2/pkg/kubelet/kuberuntime/kuberuntime_container.go.
var (
	imageReasons = []string{
		"ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable",
		"SignatureValidationFailed",
	}
	configReasons = []string{
		"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "PreCreateHookError", "PreStartHookError",
	}
)

// eachContainer calls find for the containers of a pod in a fixed order.
func eachContainer(pod *corev1.Pod, find func(name string, c *corev1.ContainerStatus) *podFailure) *podFailure {
	all := containers(pod)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if c := find(name, all[name]); c != nil {
			return c
		}
	}
	return nil
}

// imagePull returns the same message while the kubelet pulls and while it backs off.
func imagePull(pod *corev1.Pod) *podFailure {
	return eachContainer(pod, func(name string, c *corev1.ContainerStatus) *podFailure {
		w := c.State.Waiting
		if w == nil || !slices.Contains(imageReasons, w.Reason) {
			return nil
		}
		message := fmt.Sprintf("%s: image %s cannot be pulled", name, c.Image)
		if said := pullError(w.Message); said != "" {
			message += ": " + said
		}
		return &podFailure{reason: v1alpha1.ReasonImagePullFailed, message: message}
	})
}

// pullError extracts the cause from "Back-off pulling image ...: ErrImagePull: the cause". Before Kubernetes 1.32 there is
// none.
func pullError(message string) string {
	if _, said, found := strings.Cut(message, "ErrImagePull: "); found {
		return said
	}
	if strings.HasPrefix(message, "Back-off pulling image") {
		return ""
	}
	return message
}

func containerConfig(pod *corev1.Pod) *podFailure {
	return eachContainer(pod, func(name string, c *corev1.ContainerStatus) *podFailure {
		w := c.State.Waiting
		if w == nil || !slices.Contains(configReasons, w.Reason) {
			return nil
		}
		return &podFailure{reason: v1alpha1.ReasonContainerConfigError, message: fmt.Sprintf("%s cannot be created: %s", name, w.Message)}
	})
}

// crash leaves out the restart count, so that the message is the same while the container waits, runs and exits.
func crash(pod *corev1.Pod) *podFailure {
	return eachContainer(pod, func(name string, c *corev1.ContainerStatus) *podFailure {
		ended := c.State.Terminated
		if ended == nil {
			ended = c.LastTerminationState.Terminated
		}
		// A container whose hook fails is killed, too, and waits under another name the first time.
		backingOff := c.State.Waiting != nil && (c.State.Waiting.Reason == "CrashLoopBackOff" || c.State.Waiting.Reason == "PostStartHookError")
		switch {
		case c.Ready || ended == nil && !backingOff:
			return nil
		case ended == nil:
			return &podFailure{reason: v1alpha1.ReasonCrashLooping, message: name + " keeps crashing", container: c.Name}
		case ended.ExitCode == 0 && strings.HasPrefix(name, "Init"):
			return nil
		}
		return &podFailure{reason: v1alpha1.ReasonCrashLooping, message: name + " keeps crashing: " + terminationMessage(ended), container: c.Name}
	})
}

// initializing finds an init container that is still running while the others wait for it. A sidecar runs all the time.
func initializing(pod *corev1.Pod) *podFailure {
	for i := range pod.Status.InitContainerStatuses {
		c := &pod.Status.InitContainerStatuses[i]
		if running := c.State.Running; running != nil && !isSidecar(pod, c.Name) {
			return &podFailure{
				reason:  v1alpha1.ReasonPodNotStarting,
				message: fmt.Sprintf("Init container %s has not finished since %s; the other containers wait for it", c.Name, running.StartedAt.UTC().Format("2006-01-02T15:04:05Z")),
			}
		}
	}
	return nil
}

func isSidecar(pod *corev1.Pod, name string) bool {
	return slices.ContainsFunc(pod.Spec.InitContainers, func(c corev1.Container) bool {
		return c.Name == name && c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
	})
}

// maxTerminationMessage bounds the text from a container's termination log, in bytes.
const maxTerminationMessage = 256

func terminationMessage(ended *corev1.ContainerStateTerminated) string {
	words := fmt.Sprintf("exit code %d", ended.ExitCode)
	if ended.Reason != "" && ended.Reason != "Error" && ended.Reason != "Completed" {
		words += " (" + ended.Reason + ")"
	}
	if said := strings.TrimSpace(ended.Message); said != "" {
		if len(said) > maxTerminationMessage {
			said = "..." + strings.ToValidUTF8(said[len(said)-maxTerminationMessage:], "")
		}
		words += ": " + said
	}
	return words
}

// eventCount returns how often an event occurred, in either form of the API.
func eventCount(e *corev1.Event) int32 {
	if e.Series != nil {
		return e.Series.Count
	}
	return max(e.Count, 1)
}

// eventTime returns the time of an event, in either form of the API.
func eventTime(e *corev1.Event) *metav1.Time {
	switch {
	case e.Series != nil:
		return &metav1.Time{Time: e.Series.LastObservedTime.Time}
	case !e.LastTimestamp.IsZero():
		return &e.LastTimestamp
	default:
		return &metav1.Time{Time: e.EventTime.Time}
	}
}
