package resources

import (
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// serviceAccount builds an identity for the service alone, without a token. An existing account that the spec names is not
// written.
func serviceAccount(ms *v1alpha1.Microservice) *corev1ac.ServiceAccountApplyConfiguration {
	if ms.Spec.ServiceAccountName != "" {
		return nil
	}
	account := corev1ac.ServiceAccount(ms.Name, ms.Namespace).
		WithLabels(labels(ms)).
		WithOwnerReferences(owner(ms)).
		WithAutomountServiceAccountToken(false)
	if o := ms.Spec.ServiceAccount; o != nil {
		account.WithAnnotations(o.Annotations)
	}
	return account
}
