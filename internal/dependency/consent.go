package dependency

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Namespaces are the labels of namespaces. A namespace without an entry is not admitted by any selector.
type Namespaces map[string]labels.Set

// Admits reports whether ms admits dependents from a namespace. Its own namespace is always admitted, except with from: None.
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

// SelectsNamespaces reports whether ms admits dependents by namespace labels.
func SelectsNamespaces(ms *v1alpha1.Microservice) bool {
	allowed := ms.Spec.AllowedDependents
	return allowed != nil && allowed.From == v1alpha1.FromSelector
}

// selects returns false for an unknown namespace, and for a selector that cannot be parsed, which the builders reject.
func selects(s *metav1.LabelSelector, namespace string, namespaces Namespaces) bool {
	of, found := namespaces[namespace]
	if !found {
		return false
	}
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(of)
}

// ServiceAdmits reports whether the consent annotation of a Service names a namespace.
func ServiceAdmits(consent, namespace string) bool {
	admitted := ParseConsent(consent)
	return slices.Contains(admitted, "*") || slices.Contains(admitted, namespace)
}

// ParseConsent returns what the consent annotation of a Service names: namespaces, or "*" for all.
func ParseConsent(consent string) []string {
	var admitted []string
	for name := range strings.SplitSeq(consent, ",") {
		if name = strings.TrimSpace(name); name != "" {
			admitted = append(admitted, name)
		}
	}
	return admitted
}
