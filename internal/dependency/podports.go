package dependency

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// PodPort is a port of the application's container in the pods of some revision.
type PodPort struct {
	Name     string
	Port     int32
	Protocol corev1.Protocol
}

// PodPorts are sorted and unique.
type PodPorts []PodPort

// TemplatePorts returns the ports in a Deployment's template, which its newest pods have. nil has none.
func TemplatePorts(d *appsv1.Deployment) PodPorts {
	if d == nil {
		return nil
	}
	declared := appPorts(d)
	ports := make(PodPorts, 0, len(declared))
	for _, p := range declared {
		ports = append(ports, PodPort{Name: p.Name, Port: p.ContainerPort, Protocol: cmp.Or(p.Protocol, corev1.ProtocolTCP)})
	}
	return sorted(ports)
}

// appPorts returns the ports of the application's container.
func appPorts(d *appsv1.Deployment) []corev1.ContainerPort {
	for i := range d.Spec.Template.Spec.Containers {
		if c := &d.Spec.Template.Spec.Containers[i]; c.Name == v1alpha1.ContainerName {
			return c.Ports
		}
	}
	return nil
}

// RunningPorts returns the ports that pods of a Deployment may have, of any revision. nil has none.
func RunningPorts(d *appsv1.Deployment) PodPorts {
	ports := TemplatePorts(d)
	if previous := PreviousPorts(d); len(previous) > 0 {
		return ports.And(previous)
	}
	return ports
}

// OtherPorts returns the ports that pods of a Microservice may have if any differs from its spec, else nil. d is its
// Deployment, or nil.
func OtherPorts(ms *v1alpha1.Microservice, d *appsv1.Deployment) PodPorts {
	if d == nil {
		return nil
	}
	other := func(p corev1.ContainerPort) bool { return !declared(ms, p) }
	if d.Annotations[v1alpha1.AnnotationPreviousPorts] == "" && !slices.ContainsFunc(appPorts(d), other) {
		return nil // nearly always, so it costs nothing
	}
	return RunningPorts(d)
}

func declared(ms *v1alpha1.Microservice, port corev1.ContainerPort) bool {
	return slices.ContainsFunc(ms.Spec.Ports, func(p v1alpha1.Port) bool {
		return p.Name == port.Name && p.Target() == port.ContainerPort && p.TransportProtocol() == cmp.Or(port.Protocol, corev1.ProtocolTCP)
	})
}

// SamePorts reports whether the pods of two Deployments may have the same ports.
func SamePorts(a, b *appsv1.Deployment) bool {
	return slices.Equal(RunningPorts(a), RunningPorts(b))
}

// PreviousPorts returns the ports that pods of earlier revisions of a Deployment may have in addition. nil has none.
func PreviousPorts(d *appsv1.Deployment) PodPorts {
	if d == nil {
		return nil
	}
	return ParsePodPorts(d.Annotations[v1alpha1.AnnotationPreviousPorts])
}

// ParsePodPorts parses the result of PodPorts.String and skips what it cannot parse.
func ParsePodPorts(s string) PodPorts {
	var ports PodPorts
	for word := range strings.FieldsSeq(s) {
		name, rest, _ := strings.Cut(word, "=")
		number, protocol, found := strings.Cut(rest, "/")
		if n, err := strconv.ParseInt(number, 10, 32); err == nil && found {
			ports = append(ports, PodPort{Name: name, Port: int32(n), Protocol: corev1.Protocol(protocol)})
		}
	}
	return sorted(ports)
}

// String formats ports as in "http=8080/TCP metrics=9090/TCP".
func (p PodPorts) String() string {
	words := make([]string, 0, len(p))
	for _, port := range p {
		words = append(words, fmt.Sprintf("%s=%d/%s", port.Name, port.Port, port.Protocol))
	}
	return strings.Join(words, " ")
}

// And returns the union.
func (p PodPorts) And(others PodPorts) PodPorts {
	return sorted(slices.Concat(p, others))
}

func sorted(p PodPorts) PodPorts {
	slices.SortFunc(p, func(a, b PodPort) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	return slices.Compact(p)
}

// Without returns the ports that are not in others.
func (p PodPorts) Without(others PodPorts) PodPorts {
	var left PodPorts
	for _, port := range p {
		if !slices.Contains(others, port) {
			left = append(left, port)
		}
	}
	return left
}
