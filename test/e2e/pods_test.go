package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	clientexec "k8s.io/client-go/util/exec"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/status"
)

// ready waits until a Deployment runs as it should, without old pods, and returns one of its pods.
func ready(ctx context.Context, namespace, name string) *corev1.Pod {
	GinkgoHelper()
	var found *corev1.Pod
	Eventually(ctx, func() (err error) {
		found, err = readyPod(ctx, namespace, name)
		return err
	}).Should(Succeed())
	return found
}

// readyPod returns a pod of a Deployment that runs as it should, without old pods.
func readyPod(ctx context.Context, namespace, name string) (*corev1.Pod, error) {
	d := &appsv1.Deployment{}
	if err := kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, d); err != nil {
		return nil, err
	}
	selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
	if err != nil {
		return nil, err
	}
	pods := &corev1.PodList{}
	if err := kube.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector}); err != nil {
		return nil, err
	}
	// Who was evicted stays as a record.
	pods.Items = slices.DeleteFunc(pods.Items, func(pod corev1.Pod) bool { return status.Ended(&pod) })
	want := *d.Spec.Replicas
	if s := d.Status; s.ObservedGeneration != d.Generation || s.UpdatedReplicas != want || s.Replicas != want || s.AvailableReplicas != want || len(pods.Items) != int(want) || want == 0 {
		return nil, fmt.Errorf("Deployment %s/%s of %d replicas has %d pods and the status %+v", namespace, name, want, len(pods.Items), s)
	}
	return &pods.Items[0], nil
}

// gone waits until a pod has ended and is deleted.
func gone(ctx context.Context, pod *corev1.Pod) {
	GinkgoHelper()
	Eventually(ctx, func() bool {
		return apierrors.IsNotFound(kube.Get(ctx, client.ObjectKeyFromObject(pod), &corev1.Pod{}))
	}).Should(BeTrue(), pod.Name)
}

// connects reports whether the peer, a pod or the host outside, gets a connection that is answered.
func (p *peer) connects(ctx context.Context, to string, port int32, protocol corev1.Protocol) (bool, error) {
	args := []string{"connect", strings.ToLower(string(protocol)), net.JoinHostPort(to, strconv.Itoa(int(port)))}
	if p.pod == nil {
		args = slices.Concat(p.enter, args)
		err := exec.CommandContext(ctx, args[0], args[1:]...).Run()
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return false, nil
		}
		return err == nil, err
	}
	_, err := inPod(ctx, p.pod, args...)
	var failed clientexec.CodeExitError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

// inPod runs the program of a pod again, with other arguments, and returns what it prints.
func inPod(ctx context.Context, pod *corev1.Pod, args ...string) (string, error) {
	client, err := rest.RESTClientFor(coreConfig())
	if err != nil {
		return "", err
	}
	request := client.Post().Resource("pods").Namespace(pod.Namespace).Name(pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: append([]string{"/app"}, args...), Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(config, "GET", request.URL().String())
	if err != nil {
		return "", err
	}
	var said bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &said, Stderr: &said})
	return said.String(), err
}

// coreConfig is the cluster's configuration for the core API group.
func coreConfig() *rest.Config {
	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion, c.NegotiatedSerializer = "/api", &corev1.SchemeGroupVersion, scheme.Codecs.WithoutConversion()
	return c
}
