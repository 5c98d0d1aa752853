package compose

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// maxPorts is how many the API allows.
const maxPorts = 16

var (
	portName    = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$`)
	hasLetter   = regexp.MustCompile(`[a-z]`)
	appProtocol = regexp.MustCompile(`^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`)
	// traefikPort is the label that tells a proxy which port to call.
	traefikPort = regexp.MustCompile(`^traefik\.http\.services\..+\.loadbalancer\.server\.port$`)
)

// usualNames are the names of ports that are nearly always the same. The scheme of the injected URL follows from them.
var usualNames = map[int32]string{
	80: "http", 3000: "http", 5000: "http", 8000: "http", 8080: "http", 8081: "http", 8888: "http",
	443: "https", 8443: "https", 50051: "grpc", 25: "smtp", 1025: "smtp", 9090: "http",
}

// setPorts finds what an application listens on: ports, expose, and if nobody says so, what others call.
func (c *converter) setPorts(t *target) {
	if t.role != application {
		return
	}
	l := &portList{converter: c, target: t, names: map[string]bool{}}
	for _, p := range t.service.Ports {
		l.add(int64(p.Target), p.Protocol, p.Name, p.AppProtocol)
	}
	for _, text := range t.service.Expose {
		l.expose(text)
	}
	for _, number := range c.usedPorts(t) {
		if l.add(int64(number), "", "", "") {
			c.report.changed(t.service.Name, "ports", "others call port %d, which the Compose file does not list: it was added", number)
		}
	}
	if len(t.ports) == 0 {
		l.guess()
	}
	l.routed()
	if l.dropped > 0 {
		c.report.notConverted(t.service.Name, "ports", "%d ports were left out: a Microservice has at most %d", l.dropped, maxPorts)
	}
	if len(t.ports) == 0 {
		c.report.changed(t.service.Name, "ports", "no port is known, so it is a worker, without a Service: add spec.ports if it listens")
	}
}

// portList fills the ports of a target.
type portList struct {
	*converter
	*target
	names   map[string]bool
	dropped int
}

// add appends a port, and reports whether it was new.
func (l *portList) add(number int64, protocol, name, application string) bool {
	if number < 1 || number > 65535 {
		return false
	}
	p := v1alpha1.Port{Port: int32(number)}
	if upper := corev1.Protocol(strings.ToUpper(protocol)); upper == corev1.ProtocolUDP || upper == corev1.ProtocolSCTP {
		p.Protocol = upper
	}
	for i := range l.ports {
		if l.ports[i].Port == p.Port && l.ports[i].TransportProtocol() == p.TransportProtocol() {
			return false
		}
	}
	if len(l.ports) == maxPorts {
		l.dropped++
		return false
	}
	if appProtocol.MatchString(application) {
		p.AppProtocol = ptr.To(application)
	}
	p.Name = l.name(p, name)
	l.ports = append(l.ports, p)
	return true
}

// name returns the name of the Compose file if it is one, else the usual one of the number, else one of protocol and number.
func (l *portList) name(p v1alpha1.Port, name string) string {
	numbered := fmt.Sprintf("%s-%d", strings.ToLower(string(p.TransportProtocol())), p.Port)
	if !portName.MatchString(name) || !hasLetter.MatchString(name) || strings.Contains(name, "--") {
		name = numbered
		if p.Protocol == "" {
			name = l.usualName(p.Port, numbered)
		}
	}
	return unique(name, 15, l.names)
}

func (l *portList) usualName(number int32, otherwise string) string {
	name := usualNames[number]
	if l.speaksHTTP(number) {
		name = "http"
	}
	switch {
	case name == "":
		return otherwise
	case l.names[name]:
		return fmt.Sprintf("%s-%d", name, number)
	}
	return name
}

// speaksHTTP reports whether another service or the health check calls the port with http.
func (l *portList) speaksHTTP(number int32) bool {
	for _, other := range l.sorted() {
		for _, r := range other.references {
			if r.service == l.service.Name && r.port == number && r.scheme == "http" {
				return true
			}
		}
	}
	get := httpCheck(l.service.HealthCheck)
	return get != nil && get.scheme == "http" && get.port == number
}

// expose adds the ports of an entry such as 8080, 53/udp or 3000-3005.
func (l *portList) expose(text string) {
	numbers, protocol, _ := strings.Cut(text, "/")
	first, last, isRange := strings.Cut(numbers, "-")
	from, err := strconv.ParseUint(first, 10, 16)
	to := from
	if err == nil && isRange {
		to, err = strconv.ParseUint(last, 10, 16)
	}
	if err != nil || to < from {
		l.report.notConverted(l.service.Name, "expose", "%q is no port such as 8080 or 53/udp: add it to spec.ports", text)
		return
	}
	for n := from; n <= to; n++ {
		l.add(int64(n), protocol, "", "")
	}
}

// portVariables are variables that tell a program which port to listen on.
var portVariables = []string{"PORT", "HTTP_PORT", "SERVER_PORT", "APP_PORT"}

// guess takes the port of the health check, of a variable, or of a proxy's label.
func (l *portList) guess() {
	if get := httpCheck(l.service.HealthCheck); get != nil && l.add(int64(get.port), "", "", "") {
		l.report.changed(l.service.Name, "ports", "no port is listed: %d was taken from the health check", get.port)
		return
	}
	for _, name := range portVariables {
		if value := l.service.Environment[name]; value != nil && l.addText(*value) {
			l.report.changed(l.service.Name, "ports", "no port is listed: %s was taken from the variable %s", *value, name)
			return
		}
	}
	for _, key := range slices.Sorted(maps.Keys(l.service.Labels)) {
		if value := l.service.Labels[key]; traefikPort.MatchString(key) && l.addText(value) {
			l.report.changed(l.service.Name, "ports", "no port is listed: %s was taken from the label %s", value, key)
			return
		}
	}
}

// routed adds the ports to which a proxy leads.
func (l *portList) routed() {
	for _, key := range slices.Sorted(maps.Keys(l.service.Labels)) {
		if value := l.service.Labels[key]; traefikPort.MatchString(key) && l.addText(value) {
			l.report.changed(l.service.Name, "ports", "the label %s names port %s, which the Compose file does not list: it was added", key, value)
		}
	}
}

func (l *portList) addText(text string) bool {
	n, err := strconv.ParseUint(text, 10, 16)
	return err == nil && l.add(int64(n), "", "", "")
}

// servicePorts sets the ports, and says how to reach them from outside of the cluster.
func (s *conversion) servicePorts() {
	s.spec.Ports = s.ports
	var published []string
	for _, p := range s.service.Ports {
		if p.Published != "" && p.HostIP != "127.0.0.1" && p.HostIP != "::1" {
			published = append(published, p.Published)
		}
		if p.Mode == "host" {
			s.notConverted("ports", "mode host: a port of the node is not taken, the Service has the port")
		}
	}
	if len(published) > 0 {
		s.toDo("ports", "published as %s, and now reached inside the cluster only: lead requests to it with spec.route, "+
			"with an Ingress that spec.networkPolicy.ingress admits, or with spec.service.type", strings.Join(published, ", "))
	}
}
