package resources

import (
	"maps"

	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// selector is the one immutable selector of everything that belongs to ms.
func selector(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{v1alpha1.LabelName: ms.Name}
}

// matching selects what has all of these labels. They are not copied: what is built is read only, as its input is.
func matching(labels map[string]string) *metav1ac.LabelSelectorApplyConfiguration {
	return &metav1ac.LabelSelectorApplyConfiguration{MatchLabels: labels}
}

// copiedLabels are those of the Microservice that its children get, too: what tools group and show objects by. All others
// stay behind: they may be a deployment tool's tracking labels, by which it would take the children for its own.
var copiedLabels = []string{
	"app.kubernetes.io/part-of",
	"backstage.io/kubernetes-id", // https://backstage.io/docs/features/kubernetes/configuration
}

// CopiedLabels are the labels of ms that its children get, too. They are not on the pods: an edit of a label restarts
// nothing.
func CopiedLabels(ms *v1alpha1.Microservice) map[string]string {
	copied := map[string]string{}
	for _, key := range copiedLabels {
		if value, found := ms.Labels[key]; found {
			copied[key] = value
		}
	}
	return copied
}

// childLabels are on every child.
func childLabels(ms *v1alpha1.Microservice) map[string]string {
	all := labels(ms)
	maps.Copy(all, CopiedLabels(ms))
	return all
}

// labels are on every child and every pod.
func labels(ms *v1alpha1.Microservice) map[string]string {
	return map[string]string{
		v1alpha1.LabelName:             ms.Name,
		"app.kubernetes.io/name":       ms.Name,
		"app.kubernetes.io/component":  "microservice",
		"app.kubernetes.io/managed-by": "microservice-operator",
	}
}

var apiVersion = v1alpha1.SchemeGroupVersion.String()

// owner makes the garbage collector remove the child with the Microservice, also while the operator is away.
func owner(ms *v1alpha1.Microservice) *metav1ac.OwnerReferenceApplyConfiguration {
	return metav1ac.OwnerReference().
		WithAPIVersion(apiVersion).
		WithKind("Microservice").
		WithName(ms.Name).
		WithUID(ms.UID).
		WithController(true).
		WithBlockOwnerDeletion(true)
}
