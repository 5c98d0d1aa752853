package cli

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilrand "k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

const (
	// probeName is the label app.kubernetes.io/name of all that a probe creates.
	probeName = "msvc-probe"
	probePort = 8080
	// probeLife is when the pods of a probe end by themselves, in seconds, also if the command could not remove them.
	probeLife = 600
	// probeCleanup is how long removing them may take after the command was interrupted.
	probeCleanup = 30 * time.Second
)

// probeRights are what a probe does.
var probeRights = []right{
	{"", "pods", []string{"create", "get", "delete"}},
	{"networking.k8s.io", "networkpolicies", []string{"create", "delete"}},
}

// probe finds out whether the cluster's network enforces NetworkPolicies: a pod calls another one, first without a policy, then with one
// that admits nobody. The call is the caller's readiness probe, so that the kubelet tells how it ends, and nothing is executed in a pod.
type probe struct {
	image   string
	timeout time.Duration
	tell    func(words string)

	created []client.Object
}

// run is a part of check.
func (p *probe) run(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
	missing, err := missingRights(ctx, c, namespace, probeRights)
	if err != nil {
		return "", "", err
	}
	if len(missing) > 0 {
		return "?", "whether NetworkPolicies hold is not known: " + strings.Join(missing, ", "), nil
	}
	state, words, err = p.try(ctx, c, namespace)
	if removeErr := p.remove(ctx, c, namespace); err == nil {
		err = removeErr
	}
	if code(err) == ExitTimeout || apierrors.IsForbidden(err) {
		return "?", "whether NetworkPolicies hold is not known: " + err.Error(), nil
	}
	return state, words, err
}

func (p *probe) try(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
	instance := utilrand.String(5)
	meta := func(role string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Namespace: namespace, Name: probeName + "-" + instance + "-" + role, Labels: map[string]string{
			"app.kubernetes.io/name": probeName, "app.kubernetes.io/instance": instance, "app.kubernetes.io/component": role,
		}}
	}

	p.tell("starting a pod that is called")
	server := &corev1.Pod{ObjectMeta: meta("server"), Spec: p.podSpec([]string{"netexec", "--http-port=" + strconv.Itoa(probePort)}, corev1.ProbeHandler{
		TCPSocket: &corev1.TCPSocketAction{Port: intstr.FromInt32(probePort)},
	})}
	if err := p.create(ctx, c, server); err != nil {
		return "", "", err
	}
	if err := p.await(ctx, c, server, true, "does not start"); err != nil {
		return "", "", err
	}

	p.tell("starting a pod that calls it")
	address := net.JoinHostPort(server.Status.PodIP, strconv.Itoa(probePort))
	caller := &corev1.Pod{ObjectMeta: meta("client"), Spec: p.podSpec([]string{"pause"}, corev1.ProbeHandler{
		Exec: &corev1.ExecAction{Command: []string{"/agnhost", "connect", "--timeout=1s", address}},
	})}
	if err := p.create(ctx, c, caller); err != nil {
		return "", "", err
	}
	if err := p.await(ctx, c, caller, true, "does not reach "+address+" before there is a policy for it"); err != nil {
		return "", "", err
	}

	p.tell("creating a NetworkPolicy that admits nobody")
	err = p.create(ctx, c, &networkingv1.NetworkPolicy{ObjectMeta: meta("nobody"), Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: server.Labels},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress},
	}})
	if err != nil {
		return "", "", err
	}
	switch err := p.await(ctx, c, caller, false, ""); {
	case code(err) == ExitTimeout:
		return "no", fmt.Sprintf("NetworkPolicies do not hold: a pod was still reached %s after a policy that admits nobody. Microservices are not isolated: "+
			"the cluster needs a network plugin that enforces policies", p.timeout), nil
	case err != nil:
		return "", "", err
	}
	return "ok", "NetworkPolicies hold: a pod is not reached any more after a policy that admits nobody", nil
}

// podSpec returns a pod that every Pod Security Standard accepts, and that a quota can count.
func (p *probe) podSpec(args []string, ready corev1.ProbeHandler) corev1.PodSpec {
	little := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m"), corev1.ResourceMemory: resource.MustParse("64Mi")}
	return corev1.PodSpec{
		ActiveDeadlineSeconds:         ptr.To[int64](probeLife),
		TerminationGracePeriodSeconds: ptr.To[int64](1),
		AutomountServiceAccountToken:  ptr.To(false),
		EnableServiceLinks:            ptr.To(false),
		RestartPolicy:                 corev1.RestartPolicyNever,
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: ptr.To(true), RunAsUser: ptr.To[int64](65532),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "agnhost", Image: p.image, Command: []string{"/agnhost"}, Args: args,
			Resources:      corev1.ResourceRequirements{Requests: little, Limits: little},
			ReadinessProbe: &corev1.Probe{ProbeHandler: ready, PeriodSeconds: 1, TimeoutSeconds: 5, FailureThreshold: 1},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false), ReadOnlyRootFilesystem: ptr.To(true),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
		}},
	}
}

func (p *probe) create(ctx context.Context, c client.Client, object client.Object) error {
	if err := c.Create(ctx, object, client.FieldOwner(fieldOwner)); err != nil {
		return fmt.Errorf("creating %s %s: %w", inspect.KindOf(object), object.GetName(), err)
	}
	p.created = append(p.created, object)
	return nil
}

// await waits until a pod is ready, or is not any more. When the time is over, it says what the pod does not do, and its words.
func (p *probe) await(ctx context.Context, c client.Client, pod *corev1.Pod, ready bool, late string) error {
	err := poll(ctx, p.timeout, late, func(ctx context.Context) (bool, error) {
		if err := c.Get(ctx, client.ObjectKeyFromObject(pod), pod); err != nil {
			return false, err
		}
		return status.PodReady(pod) == ready, nil
	})
	if code(err) == ExitTimeout {
		return failed(ExitTimeout, "pod %s of namespace %s %s in %s%s", pod.Name, pod.Namespace, late, p.timeout, said(pod))
	}
	return err
}

// said returns why a pod does not run, in the words of the scheduler or the kubelet.
func said(pod *corev1.Pod) string {
	for i := range pod.Status.ContainerStatuses {
		if w := pod.Status.ContainerStatuses[i].State.Waiting; w != nil {
			return fmt.Sprintf(": %s: %s", w.Reason, w.Message)
		}
	}
	for i := range pod.Status.Conditions {
		if condition := &pod.Status.Conditions[i]; condition.Type == corev1.PodScheduled && condition.Status == corev1.ConditionFalse {
			return ": " + condition.Message
		}
	}
	return ""
}

// remove deletes what was created, also after an interruption.
func (p *probe) remove(ctx context.Context, c client.Client, namespace string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeCleanup)
	defer cancel()
	for _, object := range p.created {
		if err := c.Delete(ctx, object, client.GracePeriodSeconds(1)); client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("removing %s %s: %w\nThe rest is removed with: kubectl delete pods,networkpolicies -n %s -l app.kubernetes.io/name=%s",
				inspect.KindOf(object), object.GetName(), err, namespace, probeName)
		}
	}
	return nil
}
