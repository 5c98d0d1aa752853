package servicetracker

import (
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// indexService is the index of EndpointSlices by the name of their Service.
const indexService = "service"

func serviceOf(slice client.Object) []string {
	return []string{slice.GetLabels()[discoveryv1.LabelServiceName]}
}

// cacheOptions returns the options for a cache of one namespace, or of all if it is empty. It holds every Service there, so it
// keeps only the fields that dependency.NewServiceTarget reads.
func cacheOptions(namespace string) cache.Options {
	options := cache.Options{ByObject: map[client.Object]cache.ByObject{
		&corev1.Service{}:            {Transform: trimService},
		&discoveryv1.EndpointSlice{}: {Transform: trimSlice},
	}}
	if namespace != "" {
		options.DefaultNamespaces = map[string]cache.Config{namespace: {}}
	}
	return options
}

func trimService(object any) (any, error) {
	svc, ok := object.(*corev1.Service)
	if !ok {
		return object, nil
	}
	trimmed := &corev1.Service{ObjectMeta: trimMeta(&svc.ObjectMeta), Spec: corev1.ServiceSpec{
		Selector: svc.Spec.Selector, Type: svc.Spec.Type, ClusterIP: svc.Spec.ClusterIP, Ports: svc.Spec.Ports,
	}}
	if consent, found := svc.Annotations[v1alpha1.AnnotationAllowedDependents]; found {
		trimmed.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: consent}
	}
	return trimmed, nil
}

// trimSlice merges all endpoints into one: only whether any is ready is read.
func trimSlice(object any) (any, error) {
	slice, ok := object.(*discoveryv1.EndpointSlice)
	if !ok {
		return object, nil
	}
	trimmed := &discoveryv1.EndpointSlice{ObjectMeta: trimMeta(&slice.ObjectMeta)}
	trimmed.Labels = map[string]string{discoveryv1.LabelServiceName: slice.Labels[discoveryv1.LabelServiceName]}
	for _, e := range slice.Endpoints {
		if e.Conditions.Ready == nil || *e.Conditions.Ready {
			trimmed.Endpoints = []discoveryv1.Endpoint{{}}
		}
	}
	if len(slice.Endpoints) > 0 && len(trimmed.Endpoints) == 0 {
		trimmed.Endpoints = []discoveryv1.Endpoint{{Conditions: discoveryv1.EndpointConditions{Ready: new(false)}}}
	}
	for _, p := range slice.Ports {
		trimmed.Ports = append(trimmed.Ports, discoveryv1.EndpointPort{Name: p.Name, Port: p.Port})
	}
	return trimmed, nil
}

func trimMeta(m *metav1.ObjectMeta) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: m.Namespace, Name: m.Name, UID: m.UID, ResourceVersion: m.ResourceVersion}
}
