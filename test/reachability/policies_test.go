package reachability_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// children are those of one Microservice that matter here.
type children struct {
	// policy is nil where none is wanted.
	policy *networkingv1.NetworkPolicy
	// sent is the policy as the API server gets it.
	sent string
	// pod is one that its Deployment runs.
	pod *peer
}

// build makes the children of all Microservices with the operator's own code. Nothing else in this module calls it.
func build(t testing.TB, w *world) map[key]*children {
	t.Helper()
	in := dependency.Input{
		Microservices: map[dependency.Key]*v1alpha1.Microservice{},
		Services:      map[dependency.Key]*dependency.ServiceTarget{},
		Namespaces:    dependency.Namespaces{},
	}
	for name, labels := range w.namespaces {
		in.Namespaces[name] = labels
	}
	for _, svc := range w.services {
		in.Services[key{Namespace: svc.Namespace, Name: svc.Name}] = dependency.NewServiceTarget(svc, nil)
	}
	for _, ms := range w.microservices {
		in.Microservices[dependency.KeyOf(ms)] = ms
	}
	in.Running = w.running(t, in)
	all := map[key]*children{}
	for _, ms := range w.microservices {
		in.Microservice = ms
		all[dependency.KeyOf(ms)] = buildOne(t, w, in)
	}
	w.placePods(all)
	return all
}

// running returns the ports of the pods of an earlier revision, where there are any.
func (w *world) running(t testing.TB, in dependency.Input) map[dependency.Key]dependency.PodPorts {
	t.Helper()
	all := map[dependency.Key]dependency.PodPorts{}
	for _, ms := range w.microservices {
		if ports, found := w.earlier[dependency.KeyOf(ms)]; found {
			before := ms.DeepCopy()
			before.Spec.Ports = ports
			in.Microservice = before
			set, err := resources.For(resources.Input{Microservice: before, Settings: w.settings.operators(), Dependencies: dependency.Resolve(in)})
			if err != nil {
				t.Fatalf("building the earlier children of %s: %v", dependency.KeyOf(ms), err)
			}
			all[dependency.KeyOf(ms)] = dependency.RunningPorts(decode[appsv1.Deployment](t, set.Deployment))
		}
	}
	return all
}

func buildOne(t testing.TB, w *world, in dependency.Input) *children {
	t.Helper()
	ms := in.Microservice
	set, err := resources.For(resources.Input{
		Microservice: ms,
		Settings:     w.settings.operators(),
		Dependencies: dependency.Resolve(in),
		Dependents:   dependency.Dependents(ms, w.naming(ms), in.Namespaces),
		Running:      in.Running[dependency.KeyOf(ms)],
	})
	if err != nil {
		t.Fatalf("building the children of %s: %v", dependency.KeyOf(ms), err)
	}
	built := &children{pod: podOf(decode[appsv1.Deployment](t, set.Deployment), dependency.KeyOf(ms))}
	if set.NetworkPolicy != nil {
		built.policy, built.sent = decode[networkingv1.NetworkPolicy](t, set.NetworkPolicy), string(encode(t, set.NetworkPolicy))
	}
	return built
}

// naming are the Microservices that name ms as a dependency, in the order of the world.
func (w *world) naming(ms *v1alpha1.Microservice) []*v1alpha1.Microservice {
	var all []*v1alpha1.Microservice
	for _, other := range w.microservices {
		if slices.Contains(dependency.Targets(other, dependency.Microservice), dependency.KeyOf(ms)) {
			all = append(all, other)
		}
	}
	return all
}

func (s settings) operators() resources.Settings {
	o := resources.Settings{
		MinReadySeconds:   10,
		DNS:               resources.DNS{Namespace: s.dnsNamespace, PodLabels: s.dnsLabels, Ports: s.dnsPorts, CIDRs: s.dnsCIDRs},
		ScraperNamespaces: s.scraperNamespaces,
		ClusterCIDRs:      s.clusterCIDRs,
	}
	tcp := func(number int32) dependency.NetworkPort {
		return dependency.NetworkPort{Protocol: corev1.ProtocolTCP, Port: intstr.FromInt32(number)}
	}
	for _, number := range s.meshPorts {
		o.MeshPorts = append(o.MeshPorts, tcp(number))
	}
	if c := s.collector; c != nil {
		o.OTLP = resources.OTLP{
			Endpoint: "http://collector:4317", Protocol: "grpc",
			Collector: &dependency.Pods{Namespace: c.namespace, Labels: c.labels}, Ports: []dependency.NetworkPort{tcp(c.port)},
		}
	}
	return o
}

// The sample is judged with the settings that the operator has when nobody sets any.
func TestUsualSettings(t *testing.T) {
	if diff := cmp.Diff(resources.DefaultSettings(), usualSettings().operators()); diff != "" {
		t.Errorf("the usual settings are not the operator's defaults (-operator +here):\n%s", diff)
	}
}

// podOf has the labels and named ports that the Deployment really gives to its pods.
func podOf(d *appsv1.Deployment, owner key) *peer {
	return &peer{
		name:         owner.String(),
		namespace:    owner.Namespace,
		labels:       d.Spec.Template.Labels,
		microservice: owner,
		ports:        d.Spec.Template.Spec.Containers[0].Ports,
	}
}

// placePods gives the pods their addresses, of both families in turn.
func (w *world) placePods(all map[key]*children) {
	for i, k := range sortedKeys(all) {
		all[k].pod.address = podAddress(i)
	}
}

// podAddress is inside the networks that worlds with cluster CIDRs name.
func podAddress(i int) netip.Addr {
	if i%3 == 2 {
		return netip.AddrFrom16([16]byte{0xfd, 0, 2, 0x44, 15: byte(i + 1)})
	}
	return netip.AddrFrom4([4]byte{10, 244, 0, byte(i + 1)})
}

// decode turns an apply configuration into its type, as the API server does.
func decode[To any](t testing.TB, from any) *To {
	t.Helper()
	to := new(To)
	if err := json.Unmarshal(encode(t, from), to); err != nil {
		t.Fatal(err)
	}
	return to
}

func encode(t testing.TB, from any) []byte {
	t.Helper()
	content, err := json.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	return content
}
