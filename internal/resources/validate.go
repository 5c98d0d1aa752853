package resources

import (
	"fmt"
	"maps"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// validate rejects what CRD rules cannot: CEL has no access to the object's namespace, and selectors have rules of their own.
func validate(ms *v1alpha1.Microservice) error {
	for i := range ms.Spec.Dependencies {
		if target := dependency.TargetOf(ms, &ms.Spec.Dependencies[i]); dependency.IsSelf(ms, target) {
			return &InvalidSpecError{
				Field:  fmt.Sprintf("spec.dependencies[%d].microservice", i),
				Reason: fmt.Sprintf("%s is this Microservice itself: a Microservice cannot depend on itself", target.Key),
			}
		}
	}
	if slices.ContainsFunc(ms.Spec.Dependencies, func(d v1alpha1.Dependency) bool { return d.Credentials != nil }) {
		if err := validateCredentials(&ms.Spec); err != nil {
			return err
		}
	}
	if allowed := ms.Spec.AllowedDependents; allowed != nil {
		if _, err := metav1.LabelSelectorAsSelector(allowed.Selector); err != nil {
			return &InvalidSpecError{Field: "spec.allowedDependents.selector", Reason: err.Error()}
		}
	}
	return validateChildMetadata(ms.Spec.ChildMetadata)
}

// validateChildMetadata rejects values that no label may have; a rule of the CRD would exceed its cost limit.
func validateChildMetadata(o *v1alpha1.ChildMetadata) error {
	if o == nil {
		return nil
	}
	for _, key := range slices.Sorted(maps.Keys(o.Labels)) {
		if reasons := validation.IsValidLabelValue(o.Labels[key]); len(reasons) > 0 {
			return &InvalidSpecError{
				Field:  fmt.Sprintf("spec.childMetadata.labels[%s]", key),
				Reason: fmt.Sprintf("%q is not the value of a label (childMetadata.annotations take any text): %s", o.Labels[key], reasons[0]),
			}
		}
	}
	return nil
}
