package e2e

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// declared are the edges of testdata/reach.yaml to which both sides agree. api also asks for vault, which does not admit it.
var declared = sets.New(
	"e2e-shop/web e2e-shop/api 8080/TCP",
	"e2e-shop/web e2e-bank/ledger 8080/TCP",
	"e2e-shop/web outside 8080/TCP",
	"e2e-shop/api e2e-shop/cache 8080/TCP",
	"e2e-shop/cart e2e-shop/api 8081/UDP",
	"e2e-shop/worker e2e-shop/api 8080/TCP",
	"e2e-bank/auditor e2e-bank/ledger 8080/TCP",
	"e2e-bank/auditor e2e-bank/vault 8080/TCP",
)

// peer is one end of a connection.
type peer struct {
	// name is NAMESPACE/NAME, or outside.
	name    string
	address string
	// pod is nil for the host outside.
	pod *corev1.Pod
	// enter is how the program is run on the host outside.
	enter []string
	// closedIn and closedOut say in which directions nothing is free.
	closedIn, closedOut bool
}

// connection is what is tried. The port is that of the pod.
type connection struct {
	from, to *peer
	port     int32
	protocol corev1.Protocol
}

func (c connection) String() string {
	return fmt.Sprintf("%s %s %d/%s", c.from.name, c.to.name, c.port, c.protocol)
}

// declared is what the specs say of a connection.
func (c connection) declared() bool {
	return declared.Has(c.String()) || !c.from.closedOut && !c.to.closedIn
}

