package resources

import (
	"encoding/json"
	"errors"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	kjson "sigs.k8s.io/json"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

const patchField = "spec.podTemplate.spec"

// patched lays a strategic-merge patch over the pod's spec. A patch with a field that Kubernetes does not know, of the
// wrong type, or without the key of a list item gives an *InvalidSpecError with the decoder's words.
func patched(pod *corev1ac.PodSpecApplyConfiguration, patch []byte) (*corev1ac.PodSpecApplyConfiguration, error) {
	generated, err := json.Marshal(pod)
	if err != nil {
		return nil, &InvalidSpecError{Field: patchField, Reason: err.Error()}
	}
	merged, err := strategicpatch.StrategicMergePatch(generated, patch, corev1.PodSpec{})
	if err != nil {
		return nil, &InvalidSpecError{Field: patchField, Reason: "is not a patch of a pod's spec: " + err.Error()}
	}
	out := corev1ac.PodSpec()
	strict, err := kjson.UnmarshalStrict(merged, out)
	if err := errors.Join(append(strict, err)...); err != nil {
		return nil, &InvalidSpecError{Field: patchField, Reason: "does not fit a pod's spec: " + err.Error()}
	}
	if !slices.ContainsFunc(out.Containers, isApp) {
		return nil, &InvalidSpecError{Field: patchField, Reason: "must keep the container app; it may change it"}
	}
	return out, nil
}

func isApp(c corev1ac.ContainerApplyConfiguration) bool {
	return c.Name != nil && *c.Name == v1alpha1.ContainerName
}
