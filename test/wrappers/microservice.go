// Package wrappers makes Microservices for tests.
package wrappers

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// MakeMicroservice is the smallest useful one: an image and a port.
func MakeMicroservice(namespace, name string) *v1alpha1.Microservice {
	return &v1alpha1.Microservice{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec: v1alpha1.MicroserviceSpec{
			Image: "example.com/" + name + ":1",
			Ports: []v1alpha1.Port{{Name: "http", Port: 80, TargetPort: 8080}},
		},
	}
}