var _ = Describe("Who reaches whom", Label("reach"), Ordered, func() {
	var peers []*peer

	BeforeAll(func(ctx context.Context) {
		code, said := msvc(ctx, "check", "-n", "default", "--probe", "--probe-image", *agnhostImage, "-o", "json")
		AddReportEntry("kubectl msvc check --probe", said)
		if !strings.Contains(said, "NetworkPolicies hold") {
			Skip(fmt.Sprintf("the cluster does not enforce NetworkPolicies: check --probe ends with %d: %s", code, said))
		}
		deleteLater("e2e-bank")
		apply(ctx, "testdata/reach.yaml", "e2e-shop")
		peers = allPeers(ctx)
		if host := startOutside(ctx); host != nil {
			peers = append(peers, host)
		}
	})

	It("is what is declared, for packets, for can-reach and for another evaluator", func(ctx context.Context) {
		all := connections(peers)
		begin := time.Now()
		// A policy engine takes a moment to learn of new pods.
		Eventually(ctx, func() []string { return disagreements(ctx, all) }).Should(BeEmpty())
		AddReportEntry("packets", fmt.Sprintf("%d connections between %d peers as declared, after %s", len(all), len(peers), time.Since(begin).Round(time.Second)))

		evaluate := evaluator(ctx, peers)
		var wrong []string
		asked := 0
		for _, c := range all {
			if evaluate(c) != c.declared() {
				wrong = append(wrong, fmt.Sprintf("%s: the evaluator says %t", c, evaluate(c)))
			}
			code, said := msvc(ctx, "can-reach", c.from.place(), fmt.Sprintf("%s:%d/%s", c.to.place(), c.port, c.protocol))
			switch _, listens := c.to.port(c.port, c.protocol); {
			case c.to.pod != nil && !listens:
				// Nothing declares the port, so can-reach says that it does not exist.
				if code != 2 || !strings.Contains(said, "port") {
					wrong = append(wrong, fmt.Sprintf("%s: can-reach ends with %d: %s", c, code, said))
				}
			case code != 0 && code != 1 || (code == 0) != c.declared():
				wrong = append(wrong, fmt.Sprintf("%s: can-reach ends with %d: %s", c, code, said))
			default:
				asked++
			}
		}
		Expect(wrong).To(BeEmpty())
		AddReportEntry("can-reach", fmt.Sprintf("%d of %d connections, those to ports that are declared, and the same answers", asked, len(all)))
		Expect(disagreements(ctx, all)).To(BeEmpty(), "what held once holds again")
	})

	It("holds for names and Services", func(ctx context.Context) {
		from := map[string]*peer{}
		for _, p := range peers {
			from[p.name] = p
		}
		for _, call := range []struct {
			from, host string
			port       int32
			protocol   corev1.Protocol
			want       bool
		}{
			{"e2e-shop/web", "api", 80, corev1.ProtocolTCP, true},
			{"e2e-shop/web", "api.e2e-shop.svc", 80, corev1.ProtocolTCP, true},
			{"e2e-shop/web", "ledger.e2e-bank.svc", 50051, corev1.ProtocolTCP, true},
			{"e2e-shop/web", "cache", 6379, corev1.ProtocolTCP, false},
			{"e2e-shop/api", "cache", 6379, corev1.ProtocolTCP, true},
			{"e2e-shop/cart", "api", 81, corev1.ProtocolUDP, true},
			{"e2e-shop/lonely", "api", 80, corev1.ProtocolTCP, false},
			{"e2e-shop/visitor", "api", 80, corev1.ProtocolTCP, false},
			{"e2e-shop/api", "vault.e2e-bank.svc", 80, corev1.ProtocolTCP, false},
		} {
			Eventually(ctx, func() (bool, error) { return from[call.from].connects(ctx, call.host, call.port, call.protocol) }).
				Should(Equal(call.want), "from %s to %s:%d", call.from, call.host, call.port)
		}
	})

	It("follows consent and declarations that are given and withdrawn", func(ctx context.Context) {
		web := &peer{name: "e2e-shop/web", pod: ready(ctx, "e2e-shop", "web")}
		toLedger := func() (bool, error) {
			return web.connects(ctx, ready(ctx, "e2e-bank", "ledger").Status.PodIP, 8080, corev1.ProtocolTCP)
		}
		follows := func(what string, want bool, change func()) {
			change()
			begin := time.Now()
			Eventually(ctx, toLedger).Should(Equal(want), what)
			AddReportEntry(what, time.Since(begin).Round(10*time.Millisecond).String())
		}
		follows("the target withdraws its consent", false, func() {
			patch(ctx, "e2e-bank", "ledger", `{"spec":{"allowedDependents":{"from":"Same","selector":null}}}`)
		})
		follows("the target consents", true, func() { patch(ctx, "e2e-bank", "ledger", `{"spec":{"allowedDependents":{"from":"All"}}}`) })
		patch(ctx, "e2e-bank", "ledger", `{"spec":{"allowedDependents":{"from":"Selector","selector":{"matchLabels":{"team":"shop"}}}}}`)
		follows("the namespace loses the label", false, func() { kubectl(ctx, "label", "namespace", "e2e-shop", "team-") })
		follows("the namespace has the label", true, func() { kubectl(ctx, "label", "namespace", "e2e-shop", "team=shop") })

		api := ready(ctx, "e2e-shop", "api").Status.PodIP
		patch(ctx, "e2e-shop", "lonely", `{"spec":{"dependencies":[{"name":"api"}]}}`)
		begin := time.Now()
		Eventually(ctx, func() (bool, error) {
			lonely := &peer{pod: ready(ctx, "e2e-shop", "lonely")}
			return lonely.connects(ctx, api, 8080, corev1.ProtocolTCP)
		}).Should(BeTrue())
		AddReportEntry("a dependency is declared", time.Since(begin).Round(10*time.Millisecond).String())
	})
})

// patch merges content into a Microservice.
func patch(ctx context.Context, namespace, name, content string) {
	ms := &v1alpha1.Microservice{}
	ms.Namespace, ms.Name = namespace, name
	ExpectWithOffset(1, kube.Patch(ctx, ms, client.RawPatch(types.MergePatchType, []byte(content)))).To(Succeed())
}

