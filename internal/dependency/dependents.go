package dependency

import (
	"cmp"
	"slices"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Dependent is a Microservice that declares a dependency on another one, from the view of that other one.
type Dependent struct {
	Key Key
	// Permitted is false for a rejected dependent of the same namespace.
	Permitted bool
	// Ports are the requested targetPorts that exist, sorted and unique; empty for a rejected dependent.
	Ports []NetworkPort
}

// Dependents returns the dependents of ms among candidates, sorted. It leaves out rejected ones of other namespaces: without
// consent nobody can write into the status of ms.
func Dependents(ms *v1alpha1.Microservice, candidates []*v1alpha1.Microservice, namespaces Namespaces) []Dependent {
	var all []Dependent
	for _, candidate := range candidates {
		admitted := Admits(ms, candidate.Namespace, namespaces)
		if !admitted && candidate.Namespace != ms.Namespace {
			continue
		}
		dependent := Dependent{Key: KeyOf(candidate), Permitted: admitted}
		if admitted {
			dependent.Ports = requestedPorts(ms, candidate)
		}
		all = append(all, dependent)
	}
	slices.SortFunc(all, func(a, b Dependent) int { return CompareKeys(a.Key, b.Key) })
	return all
}

// requestedPorts returns the ports of ms that a dependent names.
func requestedPorts(ms, dependent *v1alpha1.Microservice) []NetworkPort {
	var ports []NetworkPort
	for i := range dependent.Spec.Dependencies {
		d := &dependent.Spec.Dependencies[i]
		if !TargetOf(dependent, d).means(KeyOf(ms)) {
			continue
		}
		if p := portOf(ms, d.Port); p != nil {
			ports = append(ports, networkPort(p))
		}
	}
	return SortPorts(ports)
}

// TargetsWithChangedPorts returns the Microservices from which a dependent requests other ports after a change. before or after
// is nil if it does not exist.
func TargetsWithChangedPorts(before, after *v1alpha1.Microservice) []Key {
	was, is := requestedPortNames(before), requestedPortNames(after)
	var targets []Key
	for key := range was {
		if !slices.Equal(was[key], is[key]) {
			targets = append(targets, key)
		}
	}
	for key := range is {
		if _, found := was[key]; !found {
			targets = append(targets, key)
		}
	}
	return targets
}

// requestedPortNames returns the names of the requested ports by target, in the order of the spec.
func requestedPortNames(ms *v1alpha1.Microservice) map[Key][]string {
	ports := map[Key][]string{}
	if ms == nil {
		return ports
	}
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		if target := TargetOf(ms, d); target.Kind != External {
			ports[target.Key] = append(ports[target.Key], d.Port)
		}
	}
	return ports
}

// SortPorts sorts ports in place and removes duplicates.
func SortPorts(ports []NetworkPort) []NetworkPort {
	slices.SortFunc(ports, ComparePorts)
	return slices.Compact(ports)
}

// ComparePorts compares by number, then by name, then by protocol.
func ComparePorts(a, b NetworkPort) int {
	return cmp.Or(
		cmp.Compare(a.Port.IntVal, b.Port.IntVal),
		cmp.Compare(a.Port.StrVal, b.Port.StrVal),
		cmp.Compare(a.Protocol, b.Protocol),
	)
}

// CompareKeys compares by namespace, then by name.
func CompareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
