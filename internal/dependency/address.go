package dependency

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Addresses are the URLs that pods were given, by alias and named port. They are stored so that a target that disappears does
// not restart its dependents: the last known address stays.
type Addresses map[string]string

// ParseAddresses parses the result of Addresses.String and skips what it cannot parse.
func ParseAddresses(s string) Addresses {
	addresses := Addresses{}
	for _, word := range strings.Fields(s) {
		if name, address, found := strings.Cut(word, "="); found {
			addresses[name] = address
		}
	}
	return addresses
}

// String formats addresses as in "payments=http://payments.shop.svc:80", sorted.
func (a Addresses) String() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		words = append(words, name+"="+a[name])
	}
	return strings.Join(words, " ")
}

// AddressesOf returns the addresses that pods get with these resolutions, without external ones, which do not disappear.
func AddressesOf(resolutions []Resolution) Addresses {
	addresses := Addresses{}
	for i := range resolutions {
		if r := &resolutions[i]; r.URL != "" && r.Target.Kind != External {
			addresses[r.key] = r.URL
		}
	}
	return addresses
}

// Equal reports whether pods get these addresses with these resolutions.
func (a Addresses) Equal(resolutions []Resolution) bool {
	n := 0
	for i := range resolutions {
		if r := &resolutions[i]; r.URL != "" && r.Target.Kind != External {
			if a[r.key] != r.URL {
				return false
			}
			n++
		}
	}
	return n == len(a)
}

// addressKey includes the port's name, so that the number of one port is not taken for another's.
func addressKey(d *v1alpha1.Dependency) string {
	if d.Port == "" {
		return d.Name
	}
	return d.Name + ":" + d.Port
}

// setAddress sets the target's current port, or the last known one at the same host. While the number is the same the URL stays
// as the pods have it: only another number is worth a restart.
func (r *Resolution) setAddress(d *v1alpha1.Dependency, in Input) {
	r.key = addressKey(d)
	r.Host = host(r.Target, d, in.ClusterDomain)
	if port := portAt(in.PreviousAddresses[r.key], r.Host); r.Target.Kind != External && port != 0 && (r.clientPort == nil || r.clientPort.Port == port) {
		r.Port, r.URL = port, in.PreviousAddresses[r.key]
		return
	}
	if r.clientPort == nil {
		return
	}
	r.Port = r.clientPort.Port
	if r.Host != "" {
		r.URL = r.clientPort.URL(r.Host)
	}
}

// portAt returns the port of a URL with this host, or 0.
func portAt(address, host string) int32 {
	at, err := url.Parse(address)
	if err != nil || host == "" || at.Hostname() != host {
		return 0
	}
	port, err := strconv.ParseInt(at.Port(), 10, 32)
	if err != nil {
		return 0
	}
	return int32(port)
}

func host(t Target, d *v1alpha1.Dependency, clusterDomain string) string {
	if t.Kind == External {
		return d.External.Host
	}
	return v1alpha1.ServiceHost(t.Key.Namespace, t.Key.Name, clusterDomain)
}
