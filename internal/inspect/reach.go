package inspect

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/netpol"
)

// Reach tells whether NetworkPolicies let one end reach the other.
type Reach struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Port is the one on which the receiving pod listens.
	Port     int32           `json:"port"`
	Protocol corev1.Protocol `json:"protocol"`
	Allowed  bool            `json:"allowed"`
	netpol.Verdict
	// Cure is what would allow it, empty if it is allowed.
	Cure string `json:"cure,omitempty"`
	// Notes tell what the answer does not know.
	Notes []string `json:"notes,omitempty"`
}

// CanReach sends at most 13 requests: three for each pod, one for each namespace and its policies, one for the port, two for the cure.
func CanReach(ctx context.Context, c client.Reader, from, to Place) (Reach, error) {
	answer := Reach{From: from.String(), To: to.String(), Protocol: to.Protocol}
	r := reachReader{Reader: c, answer: &answer}
	connection := &netpol.Connection{Protocol: to.Protocol}
	var err error
	if connection.From, err = r.endpoint(ctx, from); err != nil {
		return answer, err
	}
	if connection.To, err = r.endpoint(ctx, to); err != nil {
		return answer, err
	}
	if connection.Port, err = r.port(ctx, to, connection.To.Ports); err != nil {
		return answer, err
	}
	answer.Port = connection.Port
	var policies []networkingv1.NetworkPolicy
	for _, namespace := range slices.Compact([]string{connection.From.Namespace, connection.To.Namespace}) {
		if namespace == "" {
			continue
		}
		list := &networkingv1.NetworkPolicyList{}
		if err := c.List(ctx, list, client.InNamespace(namespace)); err != nil {
			return answer, fmt.Errorf("listing the NetworkPolicies of namespace %s: %w", namespace, err)
		}
		policies = append(policies, list.Items...)
	}
	if answer.Verdict, err = netpol.Judge(policies, connection); err != nil {
		return answer, err
	}
	answer.Allowed = answer.Verdict.Allowed()
	if !answer.Allowed {
		answer.Cure = r.cure(ctx, from, to, connection.From.NamespaceLabels)
	}
	return answer, nil
}

// reachReader reads what a connection is made of.
type reachReader struct {
	client.Reader
	answer *Reach
}

func (r *reachReader) note(format string, args ...any) {
	r.answer.Notes = append(r.answer.Notes, fmt.Sprintf(format, args...))
}

// endpoint returns the newest running pod of a Deployment, or of a Service; without one, what its next pod would be.
func (r *reachReader) endpoint(ctx context.Context, p Place) (netpol.Endpoint, error) {
	if p.Address.IsValid() {
		return netpol.Endpoint{Address: p.Address}, nil
	}
	pod, selector, err := r.template(ctx, p.Key)
	if err != nil {
		return netpol.Endpoint{}, err
	}
	pods := &corev1.PodList{}
	err = r.List(ctx, pods, client.InNamespace(p.Key.Namespace), client.MatchingLabels(selector))
	switch {
	case apierrors.IsForbidden(err):
		r.note("cannot see the pods of %s: rules for networks (ipBlock) are taken not to include them", p.Key)
	case err != nil:
		return netpol.Endpoint{}, fmt.Errorf("listing the pods of %s: %w", p.Key, err)
	default:
		if running := newestRunning(pods.Items); running != nil {
			pod = running
		} else {
			r.note("no pod of %s runs", p.Key)
		}
	}
	address, _ := netip.ParseAddr(pod.Status.PodIP) // the zero value if it has none yet
	e := netpol.Endpoint{Ports: containerPorts(&pod.Spec), Address: address}
	if pod.Spec.HostNetwork {
		r.note("the pods of %s use the network of their nodes, to which NetworkPolicies do not apply", p.Key)
		return e, nil
	}
	e.Namespace, e.Labels = p.Key.Namespace, pod.Labels
	e.NamespaceLabels, err = r.namespaceLabels(ctx, p.Key.Namespace)
	return e, err
}

// template returns a pod as a Deployment makes it, or as a Service selects it, and the selector of all such pods.
func (r *reachReader) template(ctx context.Context, key dependency.Key) (*corev1.Pod, map[string]string, error) {
	d := &appsv1.Deployment{}
	err := r.Get(ctx, key, d)
	if err == nil {
		return &corev1.Pod{ObjectMeta: d.Spec.Template.ObjectMeta, Spec: d.Spec.Template.Spec}, d.Spec.Selector.MatchLabels, nil
	}
	if !apierrors.IsNotFound(err) {
		return nil, nil, fmt.Errorf("reading Deployment %s: %w", key, err)
	}
	service := &corev1.Service{}
	if err := r.Get(ctx, key, service); err != nil && !apierrors.IsNotFound(err) {
		return nil, nil, fmt.Errorf("reading Service %s: %w", key, err)
	}
	if len(service.Spec.Selector) == 0 {
		return nil, nil, &NotFoundError{Key: key, pods: true}
	}
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Labels: service.Spec.Selector}}, service.Spec.Selector, nil
}

