package resources

import (
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// selector returns the immutable selector of everything that belongs to ms.
func selector(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{v1alpha1.LabelName: ms.Name}
}

// matching selects objects with all of these labels. The map is not copied: results are read-only, as inputs are.
func matching(labels map[string]string) *metav1ac.LabelSelectorApplyConfiguration {
	return &metav1ac.LabelSelectorApplyConfiguration{MatchLabels: labels}
}

// labels returns the labels of every child and every pod.
func labels(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{
		v1alpha1.LabelName:             ms.Name,
		"app.kubernetes.io/name":       ms.Name,
		"app.kubernetes.io/component":  "microservice",
		"app.kubernetes.io/managed-by": "microservice-operator",
	}
}

var apiVersion = v1alpha1.SchemeGroupVersion.String()

// owner returns the reference by which the garbage collector deletes the child with the Microservice, even while the operator
// is down.
func owner(ms *v1alpha1.Microservice) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(apiVersion).
		WithKind("Microservice").
		WithName(ms.Name).
		WithUID(ms.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
