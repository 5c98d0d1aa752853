package dependency

import "github.com/microservice-dev/microservice-operator/api/v1alpha1"

// Awaited returns the dependencies that hold the first start of ms: those with startPolicy AfterAvailable that are not ready.
// Members of one cycle do not wait for each other. cycle is that of ms, or nil.
func Awaited(ms *v1alpha1.Microservice, resolutions []Resolution, cycle *Cycle) []Resolution {
	var awaited []Resolution
	for i := range resolutions {
		r := &resolutions[i]
		waits := ms.Spec.Dependencies[i].StartPolicy == v1alpha1.StartAfterAvailable
		if waits && r.State != v1alpha1.DependencyReady && !cycle.Has(r.Target) {
			awaited = append(awaited, *r)
		}
	}
	return awaited
}
