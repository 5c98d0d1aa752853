package dependency_test

import (
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestResolveExternal(t *testing.T) {
	const unchecked = "It is outside the cluster, so its health is not checked"
	anywhere := func(ports string) string {
		return unchecked + "; a NetworkPolicy cannot enforce a name, so every address that the operator does not know as the cluster's is open on " + ports +
			": set external.cidrs to narrow it"
	}
	networks := []string{"192.0.2.0/24", "2001:db8::/32"}
	cases := map[string]struct {
		external v1alpha1.ExternalDependency
		want     dependency.Resolution
	}{
		"a host alone is anywhere outside, on 443": {
			external: v1alpha1.ExternalDependency{Host: "geo.example.com"},
			want: dependency.Resolution{
				Message: anywhere("443/TCP"),
				Host:    "geo.example.com", Port: 443, URL: "https://geo.example.com:443",
				Network: &dependency.NetworkTarget{Ports: []dependency.NetworkPort{tcp(443)}},
			},
		},
		"a host in networks": {
			external: v1alpha1.ExternalDependency{Host: "geo.example.com", CIDRs: networks},
			want: dependency.Resolution{
				Message: unchecked,
				Host:    "geo.example.com", Port: 443, URL: "https://geo.example.com:443",
				Network: &dependency.NetworkTarget{CIDRs: networks, Ports: []dependency.NetworkPort{tcp(443)}},
			},
		},
		"a host that is an address is the one network": {
			external: v1alpha1.ExternalDependency{Host: "192.0.2.7"},
			want: dependency.Resolution{
				Message: unchecked,
				Host:    "192.0.2.7", Port: 443, URL: "https://192.0.2.7:443",
				Network: &dependency.NetworkTarget{CIDRs: []string{"192.0.2.7/32"}, Ports: []dependency.NetworkPort{tcp(443)}},
			},
		},
		"a host that is an address in networks": {
			external: v1alpha1.ExternalDependency{Host: "192.0.2.7", CIDRs: networks},
			want: dependency.Resolution{
				Message: unchecked,
				Host:    "192.0.2.7", Port: 443, URL: "https://192.0.2.7:443",
				Network: &dependency.NetworkTarget{CIDRs: networks, Ports: []dependency.NetworkPort{tcp(443)}},
			},
		},
		"networks without a host have no address": {
			external: v1alpha1.ExternalDependency{CIDRs: networks, Ports: []v1alpha1.ExternalPort{{Port: 5432}}},
			want: dependency.Resolution{
				Message: unchecked, Port: 5432,
				Network: &dependency.NetworkTarget{CIDRs: networks, Ports: []dependency.NetworkPort{tcp(5432)}},
			},
		},
		"several ports: the first is dialled, all are open": {
			external: v1alpha1.ExternalDependency{
				Host: "geo.example.com", Ports: []v1alpha1.ExternalPort{{Port: 80}, {Port: 443, Protocol: "UDP"}, {Port: 8443, Protocol: "TCP"}},
			},
			want: dependency.Resolution{
				Message: anywhere("80/TCP, 443/UDP, 8443/TCP"),
				Host:    "geo.example.com", Port: 80, URL: "http://geo.example.com:80",
				Network: &dependency.NetworkTarget{Ports: []dependency.NetworkPort{tcp(80), udp(443), tcp(8443)}},
			},
		},
		"UDP on the number of https is not https": {
			external: v1alpha1.ExternalDependency{Host: "geo.example.com", Ports: []v1alpha1.ExternalPort{{Port: 443, Protocol: "UDP"}}},
			want: dependency.Resolution{
				Message: anywhere("443/UDP"),
				Host:    "geo.example.com", Port: 443, URL: "udp://geo.example.com:443",
				Network: &dependency.NetworkTarget{Ports: []dependency.NetworkPort{udp(443)}},
			},
		},
		"any other number says no scheme": {
			external: v1alpha1.ExternalDependency{Host: "db.example.com", Ports: []v1alpha1.ExternalPort{{Port: 5432}}},
			want: dependency.Resolution{
				Message: anywhere("5432/TCP"),
				Host:    "db.example.com", Port: 5432, URL: "tcp://db.example.com:5432",
				Network: &dependency.NetworkTarget{Ports: []dependency.NetworkPort{tcp(5432)}},
			},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			tc.want.Name, tc.want.State = "geocoder", v1alpha1.DependencyUnverified
			tc.want.Target = dependency.Target{Kind: dependency.External}
			w := world{clusterDomain: "cluster.local", limited: true}
			wantResolution(t, tc.want, w.resolveOne(onExternal(tc.external)))
		})
	}
}

// An external target is described by the Microservice's own spec alone: an edit is intended.
func TestKnownAddressOfSomethingOutsideDoesNotStay(t *testing.T) {
	for name, namespaces := range map[string]string{
		"another number": "https://geo.example.com:8443",
		"another scheme": "https://geo.example.com:443",
		"another host":   "udp://old.example.com:443",
	} {
		w := world{known: dependency.Addresses{"geocoder": namespaces}}
		r := w.resolveOne(onExternal(v1alpha1.ExternalDependency{
			Host: "geo.example.com", Ports: []v1alpha1.ExternalPort{{Port: 443, Protocol: "UDP"}},
		}))
		if want := "udp://geo.example.com:443"; r.URL != want || r.Port != 443 {
			t.Errorf("%s was known: the address is %q, want %q", name, r.URL, want)
		}
	}
}
