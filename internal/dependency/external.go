package dependency

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// external is never seen, so its state says nothing about its health.
func external(e *v1alpha1.ExternalDependency) Resolution {
	ports := e.Ports
	if len(ports) == 0 {
		ports = []v1alpha1.ExternalPort{{Port: 443}}
	}
	r := Resolution{
		State:   v1alpha1.DependencyUnverified,
		Way:     &Way{CIDRs: e.CIDRs},
		dialled: &v1alpha1.Port{Name: schemeOf(ports[0]), Port: ports[0].Port, Protocol: protocolOf(ports[0])},
	}
	for _, p := range ports {
		r.Way.Ports = append(r.Way.Ports, NetworkPort{Protocol: protocolOf(p), Port: intstr.FromInt32(p.Port)})
	}
	r.Message = "It is outside the cluster, so its health is not checked"
	if len(e.CIDRs) == 0 {
		r.Message += fmt.Sprintf("; a NetworkPolicy cannot enforce a name, so every address outside is open on %s: set external.cidrs to narrow it",
			portList(r.Way.Ports))
	}
	return r
}

func protocolOf(p v1alpha1.ExternalPort) corev1.Protocol {
	if p.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return p.Protocol
}

// schemeOf guesses from the number: an external port has no name.
func schemeOf(p v1alpha1.ExternalPort) string {
	if protocolOf(p) == corev1.ProtocolTCP {
		switch p.Port {
		case 80:
			return "http"
		case 443:
			return "https"
		}
	}
	return ""
}

func portList(ports []NetworkPort) string {
	var all []string
	for _, p := range ports {
		all = append(all, fmt.Sprintf("%s/%s", p.Port.String(), p.Protocol))
	}
	return list(all)
}

func list(words []string) string {
	return strings.Join(words, ", ")
}
