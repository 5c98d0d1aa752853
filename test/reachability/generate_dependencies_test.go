package reachability_test

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// addDependencies links the Microservices, and the first two of them in a circle.
func (g *generator) addDependencies() {
	for i, ms := range g.microservices {
		for range 1 + g.IntN(7) {
			g.addDependency(ms)
		}
		if i < 2 {
			other := g.microservices[1-i]
			ms.Spec.Dependencies = append(ms.Spec.Dependencies, v1alpha1.Dependency{
				Name: "circle", Microservice: &v1alpha1.ObjectReference{Namespace: other.Namespace, Name: other.Name},
			})
		}
	}
}

func (g *generator) addDependency(ms *v1alpha1.Microservice) {
	d := v1alpha1.Dependency{Name: fmt.Sprintf("d%d", len(ms.Spec.Dependencies)), Optional: g.chance(20)}
	switch n := g.IntN(100); {
	case n < 20:
		d.External = g.external()
	case n < 45:
		g.nameService(ms, &d)
	case n < 90:
		g.nameMicroservice(ms, &d, near(g, ms, g.microservices))
	default:
		absent := &v1alpha1.Microservice{}
		k := pick(g, g.absent)
		absent.Namespace, absent.Name = k.Namespace, k.Name
		g.nameMicroservice(ms, &d, absent)
	}
	if d.External == nil && !d.Optional && g.chance(20) {
		d.StartPolicy = v1alpha1.StartAfterAvailable
	}
	ms.Spec.Dependencies = append(ms.Spec.Dependencies, d)
}

// nameMicroservice names a target in each of the ways in which it can be said. A Microservice does not name itself:
// that is refused. It takes an external one instead.
func (g *generator) nameMicroservice(ms *v1alpha1.Microservice, d *v1alpha1.Dependency, target *v1alpha1.Microservice) {
	own := target.Namespace == ms.Namespace
	taken := slices.ContainsFunc(ms.Spec.Dependencies, func(other v1alpha1.Dependency) bool { return other.Name == target.Name })
	switch {
	case own && target.Name == ms.Name:
		d.External = g.external()
		return
	case own && !taken && g.chance(60):
		d.Name = target.Name
	case own && g.chance(50):
		d.Microservice = &v1alpha1.ObjectReference{Name: target.Name}
	case g.chance(30):
		d.Service = &v1alpha1.ObjectReference{Namespace: target.Namespace, Name: target.Name}
	default:
		d.Microservice = &v1alpha1.ObjectReference{Namespace: target.Namespace, Name: target.Name}
	}
	if ports := target.Spec.Ports; len(ports) > 0 && g.chance(40) {
		d.Port = pick(g, ports).Name
	} else if g.chance(15) {
		d.Port = pick(g, []string{"http", "missing"})
	}
}

// near prefers the same namespace, where less is refused.
func near[T metav1.Object](g *generator, ms *v1alpha1.Microservice, from []T) T {
	for range 2 {
		if target := pick(g, from); target.GetNamespace() == ms.Namespace {
			return target
		}
	}
	return pick(g, from)
}

func (g *generator) nameService(ms *v1alpha1.Microservice, d *v1alpha1.Dependency) {
	svc := near(g, ms, g.services)
	d.Service = &v1alpha1.ObjectReference{Namespace: svc.Namespace, Name: svc.Name}
	if svc.Namespace == ms.Namespace && g.chance(50) {
		d.Service.Namespace = ""
	}
	if g.chance(10) {
		d.Service.Name = "not-there"
	}
	if ports := svc.Spec.Ports; len(ports) > 0 && g.chance(40) {
		d.Port = pick(g, ports).Name
	} else if g.chance(10) {
		d.Port = "missing"
	}
}

func (g *generator) external() *v1alpha1.ExternalDependency {
	e := &v1alpha1.ExternalDependency{}
	if g.chance(60) {
		e.CIDRs = some(g, 2, networks)
	}
	if len(e.CIDRs) == 0 || g.chance(50) {
		e.Host = "api.example.com"
	}
	if g.chance(70) {
		for _, number := range some(g, 3, numbers) {
			e.Ports = append(e.Ports, v1alpha1.ExternalPort{
				Port: number, Protocol: pick(g, []corev1.Protocol{"", corev1.ProtocolTCP, corev1.ProtocolUDP}),
			})
		}
	}
	return e
}
