package workload

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// setPorts takes the ports of the Service.
func (i *importer) setPorts() {
	if len(i.services) == 0 {
		i.note("no Service selects the pods, so the Microservice has no ports: others cannot depend on it")
		return
	}
	service := i.services[0]
	for _, p := range service.Spec.Ports {
		target := i.target(p)
		port := v1alpha1.Port{Name: i.portName(p, target), Port: p.Port, AppProtocol: p.AppProtocol}
		if target != p.Port {
			port.TargetPort = target
		}
		if p.Protocol != corev1.ProtocolTCP {
			port.Protocol = p.Protocol
		}
		i.spec.Ports = append(i.spec.Ports, port)
	}
	i.setService(service)
	if service.Name != i.Deployment.Name {
		i.note("a second Service of the name %s is made; Service %s stays as it is, and goes on selecting the pods", i.Deployment.Name, service.Name)
	}
	for _, other := range i.services[1:] {
		i.note("Service %s stays as it is, and goes on selecting the pods", other.Name)
	}
}

// target returns the number on which the pods listen for a port of the Service.
func (i *importer) target(p corev1.ServicePort) int32 {
	if p.TargetPort.Type == intstr.Int {
		if p.TargetPort.IntVal != 0 {
			return p.TargetPort.IntVal
		}
		return p.Port
	}
	for n := range i.pod.Containers {
		if number, found := numberOf(p.TargetPort.StrVal, &i.pod.Containers[n]); found {
			return number
		}
	}
	i.note("port %d of the Service leads to a port %q, which no container has", p.Port, p.TargetPort.StrVal)
	return p.Port
}

func numberOf(name string, c *corev1.Container) (int32, bool) {
	n := slices.IndexFunc(c.Ports, func(p corev1.ContainerPort) bool { return p.Name == name })
	if n < 0 {
		return 0, false
	}
	return c.Ports[n].ContainerPort, true
}

// portName is that of the Service, or of the container, or made of the number. Those of a Service may be longer than ours.
func (i *importer) portName(p corev1.ServicePort, target int32) string {
	names := []string{p.Name}
	for _, own := range i.app.Ports {
		if own.ContainerPort == target && (own.Protocol == p.Protocol || own.Protocol == "" && p.Protocol == corev1.ProtocolTCP) {
			names = append(names, own.Name)
		}
	}
	for _, name := range append(names, fmt.Sprintf("port-%d", p.Port)) {
		if len(validation.IsValidPortName(name)) == 0 && !slices.ContainsFunc(i.spec.Ports, func(other v1alpha1.Port) bool { return other.Name == name }) {
			if p.Name != "" && p.Name != name {
				i.note("port %s of Service %s is called %s: an Ingress that names it needs the new name", p.Name, i.services[0].Name, name)
			}
			return name
		}
	}
	return fmt.Sprintf("%s-%d", strings.ToLower(string(p.Protocol)), p.Port)
}

// setService takes what else a Service can have.
func (i *importer) setService(s *corev1.Service) {
	options := v1alpha1.ServiceOptions{
		LoadBalancerClass: s.Spec.LoadBalancerClass, LoadBalancerSourceRanges: s.Spec.LoadBalancerSourceRanges, Annotations: ownAnnotations(s.Annotations),
	}
	if s.Spec.Type != "" && s.Spec.Type != corev1.ServiceTypeClusterIP {
		options.Type = s.Spec.Type
		if s.Spec.ExternalTrafficPolicy == corev1.ServiceExternalTrafficPolicyLocal {
			options.ExternalTrafficPolicy = s.Spec.ExternalTrafficPolicy
		}
	}
	if s.Spec.SessionAffinity == corev1.ServiceAffinityClientIP {
		options.SessionAffinity = v1alpha1.SessionAffinityClientIP
		if config := s.Spec.SessionAffinityConfig; config != nil && config.ClientIP != nil {
			options.SessionAffinityTimeoutSeconds = config.ClientIP.TimeoutSeconds
		}
	}
	if s.Spec.ClusterIP == corev1.ClusterIPNone {
		if slices.ContainsFunc(i.spec.Ports, func(p v1alpha1.Port) bool { return p.Target() != p.Port }) {
			i.note("Service %s is headless, and stays so: a port of it cannot differ from the one on which the pods listen", s.Name)
		} else {
			options.Headless = true
		}
	}
	if !reflect.ValueOf(options).IsZero() {
		i.spec.Service = &options
	}
}

// numberPorts replaces names of ports in probes and hooks by numbers, as the operator does.
func numberPorts(c *corev1.Container) {
	number := func(p *intstr.IntOrString) {
		if p.Type == intstr.String {
			if n, found := numberOf(p.StrVal, c); found {
				*p = intstr.FromInt32(n)
			}
		}
	}
	action := func(get *corev1.HTTPGetAction, tcp *corev1.TCPSocketAction) {
		if get != nil {
			number(&get.Port)
		}
		if tcp != nil {
			number(&tcp.Port)
		}
	}
	for _, p := range []*corev1.Probe{c.StartupProbe, c.ReadinessProbe, c.LivenessProbe} {
		if p != nil {
			action(p.HTTPGet, p.TCPSocket)
		}
	}
	if c.Lifecycle != nil {
		for _, h := range []*corev1.LifecycleHandler{c.Lifecycle.PreStop, c.Lifecycle.PostStart} {
			if h != nil {
				action(h.HTTPGet, h.TCPSocket)
			}
		}
	}
}
