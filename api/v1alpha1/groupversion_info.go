// Package v1alpha1 is the API of the Microservice operator: one kind, Microservice, that declares an
// application service and what it depends on.
//
// +kubebuilder:object:generate=true
// +kubebuilder:ac:generate=true
// +groupName=apps.microservice.dev
package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// SchemeGroupVersion is the group and version of everything in this package.
var SchemeGroupVersion = schema.GroupVersion{Group: "apps.microservice.dev", Version: "v1alpha1"}

// AddToScheme registers the types of this package. It fails only on a programming error: a kind registered twice
// with different Go types.
func AddToScheme(scheme *runtime.Scheme) error {
	scheme.AddKnownTypes(SchemeGroupVersion, &Microservice{}, &MicroserviceList{})
	metav1.AddToGroupVersion(scheme, SchemeGroupVersion)
	return nil
}
