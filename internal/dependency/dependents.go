package dependency

import (
	"cmp"
	"slices"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Dependent is a Microservice that names another as a dependency, as that one sees it.
type Dependent struct {
	Key Key
	// Permitted is false for one of the same namespace that is refused.
	Permitted bool
	// Ports are the targetPorts that it asked for and that exist, sorted, each once. It is empty for a refused one.
	Ports []NetworkPort
}

// Dependents are those of ms among candidates, by namespace and name. A refused one of another namespace is not among
// them: nobody can put anything into the status of ms without its consent.
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
	slices.SortFunc(all, func(a, b Dependent) int { return compareKeys(a.Key, b.Key) })
	return all
}

// requestedPorts are the ports of ms that a dependent names.
func requestedPorts(ms, dependent *v1alpha1.Microservice) []NetworkPort {
	var ports []NetworkPort
	target := Target{Kind: Microservice, Key: KeyOf(ms)}
	for i := range dependent.Spec.Dependencies {
		d := &dependent.Spec.Dependencies[i]
		if TargetOf(dependent, d) != target {
			continue
		}
		if p := portOf(ms, d.Port); p != nil {
			ports = append(ports, networkPort(p))
		}
	}
	return SortPorts(ports)
}

// TargetsWithChangedPorts are the Microservices of which a dependent asks something else after a change than before; nil is not there.
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

// requestedPortNames are the names of the ports that ms asks for, by target, in the order of the spec.
func requestedPortNames(ms *v1alpha1.Microservice) map[Key][]string {
	ports := map[Key][]string{}
	if ms == nil {
		return ports
	}
	for i := range ms.Spec.Dependencies {
		d := &ms.Spec.Dependencies[i]
		if target := TargetOf(ms, d); target.Kind == Microservice {
			ports[target.Key] = append(ports[target.Key], d.Port)
		}
	}
	return ports
}

// SortPorts sorts ports and drops what is there twice. It changes its argument.
func SortPorts(ports []NetworkPort) []NetworkPort {
	slices.SortFunc(ports, ComparePorts)
	return slices.Compact(ports)
}

// ComparePorts orders by number, then by name, then by protocol.
func ComparePorts(a, b NetworkPort) int {
	return cmp.Or(
		cmp.Compare(a.Port.IntVal, b.Port.IntVal),
		cmp.Compare(a.Port.StrVal, b.Port.StrVal),
		cmp.Compare(a.Protocol, b.Protocol),
	)
}

func compareKeys(a, b Key) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}