func newestRunning(pods []corev1.Pod) *corev1.Pod {
	var newest *corev1.Pod
	for i := range pods {
		p := &pods[i]
		if p.Status.PodIP != "" && p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning &&
			(newest == nil || newest.CreationTimestamp.Before(&p.CreationTimestamp)) {
			newest = p
		}
	}
	return newest
}

func containerPorts(pod *corev1.PodSpec) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for i := range pod.Containers {
		ports = append(ports, pod.Containers[i].Ports...)
	}
	return ports
}

// namespaceLabels returns the labels of a namespace; of one that the user may not read, the label that all have.
func (r *reachReader) namespaceLabels(ctx context.Context, name string) (map[string]string, error) {
	namespace := &corev1.Namespace{}
	err := r.Get(ctx, client.ObjectKey{Name: name}, namespace)
	if apierrors.IsForbidden(err) {
		r.note("cannot see the labels of namespace %s: rules for others than its name are taken not to include it", name)
		return map[string]string{corev1.LabelMetadataName: name}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading namespace %s: %w", name, err)
	}
	return namespace.Labels, nil
}

// port returns the number on which the pod listens for a port of its Service, or of its own.
func (r *reachReader) port(ctx context.Context, to Place, listening []corev1.ContainerPort) (int32, error) {
	number, err := strconv.ParseInt(to.Port, 10, 32)
	if err == nil && (number < 1 || number > 65535) {
		return 0, fmt.Errorf("port %s must be between 1 and 65535", to.Port)
	}
	if to.Address.IsValid() {
		if err != nil {
			return 0, fmt.Errorf("%s needs a port number, such as %s", to.Address, netip.AddrPortFrom(to.Address, 443))
		}
		return int32(number), nil
	}
	service := &corev1.Service{}
	if err := r.Get(ctx, to.Key, service); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return 0, fmt.Errorf("reading Service %s: %w", to.Key, err)
	}
	if port, found := portBehind(service, to, int32(number), listening); found {
		return port, nil
	}
	for _, l := range listening {
		if to.Port == "" || l.Name == to.Port || l.ContainerPort == int32(number) {
			return l.ContainerPort, nil
		}
	}
	if len(service.Spec.Ports) == 0 {
		return 0, fmt.Errorf("%s has no port, and its pods name none", to.Key)
	}
	var known []string
	for _, p := range service.Spec.Ports {
		known = append(known, strings.TrimSuffix(fmt.Sprintf("%d (%s)", p.Port, p.Name), " ()"))
	}
	return 0, fmt.Errorf("%s has no port %s/%s: it has %s", to.Key, cmp.Or(to.Port, "of protocol"), to.Protocol, strings.Join(known, ", "))
}

// portBehind returns the number on which the pods listen for a port of their Service, of which the user gave the number or the name.
func portBehind(service *corev1.Service, to Place, number int32, listening []corev1.ContainerPort) (int32, bool) {
	for _, p := range service.Spec.Ports {
		if p.Protocol != to.Protocol || to.Port != "" && to.Port != p.Name && p.Port != number {
			continue
		}
		if p.TargetPort.Type == intstr.Int {
			return cmp.Or(p.TargetPort.IntVal, p.Port), true
		}
		for _, l := range listening {
			if l.Name == p.TargetPort.StrVal {
				return l.ContainerPort, true
			}
		}
	}
	return 0, false
}

// cure tells what would let a connection through, as far as the user may read the Microservices.
func (r *reachReader) cure(ctx context.Context, from, to Place, namespaceLabels labels.Set) string {
	w, gets := explain.NewWorld(), 0
	var keys []dependency.Key
	for _, p := range []Place{from, to} {
		if !p.Address.IsValid() {
			keys = append(keys, p.Key)
		}
	}
	if err := Load(ctx, r, w, &gets, keys); err != nil {
		return ""
	}
	return explain.ReachCure(w, from.Key, to.Key, r.answer.Verdict, dependency.Namespaces{from.Key.Namespace: namespaceLabels})
}
