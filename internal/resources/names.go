package resources

import (
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// selector is the one immutable selector of everything that belongs to ms.
func selector(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{v1alpha1.LabelName: ms.Name}
}

// labels are on every child and every pod. Nothing is copied from the Microservice's own labels: those may be a
// deployment tool's tracking labels.
func labels(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{
		v1alpha1.LabelName:             ms.Name,
		"app.kubernetes.io/name":       ms.Name,
		"app.kubernetes.io/component":  "microservice",
		"app.kubernetes.io/managed-by": "microservice-operator",
	}
}

// owner makes the garbage collector remove the child with the Microservice, also while the operator is away.
func owner(ms *v1alpha1.Microservice) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(v1alpha1.SchemeGroupVersion.String()).
		WithKind("Microservice").
		WithName(ms.Name).
		WithUID(ms.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