// allPeers are the pods of both namespaces, when all are ready.
func allPeers(ctx context.Context) []*peer {
	var all []*peer
	for _, namespace := range []string{"e2e-bank", "e2e-shop"} {
		services := &v1alpha1.MicroserviceList{}
		Expect(kube.List(ctx, services, client.InNamespace(namespace))).To(Succeed())
		closed := map[string]v1alpha1.Isolation{}
		for i := range services.Items {
			ms := &services.Items[i]
			closed[ms.Name] = v1alpha1.IsolationFull
			if p := ms.Spec.NetworkPolicy; p != nil && p.Isolation != "" {
				closed[ms.Name] = p.Isolation
			}
		}
		plain := map[string][]string{"e2e-bank": {"teller"}, "e2e-shop": {"cache", "visitor"}}
		for _, name := range append(slices.Sorted(maps.Keys(closed)), plain[namespace]...) {
			pod := ready(ctx, namespace, name)
			all = append(all, &peer{name: namespace + "/" + name, address: pod.Status.PodIP, pod: pod,
				closedOut: closed[name] == v1alpha1.IsolationFull,
				closedIn:  closed[name] == v1alpha1.IsolationFull || closed[name] == v1alpha1.IsolationIngress})
		}
	}
	return all
}

// connections are all between two peers, on both ports.
func connections(peers []*peer) []connection {
	var all []connection
	for _, from := range peers {
		for _, to := range peers {
			if from != to {
				all = append(all, connection{from, to, 8080, corev1.ProtocolTCP}, connection{from, to, 8081, corev1.ProtocolUDP})
			}
		}
	}
	return all
}

// disagreements tries connections, and returns those that are not as declared.
func disagreements(ctx context.Context, all []connection) []string {
	var wrong []string
	var mu sync.Mutex
	var running errgroup.Group
	running.SetLimit(8)
	for _, c := range all {
		running.Go(func() error {
			got, err := c.from.connects(ctx, c.to.address, c.port, c.protocol)
			if err != nil || got != c.declared() {
				mu.Lock()
				defer mu.Unlock()
				wrong = append(wrong, fmt.Sprintf("%s: %t, %v", c, got, err))
			}
			return nil
		})
	}
	_ = running.Wait() // none returns an error
	return wrong
}

// place is how can-reach names the peer.
func (p *peer) place() string {
	if p.pod == nil {
		return p.address
	}
	return p.name
}

// port returns the name of a port that the peer's container declares.
func (p *peer) port(number int32, protocol corev1.Protocol) (name string, declared bool) {
	if p.pod != nil {
		for _, port := range p.pod.Spec.Containers[0].Ports {
			if port.ContainerPort == number && port.Protocol == protocol {
				return port.Name, true
			}
		}
	}
	return "", false
}

// evaluator judges connections by the policies of the cluster with another project's engine.
func evaluator(ctx context.Context, peers []*peer) func(connection) bool {
	var policies []*networkingv1.NetworkPolicy
	labels := map[string]map[string]string{}
	for _, name := range []string{"e2e-shop", "e2e-bank"} {
		list, namespace := &networkingv1.NetworkPolicyList{}, &corev1.Namespace{}
		Expect(kube.List(ctx, list, client.InNamespace(name))).To(Succeed())
		Expect(kube.Get(ctx, client.ObjectKey{Name: name}, namespace)).To(Succeed())
		labels[name] = namespace.Labels
		for i := range list.Items {
			policies = append(policies, &list.Items[i])
		}
	}
	policy := matcher.BuildNetworkPolicies(true, policies)
	side := func(p *peer) *matcher.TrafficPeer {
		traffic := &matcher.TrafficPeer{IP: p.address}
		if p.pod != nil {
			traffic.Internal = &matcher.InternalPeer{Namespace: p.pod.Namespace, NamespaceLabels: labels[p.pod.Namespace], PodLabels: p.pod.Labels}
		}
		return traffic
	}
	return func(c connection) bool {
		traffic := &matcher.Traffic{Source: side(c.from), Destination: side(c.to), ResolvedPort: int(c.port), Protocol: c.protocol}
		traffic.ResolvedPortName, _ = c.to.port(c.port, c.protocol)
		return policy.IsTrafficAllowed(traffic).IsAllowed()
	}
}
