package inspect

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Place is one end as the user names it.
type Place struct {
	Key dependency.Key
	// Address is set instead of Key.
	Address netip.Addr
	// Port is the number or the name of one, empty for the first.
	Port string
	// Protocol is TCP if it is empty.
	Protocol corev1.Protocol
}

// String implements fmt.Stringer.
func (p Place) String() string {
	if p.Address.IsValid() {
		return p.Address.String()
	}
	return p.Key.String()
}

// ParsePlace reads [NAMESPACE/]NAME[:PORT[/PROTOCOL]], or the same with an IP address instead of the name.
func ParsePlace(s, namespace string) (Place, error) {
	p := Place{Protocol: corev1.ProtocolTCP}
	if address, err := netip.ParseAddr(strings.Trim(s, "[]")); err == nil {
		p.Address = address
		return p, nil
	}
	host, port, _ := cutLast(s, ":")
	port, protocol, found := strings.Cut(port, "/")
	if found {
		p.Protocol = corev1.Protocol(strings.ToUpper(protocol))
		if !slices.Contains([]corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}, p.Protocol) {
			return p, fmt.Errorf("%q: the protocol must be TCP, UDP or SCTP", s)
		}
	}
	p.Port = port
	if address, err := netip.ParseAddr(strings.Trim(host, "[]")); err == nil {
		p.Address = address
		return p, nil
	}
	p.Key = dependency.Key{Namespace: namespace, Name: host}
	if ns, name, found := strings.Cut(host, "/"); found {
		p.Key = dependency.Key{Namespace: ns, Name: name}
	}
	if p.Key.Name == "" || p.Key.Namespace == "" || strings.Contains(p.Key.Name, "/") {
		return p, fmt.Errorf("%q is not [NAMESPACE/]NAME[:PORT[/PROTOCOL]], such as shop/web:8080/TCP", s)
	}
	return p, nil
}

func cutLast(s, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(s, separator); i >= 0 {
		return s[:i], s[i+len(separator):], true
	}
	return s, "", false
}
