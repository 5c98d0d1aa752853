// Package explain answers questions about a system of Microservices: why one is not well, and how they are connected. It is
// pure: objects in, findings out. The plugin and its web page print what it returns.
package explain

import (
	"maps"
	"slices"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// World is what is known of a system. It may be a part: what is in none of its fields has not been loaded.
type World struct {
	// Microservices are the loaded ones. They are not modified.
	Microservices map[dependency.Key]*v1alpha1.Microservice
	// Absent are the Microservices that do not exist.
	Absent sets.Set[dependency.Key]
	// Hidden are the Microservices that the user may not read.
	Hidden sets.Set[dependency.Key]
	// Autoscalers are those of the cluster, as far as they are known. Only Analyze needs them.
	Autoscalers []autoscalingv2.HorizontalPodAutoscaler
}

// NewWorld returns a world with the given Microservices.
func NewWorld(all ...*v1alpha1.Microservice) World {
	w := World{Microservices: map[dependency.Key]*v1alpha1.Microservice{}, Absent: sets.New[dependency.Key](), Hidden: sets.New[dependency.Key]()}
	w.Add(all...)
	return w
}

// Add adds loaded Microservices.
func (w World) Add(all ...*v1alpha1.Microservice) {
	for _, ms := range all {
		w.Microservices[dependency.KeyOf(ms)] = ms
	}
}

// Sorted returns the Microservices by namespace and name.
func (w World) Sorted() []*v1alpha1.Microservice {
	return slices.SortedFunc(maps.Values(w.Microservices), func(a, b *v1alpha1.Microservice) int {
		return dependency.CompareKeys(dependency.KeyOf(a), dependency.KeyOf(b))
	})
}

// Dependents returns, for each Microservice that is named as a dependency, those that name it, sorted.
func (w World) Dependents() map[dependency.Key][]*v1alpha1.Microservice {
	all := map[dependency.Key][]*v1alpha1.Microservice{}
	for _, ms := range w.Sorted() {
		for _, key := range dependency.Targets(ms, dependency.Microservice) {
			all[key] = append(all[key], ms)
		}
	}
	return all
}

// targetOf returns the target of a dependency. A Service is taken for the Microservice of its name if there is one, or if the operator
// says so in the status.
func (w World) targetOf(ms *v1alpha1.Microservice, d *v1alpha1.Dependency) dependency.Target {
	target := dependency.TargetOf(ms, d)
	if target.Kind != dependency.Service || target.Key == dependency.KeyOf(ms) {
		return target
	}
	as := dependency.Target{Kind: dependency.Microservice, Key: target.Key}
	if at := ms.Status.Dependency(d.Name); w.Microservices[target.Key] != nil || at != nil && at.Target == as.String() {
		return as
	}
	return target
}

// HideOthers marks the Microservices of other namespaces that those of a namespace depend on as hidden: that they are not known does
// not mean that they do not exist.
func (w World) HideOthers(namespace string) {
	for _, ms := range w.Microservices {
		for _, key := range dependency.Targets(ms, dependency.Microservice) {
			if key.Namespace != namespace {
				w.Hidden.Insert(key)
			}
		}
	}
}

// Name returns the name of a Microservice as seen from a namespace: others have theirs in front.
func Name(key dependency.Key, namespace string) string {
	if key.Namespace == namespace {
		return key.Name
	}
	return key.Namespace + "/" + key.Name
}
