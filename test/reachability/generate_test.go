package reachability_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// microservicesPerWorld leaves names of the namespaces free, for dependencies on what is not there.
const microservicesPerWorld = 12

var (
	teams = []string{"shop", "billing", "platform"}
	names = []string{"cart", "mail", "orders", "payments", "search", "stock", "users", "web"}
	// numbers are few, so that ports of one service are often those of another.
	numbers = []int32{53, 80, 443, 3000, 5432, 8080, 9090}
	// networks are inside and outside the cluster, and hold some of the addresses outside.
	networks = []string{
		"203.0.113.0/24", "203.0.113.10/32", "10.0.0.0/8", "0.0.0.0/0", "169.254.169.254/32", "2001:db8:1::/48", "::/0",
	}
	outside = []string{
		"203.0.113.10", "203.0.113.99", "198.51.100.7", "10.9.9.9", "169.254.169.254", "169.254.20.10",
		"2001:db8:1::5", "2001:db8:2::5", "fe80::1",
	}
)

// generator makes the world of one seed: the same seed gives the same world.
type generator struct {
	*rand.Rand
	*world
	// absent are keys that no Microservice has.
	absent []key
}

func generate(seed uint64) *world {
	g := &generator{Rand: rand.New(rand.NewPCG(seed, 0)), world: &world{}}
	g.namespaces = g.someNamespaces()
	g.settings = g.someSettings()
	g.numbers = []int32{40000 + g.Int32N(1000)}
	g.addMicroservices()
	g.addEarlierPods()
	g.addServices()
	g.addDependencies()
	g.addPods()
	for _, address := range outside {
		g.add(&peer{name: address, address: netip.MustParseAddr(address)})
	}
	return g.world
}

// chance is true in that many of 100 cases.
func (g *generator) chance(percent int) bool {
	return g.IntN(100) < percent
}

func pick[T any](g *generator, from []T) T {
	return from[g.IntN(len(from))]
}

// some are at least one and at most n of from, each once.
func some[T any](g *generator, n int, from []T) []T {
	shuffled := slices.Clone(from)
	g.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled[:1+g.IntN(n)]
}

func (g *generator) someNamespaces() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, name := range append([]string{"elsewhere", "kube-system", "monitoring", "openshift-dns"}, teams...) {
		all[name] = map[string]string{corev1.LabelMetadataName: name}
		if g.chance(70) {
			all[name]["colour"] = pick(g, []string{"red", "blue"})
		}
		if g.chance(50) {
			all[name]["stage"] = pick(g, []string{"production", "test"})
		}
	}
	return all
}

func (g *generator) someSettings() settings {
	s := usualSettings()
	if g.chance(30) {
		s.dnsNamespace, s.dnsPorts = "openshift-dns", []int32{5353, 1053}
		s.dnsLabels = map[string]string{"dns.operator.openshift.io/daemonset-dns": "default"}
		s.dnsCIDRs = nil
	}
	if g.chance(60) {
		s.scraperNamespaces = pick(g, [][]string{{"monitoring"}, {"monitoring", "shop"}, {"not-there"}})
	}
	if g.chance(70) {
		s.clusterCIDRs = pick(g, [][]string{
			{"10.244.0.0/16"},
			{"fd00:244::/32"},
			{"10.244.0.0/16", "10.96.0.0/12", "fd00:244::/32"},
			{"10.0.0.0/8", "fc00::/7"},
		})
	}
	if g.chance(30) {
		s.meshPorts = pick(g, [][]int32{{15008}, {4143, 8080}})
	}
	if g.chance(70) {
		s.collector = &collector{namespace: "monitoring", labels: map[string]string{"app": "collector"}, port: pick(g, []int32{4317, 8080})}
	}
	return s
}

// add gives a peer without an address one that is free.
func (g *generator) add(p *peer) {
	if !p.address.IsValid() {
		p.address = podAddress(microservicesPerWorld + len(g.others))
	}
	if !p.outside() {
		p.name = fmt.Sprintf("%s/%s", p.namespace, p.name)
	}
	g.others = append(g.others, p)
}

// addPods adds those that nobody declared: without labels, with the labels of others, and those of the cluster.
func (g *generator) addPods() {
	for _, namespace := range teams {
		g.add(&peer{name: "unlabelled", namespace: namespace})
	}
	victim := pick(g, g.microservices)
	g.add(&peer{name: "copy of " + victim.Namespace + "/" + victim.Name, namespace: "elsewhere", labels: podLabels(victim.Name)})
	for _, ghost := range g.absent[:2] {
		g.add(&peer{name: "copy of an absent " + ghost.Name, namespace: ghost.Namespace, labels: podLabels(ghost.Name)})
	}
	g.add(&peer{name: "copy of a database", namespace: "elsewhere", labels: map[string]string{"app": "db"}})
	g.add(&peer{name: "prometheus", namespace: "monitoring", labels: map[string]string{"app": "prometheus"}})
	g.add(&peer{name: "collector", namespace: "monitoring", labels: map[string]string{"app": "collector"}})
	g.add(&peer{name: "copy of a collector", namespace: "elsewhere", labels: map[string]string{"app": "collector"}})
	g.add(&peer{name: "dns", namespace: g.settings.dnsNamespace, labels: g.settings.dnsLabels})
	g.add(&peer{name: "not dns", namespace: g.settings.dnsNamespace, labels: map[string]string{"k8s-app": "proxy"}})
	g.add(&peer{name: "copy of dns", namespace: "shop", labels: g.settings.dnsLabels})
}

// addEarlierPods leaves pods of an earlier revision behind some Microservices. Each number was another one then.
func (g *generator) addEarlierPods() {
	g.earlier = map[key][]v1alpha1.Port{}
	for _, ms := range g.microservices {
		if !g.chance(40) {
			continue
		}
		ports := slices.Clone(ms.Spec.Ports)
		for i := range ports {
			p := &ports[i]
			if p.TargetPort == 0 {
				p.TargetPort = p.Port
			}
			if p.TargetPort%2 == 0 { // the others stay
				p.TargetPort += 10_000
			}
		}
		g.earlier[key{Namespace: ms.Namespace, Name: ms.Name}] = ports
	}
}

func (g *generator) addMicroservices() {
	var all []key
	for _, namespace := range teams {
		for _, name := range names {
			all = append(all, key{Namespace: namespace, Name: name})
		}
	}
	g.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	g.absent = all[microservicesPerWorld:]
	for _, k := range all[:microservicesPerWorld] {
		ms := &v1alpha1.Microservice{}
		ms.Namespace, ms.Name = k.Namespace, k.Name
		ms.Spec = g.spec()
		g.microservices = append(g.microservices, ms)
	}
}
