package e2e

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os/exec"
	"slices"
	"strconv"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/remotecommand"
	clientexec "k8s.io/client-go/util/exec"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// ready waits until a Deployment runs as it should, and returns one of its pods.
func ready(ctx context.Context, namespace, name string) *corev1.Pod {
	GinkgoHelper()
	var found *corev1.Pod
	Eventually(ctx, func(g Gomega) {
		d := &appsv1.Deployment{}
		g.Expect(kube.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, d)).To(Succeed())
		g.Expect(d.Status.ObservedGeneration).To(Equal(d.Generation))
		g.Expect(d.Status.UpdatedReplicas).To(Equal(*d.Spec.Replicas))
		g.Expect(d.Status.Replicas).To(Equal(*d.Spec.Replicas), "old pods are still there")
		g.Expect(d.Status.ReadyReplicas).To(Equal(*d.Spec.Replicas))
		selector, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		g.Expect(err).NotTo(HaveOccurred())
		pods := &corev1.PodList{}
		g.Expect(kube.List(ctx, pods, client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector})).To(Succeed())
		g.Expect(pods.Items).To(HaveLen(int(*d.Spec.Replicas)), "pods of %s/%s", namespace, name)
		found = &pods.Items[0]
	}).Should(Succeed())
	return found
}

// connects runs agnhost in a pod, or on the host outside, and reports whether it gets a connection that is answered.
func (p *peer) connects(ctx context.Context, to string, port int32, protocol corev1.Protocol) (bool, error) {
	command := []string{"/agnhost", "connect", "--timeout=1s", "--protocol=" + map[corev1.Protocol]string{corev1.ProtocolTCP: "tcp", corev1.ProtocolUDP: "udp"}[protocol],
		net.JoinHostPort(to, strconv.Itoa(int(port)))}
	if p.pod == nil {
		args := slices.Concat(p.enter, command[1:])
		err := exec.CommandContext(ctx, args[0], args[1:]...).Run()
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			return false, nil
		}
		return err == nil, err
	}
	client, err := rest.RESTClientFor(coreConfig())
	if err != nil {
		return false, err
	}
	request := client.Post().Resource("pods").Namespace(p.pod.Namespace).Name(p.pod.Name).SubResource("exec").
		VersionedParams(&corev1.PodExecOptions{Command: command, Stdout: true, Stderr: true}, scheme.ParameterCodec)
	executor, err := remotecommand.NewWebSocketExecutor(config, "GET", request.URL().String())
	if err != nil {
		return false, err
	}
	var said bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &said, Stderr: &said})
	var failed clientexec.CodeExitError
	if errors.As(err, &failed) {
		return false, nil
	}
	return err == nil, err
}

// coreConfig is the cluster's configuration for the core API group.
func coreConfig() *rest.Config {
	c := rest.CopyConfig(config)
	c.APIPath, c.GroupVersion, c.NegotiatedSerializer = "/api", &corev1.SchemeGroupVersion, scheme.Codecs.WithoutConversion()
	return c
}
