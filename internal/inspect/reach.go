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
	"k8s.io/apimachinery/pkg/util/sets"
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
	// CannotSee is why nothing is known of the sender: forbidden, or that there is none. It is empty if the answer is one.
	CannotSee string `json:"cannotSee,omitempty"`
	// err is the error behind CannotSee.
	err error
}

// CanReach asks about one sender, which must be readable. It sends at most 13 requests: three for each pod, one for each namespace and its
// policies, one for the port, two for the cure.
func CanReach(ctx context.Context, c client.Reader, from, to Place) (Reach, error) {
	all, err := WhoReaches(ctx, c, []Place{from}, to)
	if err != nil {
		return Reach{}, err
	}
	return all[0], all[0].err
}

// WhoReaches asks about several senders, and answers in their order. It sends at most three requests for each, four for the receiver, two for
// each namespace, and for the cures those of Load.
func WhoReaches(ctx context.Context, c client.Reader, from []Place, to Place) ([]Reach, error) {
	to.Protocol = cmp.Or(to.Protocol, corev1.ProtocolTCP)
	r := &reachReader{Reader: c, to: to, labels: map[string]labels.Set{}, policiesOf: sets.New[string]()}
	all, senders := make([]Reach, len(from)), make([]netpol.Endpoint, len(from))
	for i, p := range from {
		all[i] = Reach{From: p.String(), To: to.String(), Protocol: to.Protocol}
		if senders[i], all[i].err = r.endpoint(ctx, p, &all[i].Notes); all[i].err == nil {
			if err := r.judge(ctx, senders[i], &all[i]); err != nil {
				return nil, err
			}
		}
		switch err := all[i].err; {
		case apierrors.IsForbidden(err):
			all[i].CannotSee = "forbidden"
		case IsNotFound(err):
			all[i].CannotSee = err.Error()
		case err != nil:
			return nil, err
		}
	}
	r.cure(ctx, from, senders, all)
	return all, nil
}

// reachReader reads what connections to one receiver are made of.
type reachReader struct {
	client.Reader
	to Place
	// receiver, port and notes are read for the first sender that can be read. Until then the port is 0.
	receiver netpol.Endpoint
	port     int32
	notes    []string
	// policies are those of the namespaces policiesOf.
	policies   []networkingv1.NetworkPolicy
	policiesOf sets.Set[string]
	// labels are those of namespaces, nil for one whose labels may not be read.
	labels map[string]labels.Set
}

// judge completes the answer about a sender. Its err is set if it is the sender's policies that cannot be read.
func (r *reachReader) judge(ctx context.Context, sender netpol.Endpoint, answer *Reach) error {
	if err := r.readReceiver(ctx); err != nil {
		return err
	}
	answer.Port = r.port
	for _, words := range r.notes {
		if !slices.Contains(answer.Notes, words) {
			answer.Notes = append(answer.Notes, words)
		}
	}
	for _, namespace := range slices.Compact([]string{sender.Namespace, r.receiver.Namespace}) {
		err := r.readPolicies(ctx, namespace)
		if err != nil && namespace != r.receiver.Namespace {
			answer.err = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	connection := &netpol.Connection{From: sender, To: r.receiver, Port: r.port, Protocol: r.to.Protocol}
	var err error
	answer.Verdict, err = netpol.Judge(r.policies, connection)
	answer.Allowed = answer.Verdict.Allowed()
	return err
}

func (r *reachReader) readReceiver(ctx context.Context) (err error) {
	if r.port != 0 {
		return nil
	}
	if r.receiver, err = r.endpoint(ctx, r.to, &r.notes); err != nil {
		return err
	}
	r.port, err = r.portOf(ctx, r.to, r.receiver.Ports)
	return err
}

// readPolicies reads the NetworkPolicies of a namespace. What is no pod has none.
func (r *reachReader) readPolicies(ctx context.Context, namespace string) error {
	if namespace == "" || r.policiesOf.Has(namespace) {
		return nil
	}
	list := &networkingv1.NetworkPolicyList{}
	if err := r.List(ctx, list, client.InNamespace(namespace)); err != nil {
		return fmt.Errorf("listing the NetworkPolicies of namespace %s: %w", namespace, err)
	}
	r.policies = append(r.policies, list.Items...)
	r.policiesOf.Insert(namespace)
	return nil
}

func note(notes *[]string, format string, args ...any) {
	*notes = append(*notes, fmt.Sprintf(format, args...))
}

// endpoint returns the newest running pod of a Deployment, or of a Service; without one, what its next pod would be.
func (r *reachReader) endpoint(ctx context.Context, p Place, notes *[]string) (netpol.Endpoint, error) {
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
		note(notes, "cannot see the pods of %s: rules for networks (ipBlock) are taken not to include them", p.Key)
	case err != nil:
		return netpol.Endpoint{}, fmt.Errorf("listing the pods of %s: %w", p.Key, err)
	default:
		if running := newestRunning(pods.Items); running != nil {
			pod = running
		} else {
			note(notes, "no pod of %s runs", p.Key)
		}
	}
	address, _ := netip.ParseAddr(pod.Status.PodIP) // the zero value if it has none yet
	e := netpol.Endpoint{Ports: containerPorts(&pod.Spec), Address: address}
	if pod.Spec.HostNetwork {
		note(notes, "the pods of %s use the network of their nodes, to which NetworkPolicies do not apply", p.Key)
		return e, nil
	}
	e.Namespace, e.Labels = p.Key.Namespace, pod.Labels
	e.NamespaceLabels, err = r.labelsOf(ctx, p.Key.Namespace, notes)
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

// labelsOf returns the labels of a namespace; of one that the user may not read, the label that all have.
func (r *reachReader) labelsOf(ctx context.Context, name string, notes *[]string) (labels.Set, error) {
	known, read := r.labels[name]
	if !read {
		namespace := &corev1.Namespace{}
		if err := r.Get(ctx, client.ObjectKey{Name: name}, namespace); err != nil && !apierrors.IsForbidden(err) {
			return nil, fmt.Errorf("reading namespace %s: %w", name, err)
		}
		known = namespace.Labels
		r.labels[name] = known
	}
	if known == nil {
		note(notes, "cannot see the labels of namespace %s: rules for others than its name are taken not to include it", name)
		return labels.Set{corev1.LabelMetadataName: name}, nil
	}
	return known, nil
}

// portOf returns the number on which the pod listens for a port of its Service, or of its own.
func (r *reachReader) portOf(ctx context.Context, to Place, listening []corev1.ContainerPort) (int32, error) {
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

// cure tells what would let the blocked connections through, as far as the user may read the Microservices.
func (r *reachReader) cure(ctx context.Context, from []Place, senders []netpol.Endpoint, all []Reach) {
	blocked := func(i int) bool { return all[i].err == nil && !all[i].Allowed }
	var keys []dependency.Key
	for i := range all {
		for _, p := range []Place{from[i], r.to} {
			if blocked(i) && !p.Address.IsValid() && !slices.Contains(keys, p.Key) {
				keys = append(keys, p.Key)
			}
		}
	}
	w, gets := explain.NewWorld(), 0
	if err := Load(ctx, r, w, &gets, keys); err != nil {
		return // the verdict stands without
	}
	for i := range all {
		if key := from[i].Key; blocked(i) {
			all[i].Cure = explain.ReachCure(w, key, r.to.Key, all[i].Verdict, dependency.Namespaces{key.Namespace: senders[i].NamespaceLabels})
		}
	}
}
