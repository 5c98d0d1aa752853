// Package dependency resolves the declared dependencies of a Microservice: which targets exist, whether they admit it and are
// available, who depends on whom, and which cycles that forms. It is pure: objects in, facts out.
package dependency

import (
	"slices"

	"k8s.io/apimachinery/pkg/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Key is the namespace and name of a Microservice or a Service.
type Key = types.NamespacedName

// KeyOf returns the key of a Microservice.
func KeyOf(ms *v1alpha1.Microservice) Key {
	return Key{Namespace: ms.Namespace, Name: ms.Name}
}

// Kind is the kind of a dependency's target.
type Kind string

const (
	// Microservice is a Microservice of this operator.
	Microservice Kind = "Microservice"
	// Service is a Service. One that belongs to a Microservice stands for that one, see Resolve.
	Service Kind = "Service"
	// External is a target outside the cluster.
	External Kind = "External"
)

// Target is what a dependency names. An external one has no key.
type Target struct {
	Kind Kind
	Key  Key
}

// String formats a target as in Microservice/shop/payments. It is empty for an external one.
func (t Target) String() string {
	if t.Kind == External {
		return ""
	}
	return string(t.Kind) + "/" + t.Key.String()
}

// means reports whether a target is a Microservice, or may be its Service.
func (t Target) means(ms Key) bool {
	return t.Kind != External && t.Key == ms
}

// TargetOf returns the target of the dependency d of ms.
func TargetOf(ms *v1alpha1.Microservice, d *v1alpha1.Dependency) Target {
	switch {
	case d.External != nil:
		return Target{Kind: External}
	case d.Service != nil:
		return Target{Kind: Service, Key: keyOf(ms, d.Service)}
	case d.Microservice != nil:
		return Target{Kind: Microservice, Key: keyOf(ms, d.Microservice)}
	default:
		return Target{Kind: Microservice, Key: Key{Namespace: ms.Namespace, Name: d.Name}}
	}
}

func keyOf(ms *v1alpha1.Microservice, r *v1alpha1.ObjectReference) Key {
	if r.Namespace == "" {
		return Key{Namespace: ms.Namespace, Name: r.Name}
	}
	return Key{Namespace: r.Namespace, Name: r.Name}
}

// Targets returns the distinct keys of one kind that ms names, in the order of the spec, without ms itself: such a spec is
// rejected elsewhere. A Service may be that of a Microservice, so its key is also one of the kind Microservice.
func Targets(ms *v1alpha1.Microservice, kind Kind) []Key {
	var keys []Key
	for i := range ms.Spec.Dependencies {
		t := TargetOf(ms, &ms.Spec.Dependencies[i])
		if kind == Microservice && t.Kind == Service {
			t.Kind = Microservice
		}
		if t.Kind == kind && !slices.Contains(keys, t.Key) && !IsSelf(ms, t) {
			keys = append(keys, t.Key)
		}
	}
	return keys
}

// IsSelf reports whether a target of ms is ms itself.
func IsSelf(ms *v1alpha1.Microservice, t Target) bool {
	return t.Kind == Microservice && t.Key == KeyOf(ms)
}
