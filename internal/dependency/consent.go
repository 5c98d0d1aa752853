package dependency

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Namespaces are the labels of namespaces. What is not in it admits nobody by selector.
type Namespaces map[string]labels.Set

// Admits says whether ms lets dependents of a namespace in. The own namespace always counts, unless nobody shall.
func Admits(ms *v1alpha1.Microservice, namespace string, namespaces Namespaces) bool {
	from, own := v1alpha1.FromSame, namespace == ms.Namespace
	if allowed := ms.Spec.AllowedDependents; allowed != nil && allowed.From != "" {
		from = allowed.From
	}
	switch from {
	case v1alpha1.FromAll:
		return true
	case v1alpha1.FromSame:
		return own
	case v1alpha1.FromSelector:
		return own || selects(ms.Spec.AllowedDependents.Selector, namespace, namespaces)
	default:
		return false
	}
}

// SelectsNamespaces says whether the labels of namespaces decide whom ms admits.
func SelectsNamespaces(ms *v1alpha1.Microservice) bool {
	allowed := ms.Spec.AllowedDependents
	return allowed != nil && allowed.From == v1alpha1.FromSelector
}

// selects is false for a namespace that is not known, and for a selector that cannot be read, which the builders refuse.
func selects(s *metav1.LabelSelector, namespace string, namespaces Namespaces) bool {
	of, found := namespaces[namespace]
	if !found {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(of)
}

// serviceAdmits says whether the consent of a Service names a namespace.
func serviceAdmits(consent, namespace string) bool {
	var admitted []string
	for name := range strings.SplitSeq(consent, ",") {
		admitted = append(admitted, strings.TrimSpace(name))
	}
	return slices.Contains(admitted, "*") || slices.Contains(admitted, namespace)
}
