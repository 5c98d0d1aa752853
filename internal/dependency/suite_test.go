package dependency_test

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

type change = func(*v1alpha1.Microservice)

// microservice is such as shop/web, available, with the port http from 80 to 8080, but for the changes.
func microservice(name string, changes ...change) *v1alpha1.Microservice {
	k := key(name)
	ms := &v1alpha1.Microservice{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: k.Name},
		Spec: v1alpha1.MicroserviceSpec{
			Image: k.Name + ":1",
			Ports: []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}},
		},
	}
	setAvailable(ms, metav1.ConditionTrue)
	for _, change := range changes {
		change(ms)
	}
	return ms
}

// key reads namespace/name. A name alone is in the namespace shop.
func key(name string) dependency.Key {
	if namespace, name, found := strings.Cut(name, "/"); found {
		return dependency.Key{Namespace: namespace, Name: name}
	}
	return dependency.Key{Namespace: "shop", Name: name}
}

func setAvailable(ms *v1alpha1.Microservice, status metav1.ConditionStatus) {
	meta.SetStatusCondition(&ms.Status.Conditions, metav1.Condition{
		Type: v1alpha1.ConditionAvailable, Status: status, Reason: "Test",
	})
}

func unavailable(ms *v1alpha1.Microservice) { setAvailable(ms, metav1.ConditionFalse) }

func parked(ms *v1alpha1.Microservice) { ms.Spec.Replicas = new(int32(0)) }

func deleted(ms *v1alpha1.Microservice) { ms.DeletionTimestamp = new(metav1.Now()) }

func ports(all ...v1alpha1.Port) change {
	return func(ms *v1alpha1.Microservice) { ms.Spec.Ports = all }
}

func admits(from v1alpha1.FromNamespaces) change {
	return func(ms *v1alpha1.Microservice) { ms.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: from} }
}

func admitsWhere(selector metav1.LabelSelector) change {
	return func(ms *v1alpha1.Microservice) {
		ms.Spec.AllowedDependents = &v1alpha1.AllowedDependents{From: v1alpha1.FromSelector, Selector: &selector}
	}
}

func labelled(key, value string) metav1.LabelSelector {
	return metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

func dependsOn(all ...v1alpha1.Dependency) change {
	return func(ms *v1alpha1.Microservice) { ms.Spec.Dependencies = append(ms.Spec.Dependencies, all...) }
}

// on is a dependency on a Microservice, under its own name. Without a namespace it is in that of the dependent.
func on(name string) v1alpha1.Dependency {
	r := reference(name)
	return v1alpha1.Dependency{Name: r.Name, Microservice: r}
}

func onService(name string) v1alpha1.Dependency {
	r := reference(name)
	return v1alpha1.Dependency{Name: r.Name, Service: r}
}

func reference(name string) *v1alpha1.ObjectReference {
	if namespace, name, found := strings.Cut(name, "/"); found {
		return &v1alpha1.ObjectReference{Namespace: namespace, Name: name}
	}
	return &v1alpha1.ObjectReference{Name: name}
}

func onExternal(e v1alpha1.ExternalDependency) v1alpha1.Dependency {
	return v1alpha1.Dependency{Name: "geocoder", External: &e}
}

func onHost(name string) v1alpha1.Dependency {
	return onExternal(v1alpha1.ExternalDependency{Host: name})
}

// called gives a dependency another alias.
func called(alias string, d v1alpha1.Dependency) v1alpha1.Dependency {
	d.Name = alias
	return d
}

// atPort asks for the port of a name.
func atPort(d v1alpha1.Dependency, name string) v1alpha1.Dependency {
	d.Port = name
	return d
}

// service is such as shop/postgres, with the port pg from 5432 to the container's port of that name, but for the changes.
func service(name string, changes ...func(*corev1.Service)) *corev1.Service {
	k := key(name)
	svc := &corev1.Service{
		ObjectMeta: metav1.ObjectMeta{Namespace: k.Namespace, Name: k.Name},
		Spec: corev1.ServiceSpec{
			Type:      corev1.ServiceTypeClusterIP,
			ClusterIP: "10.96.0.17",
			Selector:  map[string]string{"app": k.Name, "role": "primary"},
			Ports: []corev1.ServicePort{
				{Name: "pg", Protocol: corev1.ProtocolTCP, Port: 5432, TargetPort: intstr.FromString("pg")},
				{Name: "metrics", Protocol: corev1.ProtocolTCP, Port: 80, TargetPort: intstr.FromInt32(9187)},
			},
		},
	}
	for _, change := range changes {
		change(svc)
	}
	return svc
}

func headless(svc *corev1.Service) { svc.Spec.ClusterIP = corev1.ClusterIPNone }

// belongsTo selects the pods of a Microservice.
func belongsTo(name string) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Spec.Selector = map[string]string{v1alpha1.LabelName: name, "tier": "db"}
	}
}

func annotated(value string) func(*corev1.Service) {
	return func(svc *corev1.Service) {
		svc.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: value}
	}
}

// slice has an endpoint for each readiness; nil is not known. It listens on ports by name.
func slice(listening map[string]int32, ready ...*bool) discoveryv1.EndpointSlice {
	s := discoveryv1.EndpointSlice{}
	for _, r := range ready {
		s.Endpoints = append(s.Endpoints, discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: r}})
	}
	for name, number := range listening {
		s.Ports = append(s.Ports, discoveryv1.EndpointPort{Name: &name, Port: &number})
	}
	return s
}

var (
	ready    = slice(nil, new(true))
	notReady = slice(nil, new(false))
)
