package v1alpha1

import (
	"fmt"
	"net"
	"strconv"

	corev1 "k8s.io/api/core/v1"
)

// PrimaryPort is the first of spec.ports, nil for a worker.
func (s *MicroserviceSpec) PrimaryPort() *Port {
	if len(s.Ports) == 0 {
		return nil
	}
	return &s.Ports[0]
}

// Target is the number the container listens on: targetPort, or port.
func (p *Port) Target() int32 {
	if p.TargetPort != 0 {
		return p.TargetPort
	}
	return p.Port
}

// TransportProtocol is the protocol, TCP where it is not set.
func (p *Port) TransportProtocol() corev1.Protocol {
	if p.Protocol == "" {
		return corev1.ProtocolTCP
	}
	return p.Protocol
}

// ContainerPortName returns the name of the container's port behind a port: that of the first port which leads to the same
// number, because a container has each number once.
func (s *MicroserviceSpec) ContainerPortName(p *Port) string {
	for i := range s.Ports {
		if q := &s.Ports[i]; q.Target() == p.Target() && q.TransportProtocol() == p.TransportProtocol() {
			return q.Name
		}
	}
	return p.Name
}

// URL is the address of the port at the host, such as http://web.shop.svc:80. The scheme comes from appProtocol, else
// from the port's name, else it is tcp, udp or sctp.
func (p *Port) URL(host string) string {
	return fmt.Sprintf("%s://%s", p.scheme(), net.JoinHostPort(host, strconv.Itoa(int(p.Port))))
}

// ServiceHost is the DNS name of a Service inside the cluster. Without the cluster's domain the resolver of the pods adds
// it.
func ServiceHost(namespace, name, clusterDomain string) string {
	host := name + "." + namespace + ".svc"
	if clusterDomain != "" {
		host += "." + clusterDomain
	}
	return host
}

func (p *Port) scheme() string {
	said := p.Name
	if p.AppProtocol != nil {
		said = *p.AppProtocol
	}
	switch said {
	case "http", "https", "grpc":
		return said
	case "kubernetes.io/h2c", "kubernetes.io/ws", "h2c":
		return "http"
	case "kubernetes.io/wss":
		return "https"
	}
	switch p.Protocol {
	case corev1.ProtocolUDP:
		return "udp"
	case corev1.ProtocolSCTP:
		return "sctp"
	default:
		return "tcp"
	}
}
