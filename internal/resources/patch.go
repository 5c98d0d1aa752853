package resources

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	kjson "sigs.k8s.io/json"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

const patchField = "spec.podTemplate.spec"

// applyPodPatch applies a strategic-merge patch to the pod's spec. A patch with an unknown field, a wrong type, or a list item
// without its key is an *InvalidSpecError with the decoder's message.
func applyPodPatch(pod *corev1ac.PodSpecApplyConfiguration, patch []byte, ports []v1alpha1.Port, cache *PatchCache) (*corev1ac.PodSpecApplyConfiguration, error) {
	generated, err := json.Marshal(pod)
	if err != nil {
		return nil, &InvalidSpecError{Field: patchField, Reason: err.Error()}
	}
	return cache.apply(pod, generated, patch, ports)
}

func applyPatch(pod *corev1ac.PodSpecApplyConfiguration, generated, patch []byte, ports []v1alpha1.Port) (*corev1ac.PodSpecApplyConfiguration, error) {
	merged, err := merge(generated, patch)
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
	inOrder(out, pod)
	for i := range out.Containers {
		if isApp(out.Containers[i]) {
			dropEmpty(&out.Containers[i])
		}
	}
	if err := finish(out, ports); err != nil {
		return nil, &InvalidSpecError{Field: patchField, Reason: err.Error()}
	}
	return out, nil
}

// deleteDirective may be applied before or after the list that it belongs to, at random: the template would change from one
// reconcile to the next.
const deleteDirective = "$deleteFromPrimitiveList"

func merge(generated, patch []byte) (merged []byte, err error) {
	if bytes.Contains(patch, []byte(deleteDirective)) {
		return nil, errors.New(deleteDirective + " is not supported; give the whole list")
	}
	// The library panics on list keys that are not strings.
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("a value is of a kind that cannot be merged (%v)", r)
		}
	}()
	return strategicpatch.StrategicMergePatch(generated, patch, corev1.PodSpec{})
}

func isApp(c corev1ac.ContainerApplyConfiguration) bool {
	return c.Name != nil && *c.Name == v1alpha1.ContainerName
}
