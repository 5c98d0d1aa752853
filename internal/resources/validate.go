package resources

import (
	"fmt"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// validate refuses what no rule of the CRD can: CEL does not see the object's namespace.
func validate(ms *v1alpha1.Microservice) error {
	for i, d := range ms.Spec.Dependencies {
		if d.Microservice != nil && d.Microservice.Name == ms.Name && d.Microservice.Namespace == ms.Namespace {
			return &InvalidSpecError{
				Field:  fmt.Sprintf("spec.dependencies[%d].microservice", i),
				Reason: fmt.Sprintf("%s/%s is this Microservice itself: a Microservice cannot depend on itself", ms.Namespace, ms.Name),
			}
		}
	}
	return nil
}
