package reachability_test

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// model says who may talk to whom from what people write alone: the fields of the API, plain Services and the labels of
// namespaces. It shares no code with the operator and applies the documented defaults itself; TestModelStandsAlone sees
// to that.
type model struct {
	world         *world
	microservices map[key]*v1alpha1.Microservice
	services      map[key]*corev1.Service
}

func newModel(w *world) *model {
	m := &model{world: w, microservices: map[key]*v1alpha1.Microservice{}, services: map[key]*corev1.Service{}}
	for _, ms := range w.microservices {
		m.microservices[key{Namespace: ms.Namespace, Name: ms.Name}] = ms
	}
	for _, svc := range w.services {
		m.services[key{Namespace: svc.Namespace, Name: svc.Name}] = svc
	}
	return m
}

// reasons say why each end of a connection lets it through; an empty one does not.
type reasons struct {
	egress, ingress string
}

func (r reasons) allow() bool {
	return r.egress != "" && r.ingress != ""
}

func (m *model) judge(c connection) reasons {
	return reasons{egress: m.egress(c), ingress: m.ingress(c)}
}

// egress is why the sender may open the connection.
func (m *model) egress(c connection) string {
	ms := m.microservices[c.from.microservice]
	switch {
	case ms == nil:
		return "the sender has no policy"
	case isolationOf(ms) != v1alpha1.IsolationFull:
		return "the sender's egress is not isolated"
	case m.isDNS(c):
		return "DNS"
	}
	for i := range ms.Spec.Dependencies {
		if reason := m.opened(ms, &ms.Spec.Dependencies[i], c); reason != "" {
			return reason
		}
	}
	if m.isCollector(ms, c) {
		return "the collector of traces"
	}
	if m.rawEgress(ms, c) {
		return "a raw egress rule"
	}
	return ""
}

// ingress is why the receiver accepts the connection.
func (m *model) ingress(c connection) string {
	ms := m.microservices[c.to.microservice]
	switch {
	case ms == nil:
		return "the receiver has no policy"
	case isolationOf(ms) == v1alpha1.IsolationNone:
		return "the receiver is not isolated"
	case m.isDependent(ms, c):
		return "an admitted dependent"
	case m.isPublished(ms, c):
		return "a published port"
	case m.isScraper(ms, c):
		return "a scraper"
	case m.rawIngress(ms, c):
		return "a raw ingress rule"
	}
	return ""
}

func isolationOf(ms *v1alpha1.Microservice) v1alpha1.Isolation {
	if ms.Spec.NetworkPolicy == nil || ms.Spec.NetworkPolicy.Isolation == "" {
		return v1alpha1.IsolationFull
	}
	return ms.Spec.NetworkPolicy.Isolation
}

// isDNS reports whether it goes to a resolver. Both of its protocols are open, on the ports of the DNS pods.
func (m *model) isDNS(c connection) bool {
	s := &m.world.settings
	if c.protocol == corev1.ProtocolSCTP || !slices.Contains(s.dnsPorts, c.port) {
		return false
	}
	pod := c.to.namespace == s.dnsNamespace && hasLabels(c.to.labels, s.dnsLabels)
	return pod || inAny(s.dnsCIDRs, c.to.address)
}

// opened is why a declared dependency opens the way of c.
func (m *model) opened(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, c connection) string {
	switch {
	case d.External != nil:
		return m.openedExternal(d.External, c)
	case d.Service != nil && !m.isOfMicroservice(ms, d.Service):
		return m.openedService(ms, d, c)
	case m.reaches(ms, d, c) && d.Service != nil:
		return "an admitted dependency, by its Service"
	case m.reaches(ms, d, c):
		return "an admitted dependency"
	}
	return ""
}

// isOfMicroservice reports whether a Service that ms names is that of another Microservice, which has taken it over or is about to make it.
func (m *model) isOfMicroservice(ms *v1alpha1.Microservice, r *v1alpha1.ObjectReference) bool {
	at := referenced(ms, r)
	svc := m.services[at]
	return m.microservices[at] != nil && m.microservices[at] != ms && (svc == nil || svc.Spec.Selector[v1alpha1.LabelName] == at.Name)
}

// reaches reports whether c is what the dependency d of ms, on a Microservice, stands for: it leads to that one's pod, on
// the targetPort of the port that d names or on the mesh's port beside it, and that one admits the namespace of ms.
func (m *model) reaches(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, c connection) bool {
	at := key{Namespace: ms.Namespace, Name: d.Name}
	for _, r := range []*v1alpha1.ObjectReference{d.Microservice, d.Service} {
		if r != nil {
			at = referenced(ms, r)
		}
	}
	target := m.microservices[at]
	return target != nil && c.to.microservice == at && m.consents(target, ms.Namespace) &&
		(m.isPortNamed(target, d.Port, c) || m.isMesh(c) && hasPortNamed(target, d.Port))
}

// isDependent reports whether c comes from a pod of a Microservice that declares exactly this, and is admitted.
func (m *model) isDependent(target *v1alpha1.Microservice, c connection) bool {
	dependent := m.microservices[c.from.microservice]
	if dependent == nil {
		return false
	}
	for i := range dependent.Spec.Dependencies {
		d := &dependent.Spec.Dependencies[i]
		if d.External == nil && dependent != target && m.reaches(dependent, d, c) {
			return true
		}
	}
	return false
}

// openedService is why a dependency on a plain Service opens the way of c: to the pods behind it, on the targetPort of
// the port that d names, which may itself be the name of a container's port.
func (m *model) openedService(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, c connection) string {
	at := referenced(ms, d.Service)
	svc := m.services[at]
	if svc == nil || svc.Spec.Type == corev1.ServiceTypeExternalName || len(svc.Spec.Selector) == 0 {
		return ""
	}
	if owner, ours := svc.Spec.Selector[v1alpha1.LabelName]; ours && (owner != at.Name || at.Namespace == ms.Namespace && at.Name == ms.Name) {
		return ""
	}
	if at.Namespace != ms.Namespace && !isListed(svc.Annotations[v1alpha1.AnnotationAllowedDependents], ms.Namespace) {
		return ""
	}
	if c.to.namespace != at.Namespace || !hasLabels(c.to.labels, svc.Spec.Selector) {
		return ""
	}
	for i := range svc.Spec.Ports {
		if p := &svc.Spec.Ports[i]; d.Port == "" || p.Name == d.Port {
			return m.openedServicePort(p, c)
		}
	}
	return ""
}

func (m *model) openedServicePort(p *corev1.ServicePort, c connection) string {
	switch {
	case m.isMesh(c):
		return "the mesh's port beside that of a plain Service"
	case p.Protocol != c.protocol:
		return ""
	case p.TargetPort.Type == intstr.Int && p.TargetPort.IntVal == c.port:
		return "a plain Service"
	case p.TargetPort.Type == intstr.String && p.TargetPort.StrVal == c.to.portName(c.port, c.protocol):
		return "a plain Service, by the name of a port"
	}
	return ""
}

func referenced(ms *v1alpha1.Microservice, r *v1alpha1.ObjectReference) key {
	if r.Namespace == "" {
		return key{Namespace: ms.Namespace, Name: r.Name}
	}
	return key{Namespace: r.Namespace, Name: r.Name}
}

// isListed reports whether a comma-separated list names a namespace, or all of them.
func isListed(list, namespace string) bool {
	for word := range strings.SplitSeq(list, ",") {
		if word = strings.TrimSpace(word); word == "*" || word == namespace {
			return true
		}
	}
	return false
}
