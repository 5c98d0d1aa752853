package cli

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
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

func newCanReach(o *options) *cobra.Command {
	var format output
	c := &cobra.Command{
		Use:   "can-reach [NAMESPACE/]FROM [NAMESPACE/]TO[:PORT[/PROTOCOL]]",
		Short: "Tell whether NetworkPolicies let one Microservice reach another",
		Long: `Tell whether NetworkPolicies let one Microservice reach another, and which policy decides.

All NetworkPolicies of both namespaces count, also those that others wrote. Either end may be a Deployment or Service that no
Microservice manages, or an IP address. The port is that of the Service, by number or name, or one on which the pods listen; by default it is the first one.
The exit code is 0 if it can, 1 if it cannot. Nothing is sent: whether the cluster enforces NetworkPolicies is not tried, and
AdminNetworkPolicies are not considered.`,
		Example:           o.example("$ can-reach web api -n shop\n$ can-reach web core/payments:http -n shop\n$ can-reach web 192.0.2.7:5432 -n shop\n$ can-reach ingress-nginx/controller shop/web:8080/TCP"),
		Args:              exactly(2, "FROM and TO"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			namespace, err := o.namespace()
			if err != nil {
				return err
			}
			to, err := parsePlace(args[1], namespace)
			if err != nil {
				return err
			}
			from, err := parsePlace(args[0], namespace)
			if err != nil {
				return err
			}
			if from.port != "" {
				return failed(ExitUsage, "%q: only the receiver has a port", args[0])
			}
			kube, err := o.client()
			if err != nil {
				return err
			}
			answer, err := canReach(c.Context(), kube, from, to)
			if err != nil {
				return err
			}
			if err := o.printReach(&answer, string(format)); err != nil {
				return err
			}
			if !answer.Allowed {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	return c
}

// place is one end as the user names it.
type place struct {
	key dependency.Key
	// address is set instead of key.
	address  netip.Addr
	port     string
	protocol corev1.Protocol
}

func (p *place) String() string {
	if p.address.IsValid() {
		return p.address.String()
	}
	return p.key.String()
}

// parsePlace reads [NAMESPACE/]NAME[:PORT[/PROTOCOL]], or the same with an IP address instead of the name.
func parsePlace(s, namespace string) (place, error) {
	p := place{protocol: corev1.ProtocolTCP}
	if address, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		p.address = address
		return p, nil
	}
	host, port, _ := cutLast(s, ":")
	port, protocol, found := strings.Cut(port, "/")
	if found {
		p.protocol = corev1.Protocol(strings.ToUpper(protocol))
		if !slices.Contains([]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}, p.protocol) {
			return p, failed(ExitUsage, "%q: the protocol must be TCP, UDP or SCTP", s)
		}
	}
	p.port = port
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		p.address = address
		return p, nil
	}
	p.key = dependency.Key{Namespace: namespace, Name: host}
	if ns, name, found := strings.Cut(host, "/"); found {
		p.key = dependency.Key{Namespace: ns, Name: name}
	}
	if p.key.Name == "" || p.key.Namespace == "" || strings.Contains(p.key.Name, "/") {
		return p, failed(ExitUsage, "%q is not [NAMESPACE/]NAME[:PORT[/PROTOCOL]], such as shop/web:8080/TCP", s)
	}
	return p, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}

