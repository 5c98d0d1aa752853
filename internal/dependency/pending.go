package dependency

import (
	"slices"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// UnknownPorts returns the resolutions of targets in the cluster whose port is not known.
func UnknownPorts(resolutions []Resolution) []Resolution {
	var unknown []Resolution
	for i := range resolutions {
		if r := &resolutions[i]; r.Target.Kind != External && r.Port == 0 {
			unknown = append(unknown, *r)
		}
	}
	return unknown
}

// ChangedPorts returns the targets whose port differs from the one that the pods were given, in the order of the spec.
func ChangedPorts(resolutions []Resolution, previous Addresses) []Target {
	var targets []Target
	for i := range resolutions {
		r := &resolutions[i]
		if r.Target.Kind == External || previous[r.key] == r.URL || slices.Contains(targets, r.Target) {
			continue
		}
		if had := portAt(previous[r.key], r.Host); had != 0 && had != r.Port {
			targets = append(targets, r.Target)
		}
	}
	return targets
}

// WithPreviousAddresses returns the resolutions with the addresses that the pods were given.
func WithPreviousAddresses(resolutions []Resolution, previous Addresses) []Resolution {
	held := slices.Clone(resolutions)
	for i := range held {
		r := &held[i]
		if r.Target.Kind == External {
			continue
		}
		r.Port, r.URL = portAt(previous[r.key], r.Host), ""
		if r.Port != 0 {
			r.URL = previous[r.key]
		}
	}
	return held
}

// ExplainHeld sets state and message of each held resolution whose pods still have the previous address: until they are
// restarted they cannot call the target, even if it is healthy. It modifies held.
func ExplainHeld(held, wanted []Resolution, why string) {
	for i := range held {
		if r := &held[i]; r.URL != wanted[i].URL && r.State == v1alpha1.DependencyReady {
			r.State = v1alpha1.DependencyNotReady
			r.Message = "The pods still have the old address, and will be restarted with " + wanted[i].URL + ": " + why
		}
	}
}
