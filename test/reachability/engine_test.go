package reachability_test

import (
	"maps"
	"slices"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/microservice-dev/microservice-operator/internal/netpol"
)

// engine judges policies. It is another project's; what it reads of a policy and a pod is all that it knows. Two things
// in it differ from Kubernetes, both in pkg/kube/labelselector.go, and no policy here depends on them: NotIn does not
// match where the label is missing, and a matchLabel with an empty value does.
type engine struct {
	policy   *matcher.Policy
	policies []networkingv1.NetworkPolicy
	peers    map[*peer]*matcher.TrafficPeer
}

func newEngine(w *world, built map[key]*children, peers []*peer) *engine {
	var policies []*networkingv1.NetworkPolicy
	for _, k := range sortedKeys(built) {
		if p := built[k].policy; p != nil {
			policies = append(policies, p)
		}
	}
	e := &engine{policy: matcher.BuildNetworkPolicies(true, policies), peers: map[*peer]*matcher.TrafficPeer{}}
	for _, p := range policies {
		e.policies = append(e.policies, *p)
	}
	for _, p := range peers {
		e.peers[p] = trafficPeer(w, p)
	}
	return e
}

func trafficPeer(w *world, p *peer) *matcher.TrafficPeer {
	traffic := &matcher.TrafficPeer{IP: p.address.String()}
	if !p.outside() {
		traffic.Internal = &matcher.InternalPeer{
			Namespace: p.namespace, NamespaceLabels: w.namespaces[p.namespace], PodLabels: p.labels,
		}
	}
	return traffic
}

func (e *engine) allows(c connection) bool {
	return e.policy.IsTrafficAllowed(&matcher.Traffic{
		Source:           e.peers[c.from],
		Destination:      e.peers[c.to],
		ResolvedPort:     int(c.port),
		ResolvedPortName: c.to.portName(c.port, c.protocol),
		Protocol:         c.protocol,
	}).IsAllowed()
}

// explained is what the plugin's can-reach answers.
func (e *engine) explained(w *world, c connection) (bool, error) {
	verdict, err := netpol.Judge(e.policies, &netpol.Connection{From: w.endpoint(c.from), To: w.endpoint(c.to), Port: c.port, Protocol: c.protocol})
	return verdict.Allowed(), err
}

func (w *world) endpoint(p *peer) netpol.Endpoint {
	return netpol.Endpoint{Namespace: p.namespace, NamespaceLabels: w.namespaces[p.namespace], Labels: p.labels, Ports: p.ports, Address: p.address}
}

// peersOf are the pods of the Microservices, in the order of their keys, and then all others.
func peersOf(w *world, built map[key]*children) []*peer {
	var all []*peer
	for _, k := range sortedKeys(built) {
		all = append(all, built[k].pod)
	}
	return append(all, w.others...)
}

func sortedKeys[V any](of map[key]V) []key {
	return slices.SortedFunc(maps.Keys(of), compareKeys)
}