// reach is the answer of can-reach.
type reach struct {
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

// canReach sends at most 13 requests: three for each pod, one for each namespace and its policies, one for the port, two for the cure.
func canReach(ctx context.Context, c client.Client, from, to place) (reach, error) {
	answer := reach{From: from.String(), To: to.String(), Protocol: to.protocol}
	r := reachReader{Client: c, answer: &answer}
	connection := &netpol.Connection{Protocol: to.protocol}
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
	client.Client
	answer *reach
}

func (r *reachReader) note(format string, args ...any) {
	r.answer.Notes = append(r.answer.Notes, fmt.Sprintf(format, args...))
}

// endpoint returns the newest running pod of a Deployment, or of a Service; without one, what its next pod would be.
func (r *reachReader) endpoint(ctx context.Context, p place) (netpol.Endpoint, error) {
	if p.address.IsValid() {
		return netpol.Endpoint{Address: p.address}, nil
	}
	pod, selector, err := r.template(ctx, p.key)
	if err != nil {
		return netpol.Endpoint{}, err
	}
	pods := &corev1.PodList{}
	err = r.List(ctx, pods, client.InNamespace(p.key.Namespace), client.MatchingLabels(selector))
	switch {
	case apierrors.IsForbidden(err):
		r.note("cannot see the pods of %s: rules for networks (ipBlock) are taken not to include them", p.key)
	case err != nil:
		return netpol.Endpoint{}, fmt.Errorf("listing the pods of %s: %w", p.key, err)
	default:
		if running := newestRunning(pods.Items); running != nil {
			pod = running
		} else {
			r.note("no pod of %s runs", p.key)
		}
	}
	address, _ := netip.ParseAddr(pod.Status.PodIP) // the zero value if it has none yet
	e := netpol.Endpoint{Ports: containerPorts(&pod.Spec), Address: address}
	if pod.Spec.HostNetwork {
		r.note("the pods of %s use the network of their nodes, to which NetworkPolicies do not apply", p.key)
		return e, nil
	}
	e.Namespace, e.Labels = p.key.Namespace, pod.Labels
	e.NamespaceLabels, err = r.namespaceLabels(ctx, p.key.Namespace)
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
		return nil, nil, failed(ExitNotFound, "there is no Deployment %s in namespace %s, and no Service with pods of that name", key.Name, key.Namespace)
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
func (r *reachReader) port(ctx context.Context, to place, listening []corev1.ContainerPort) (int32, error) {
	number, err := strconv.ParseInt(to.port, 10, 32)
	if err == nil && (number < 1 || number > 65535) {
		return 0, failed(ExitUsage, "port %s must be between 1 and 65535", to.port)
	}
	if to.address.IsValid() {
		if err != nil {
			return 0, failed(ExitUsage, "%s needs a port number, such as %s", to.address, netip.AddrPortFrom(to.address, 443))
		}
		return int32(number), nil
	}
	service := &corev1.Service{}
	if err := r.Get(ctx, to.key, service); err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
		return 0, fmt.Errorf("reading Service %s: %w", to.key, err)
	}
	if port, found := portBehind(service, to, int32(number), listening); found {
		return port, nil
	}
	for _, l := range listening {
		if to.port == "" || l.Name == to.port || l.ContainerPort == int32(number) {
			return l.ContainerPort, nil
		}
	}
	if len(service.Spec.Ports) == 0 {
		return 0, failed(ExitUsage, "%s has no port, and its pods name none", to.key)
	}
	var known []string
	for _, p := range service.Spec.Ports {
		known = append(known, strings.TrimSuffix(fmt.Sprintf("%d (%s)", p.Port, p.Name), " ()"))
	}
	return 0, failed(ExitUsage, "%s has no port %s/%s: it has %s", to.key, cmp.Or(to.port, "of protocol"), to.protocol, strings.Join(known, ", "))
}

// portBehind returns the number on which the pods listen for a port of their Service, of which the user gave the number or the name.
func portBehind(service *corev1.Service, to place, number int32, listening []corev1.ContainerPort) (int32, bool) {
	for _, p := range service.Spec.Ports {
		if p.Protocol != to.protocol || to.port != "" && to.port != p.Name && p.Port != number {
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
func (r *reachReader) cure(ctx context.Context, from, to place, namespaceLabels labels.Set) string {
	w, gets := explain.NewWorld(), 0
	var keys []dependency.Key
	for _, p := range []place{from, to} {
		if !p.address.IsValid() {
			keys = append(keys, p.key)
		}
	}
	if err := load(ctx, r, w, &gets, keys); err != nil {
		return ""
	}
	return explain.ReachCure(w, from.key, to.key, r.answer.Verdict, dependency.Namespaces{from.key.Namespace: namespaceLabels})
}

func (o *options) printReach(a *reach, format string) error {
	if format == "json" {
		return printJSON(o.Out, a)
	}
	can := "cannot"
	if a.Allowed {
		can = "can"
	}
	print(o.Out, "%s %s reach %s on port %d/%s of its pods\n", a.From, can, a.To, a.Port, a.Protocol)
	print(o.Out, "  egress of %s: %s\n", a.From, sideWords(&a.Egress))
	print(o.Out, "  ingress of %s: %s\n", a.To, sideWords(&a.Ingress))
	for _, note := range a.Notes {
		print(o.Out, "  note: %s\n", note)
	}
	if a.Cure != "" {
		print(o.Out, "  do: %s\n", a.Cure)
	}
	print(o.Out, "This is what NetworkPolicies say; whether the cluster enforces them is not tried.\n")
	return nil
}

func sideWords(s *netpol.Side) string {
	switch {
	case len(s.Policies) == 0:
		return "allowed: no NetworkPolicy selects it"
	case s.Allowed:
		return fmt.Sprintf("allowed by NetworkPolicy %s, rule %d", s.By, s.Rule)
	default:
		return "blocked: no rule allows it in NetworkPolicy " + strings.Join(s.Policies, ", ")
	}
}
