package reachability_test

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// addServices adds Services that are not ours, with the pods behind them, some that are, some whose Microservice has gone, and some that a
// Microservice has not taken over.
func (g *generator) addServices() {
	for _, namespace := range teams {
		for _, kind := range serviceKinds {
			if g.chance(60) {
				kind(g, namespace)
			}
		}
	}
	if g.chance(30) {
		g.addService(key{Namespace: pick(g, teams), Name: "gone"}, map[string]string{v1alpha1.LabelName: "gone"}, servicePort("http", 80, intstr.FromInt32(pick(g, numbers))))
	}
	for n, ms := range some(g, 3, g.microservices) {
		if n == 0 && g.chance(30) {
			g.addService(key{Namespace: ms.Namespace, Name: ms.Name}, map[string]string{"app": "db"}, servicePort("", 80, intstr.FromInt32(pick(g, numbers))))
			continue
		}
		g.addService(key{Namespace: ms.Namespace, Name: ms.Name}, map[string]string{v1alpha1.LabelName: ms.Name},
			servicePort("http", 80, intstr.FromInt32(pick(g, numbers))))
		g.addService(key{Namespace: ms.Namespace, Name: "stolen-" + ms.Name}, podLabels(ms.Name),
			servicePort("", 80, intstr.FromString("http")))
	}
}

var serviceKinds = []func(*generator, string){
	(*generator).addDatabase, (*generator).addCache, (*generator).addHeadless, (*generator).addBare, (*generator).addAlias,
	(*generator).addDoor,
}

// addDatabase has numbers, and two ports that differ in name, number and perhaps protocol.
func (g *generator) addDatabase(namespace string) {
	metrics := servicePort("metrics", 9090, intstr.FromInt32(pick(g, numbers)))
	metrics.Protocol = pick(g, protocols)
	g.addService(key{Namespace: namespace, Name: "db"}, map[string]string{"app": "db"},
		servicePort("sql", 5432, intstr.FromInt32(pick(g, numbers))), metrics)
	g.add(&peer{name: "db", namespace: namespace, labels: map[string]string{"app": "db", "tier": "data"}})
}

// addCache has names, which its two pods give to different numbers. In one pod gossip is not what the Service says.
func (g *generator) addCache(namespace string) {
	gossip := servicePort("gossip", 3000, intstr.FromString("gossip"))
	gossip.Protocol = corev1.ProtocolUDP
	g.addService(key{Namespace: namespace, Name: "cache"}, map[string]string{"app": "cache"},
		servicePort("redis", 6379, intstr.FromString("redis")), gossip)
	for i, protocol := range []corev1.Protocol{corev1.ProtocolUDP, corev1.ProtocolSCTP} {
		pod := &peer{name: fmt.Sprintf("cache-%d", i), namespace: namespace, labels: map[string]string{"app": "cache"}}
		pod.ports = []corev1.ContainerPort{
			{Name: "redis", ContainerPort: 6379 + int32(i), Protocol: corev1.ProtocolTCP},
			{Name: "gossip", ContainerPort: pick(g, numbers), Protocol: protocol},
		}
		g.add(pod)
	}
}

// addHeadless may have no ports: only a headless Service can.
func (g *generator) addHeadless(namespace string) {
	var ports []corev1.ServicePort
	if g.chance(80) {
		ports = []corev1.ServicePort{servicePort("", 3000, intstr.FromInt32(pick(g, numbers)))}
		ports[0].Protocol = pick(g, protocols)
	}
	svc := g.addService(key{Namespace: namespace, Name: "headless"}, map[string]string{"app": "headless"}, ports...)
	svc.Spec.ClusterIP = corev1.ClusterIPNone
	g.add(&peer{name: "headless", namespace: namespace, labels: map[string]string{"app": "headless"}})
}

// addBare selects nothing: somebody else writes its endpoints.
func (g *generator) addBare(namespace string) {
	g.addService(key{Namespace: namespace, Name: "bare"}, nil, servicePort("", 80, intstr.FromInt32(pick(g, numbers))))
}

// addAlias has a selector, which an ExternalName Service does not use.
func (g *generator) addAlias(namespace string) {
	svc := g.addService(key{Namespace: namespace, Name: "alias"}, map[string]string{"app": "db"},
		servicePort("", 80, intstr.FromInt32(pick(g, numbers))))
	svc.Spec.Type, svc.Spec.ExternalName = corev1.ServiceTypeExternalName, "example.com"
}

// addDoor tries to reach all Microservices of a namespace without their consent: it selects them by another label than
// the one that is refused.
func (g *generator) addDoor(namespace string) {
	g.addService(key{Namespace: namespace, Name: "door"}, map[string]string{"app.kubernetes.io/component": "microservice"},
		servicePort("http", 80, intstr.FromString("http")), servicePort("other", 81, intstr.FromInt32(pick(g, numbers))))
}

func (g *generator) addService(at key, selector map[string]string, ports ...corev1.ServicePort) *corev1.Service {
	svc := &corev1.Service{Spec: corev1.ServiceSpec{Type: corev1.ServiceTypeClusterIP, Selector: selector, Ports: ports}}
	svc.Namespace, svc.Name = at.Namespace, at.Name
	if g.chance(60) {
		svc.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: pick(g, []string{
			"*", " * ", "", ",", "elsewhere", "shop", "billing,platform", " shop , billing ", "shopping,ship", "shop billing",
			strings.Join(teams, ","), "elsewhere, *",
		})}
	}
	g.services = append(g.services, svc)
	return svc
}

func servicePort(name string, number int32, target intstr.IntOrString) corev1.ServicePort {
	return corev1.ServicePort{Name: name, Port: number, TargetPort: target, Protocol: corev1.ProtocolTCP}
}
