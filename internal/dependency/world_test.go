package dependency_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// world is what is there.
type world struct {
	microservices []*v1alpha1.Microservice
	service       *corev1.Service
	slices        []discoveryv1.EndpointSlice
	namespaces    dependency.Namespaces
	known         dependency.Addresses
	clusterDomain string
	limited       bool
}

// resolve is what the dependencies of ms come to in a world.
func (w world) resolve(ms *v1alpha1.Microservice) []dependency.Resolution {
	in := dependency.Input{
		Microservice:      ms,
		Microservices:     map[dependency.Key]*v1alpha1.Microservice{},
		Services:          map[dependency.Key]*dependency.ServiceTarget{},
		Namespaces:        w.namespaces,
		PreviousAddresses: w.known,
		ClusterDomain:     w.clusterDomain,
		NamespacesLimited: w.limited,
	}
	for _, target := range w.microservices {
		in.Microservices[dependency.KeyOf(target)] = target
	}
	if svc := w.service; svc != nil {
		in.Services[dependency.Key{Namespace: svc.Namespace, Name: svc.Name}] = dependency.NewServiceTarget(svc, w.slices)
	}
	return dependency.Resolve(in)
}

// resolveOne is what a dependency of shop/web comes to.
func (w world) resolveOne(d v1alpha1.Dependency) dependency.Resolution {
	return w.resolve(microservice("web", dependsOn(d)))[0]
}

func wantResolution(t *testing.T, want, got dependency.Resolution) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(dependency.Resolution{})); diff != "" {
		t.Errorf("resolution (-want +got):\n%s", diff)
	}
}

// wayTo is to the pods of a Microservice.
func wayTo(name string, ports ...dependency.NetworkPort) *dependency.NetworkTarget {
	k := key(name)
	return &dependency.NetworkTarget{
		Pods:  &dependency.Pods{Namespace: k.Namespace, Labels: map[string]string{v1alpha1.LabelName: k.Name}},
		Ports: ports,
	}
}

func tcp(port int32) dependency.NetworkPort {
	return dependency.NetworkPort{Protocol: corev1.ProtocolTCP, Port: intstr.FromInt32(port)}
}

func udp(port int32) dependency.NetworkPort {
	return dependency.NetworkPort{Protocol: corev1.ProtocolUDP, Port: intstr.FromInt32(port)}
}

// wholly compares what resolutions hide, too.
var wholly = cmp.AllowUnexported(dependency.Resolution{})

// resolvedTo is what the dependency of shop/web on a Microservice comes to.
func resolvedTo(target *v1alpha1.Microservice) dependency.Resolution {
	return world{microservices: []*v1alpha1.Microservice{target}}.resolveOne(on(target.Namespace + "/" + target.Name))
}
