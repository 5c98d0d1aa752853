// Package explain answers questions about a system of Microservices: why one is not well, and how they are connected. It is
// pure: objects in, findings out. The plugin and its web page print what it returns.
package explain

import (
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
}

// NewWorld returns a world with the given Microservices.
func NewWorld(all ...*v1alpha1.Microservice) World {
	w := World{Microservices: map[dependency.Key]*v1alpha1.Microservice{}, Absent: sets.New[dependency.Key](), Hidden: sets.New[dependency.Key]()}
	for _, ms := range all {
		w.Microservices[dependency.KeyOf(ms)] = ms
	}
	return w
}

// Name returns the name of a Microservice as seen from a namespace: others have theirs in front.
func Name(key dependency.Key, namespace string) string {
	if key.Namespace == namespace {
		return key.Name
	}
	return key.Namespace + "/" + key.Name
}
