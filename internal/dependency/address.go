package dependency

import (
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Addresses are the URLs that pods have been given, by alias and named port. They are what keeps a target that goes from
// restarting its dependents: the last known address stays.
type Addresses map[string]string

// ParseAddresses reads what Addresses.String wrote, and skips what it did not.
func ParseAddresses(s string) Addresses {
	addresses := Addresses{}
	for _, word := range strings.Fields(s) {
		if name, address, found := strings.Cut(word, "="); found {
			addresses[name] = address
		}
	}
	return addresses
}

// String is such as "payments=http://payments.shop.svc:80", sorted.
func (a Addresses) String() string {
	var words []string
	for _, name := range slices.Sorted(maps.Keys(a)) {
		words = append(words, name+"="+a[name])
	}
	return strings.Join(words, " ")
}

// AddressesOf are those that pods get with these resolutions, but for what is outside: that does not go.
func AddressesOf(resolutions []Resolution) Addresses {
	addresses := Addresses{}
	for i := range resolutions {
		if r := &resolutions[i]; r.URL != "" && r.Target.Kind != External {
			addresses[r.key] = r.URL
		}
	}
	return addresses
}

// Equal reports whether pods get these addresses with these resolutions, as AddressesOf returns them.
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

// addressKey changes with what is asked for, so that the number of another port is not taken for this one's.
func addressKey(d *v1alpha1.Dependency) string {
	if d.Port == "" {
		return d.Name
	}
	return d.Name + ":" + d.Port
}

// setAddress is the port that the target has now, else the one it had last at the same host. While the number is the same
// the URL stays as the pods have it: only another number is worth a restart.
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

// portAt is the port of a URL at a host, 0 for any other.
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
