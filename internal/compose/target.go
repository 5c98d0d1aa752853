package compose

import (
	"errors"
	"maps"
	"slices"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// role is what a Compose service is in Kubernetes.
type role int

const (
	application role = iota
	// backing is a database, a broker, a cache: run by an operator or as a managed service, and a dependency of others.
	backing
	// job runs to completion.
	job
	// provided is made by a provider outside of containers.
	provided
)

// target is a Compose service, and what it is in Kubernetes.
type target struct {
	service types.ServiceConfig
	// name is that of the Microservice, and of the Service.
	name  string
	role  role
	known *knownImage
	// ports are those of an application.
	ports []v1alpha1.Port
	// references are the places where this service names others.
	references []reference
	// waiting are the services that wait until this one has completed.
	waiting []string
}

// sorted returns the targets by the name of the service.
func (c *converter) sorted() []*target {
	var all []*target
	for _, name := range slices.Sorted(maps.Keys(c.targets)) {
		all = append(all, c.targets[name])
	}
	return all
}

// nameTargets gives each service its name in Kubernetes.
func (c *converter) nameTargets() error {
	c.targets = make(map[string]*target, len(c.project.Services))
	owners := map[string]string{}
	var collisions []error
	for _, service := range slices.Sorted(maps.Keys(c.project.Services)) {
		t := &target{service: c.project.Services[service], name: objectName(service)}
		c.targets[service] = t
		if other, taken := owners[t.name]; taken {
			collisions = append(collisions, collision(other, service, t.name))
		}
		owners[t.name] = service
		if t.name != service {
			c.report.changed(service, "name", "it is %s in Kubernetes, where a name has at most 63 of a-z, 0-9 and - and begins with a letter; "+
				"values that name it were changed, files and images were not", t.name)
		}
	}
	return errors.Join(collisions...)
}

// classify decides what each service is in Kubernetes.
func (c *converter) classify() {
	for _, t := range c.sorted() {
		for name, d := range t.service.DependsOn {
			if on := c.targets[name]; on != nil && d.Condition == types.ServiceConditionCompletedSuccessfully {
				on.role, on.waiting = job, append(on.waiting, t.service.Name)
			}
		}
	}
	for _, t := range c.sorted() {
		slices.Sort(t.waiting)
		if d := t.service.Deploy; d != nil && (d.Mode == "replicated-job" || d.Mode == "global-job") {
			t.role = job
		}
		if t.role == job {
			continue
		}
		if t.service.Provider != nil {
			t.role = provided
		} else if t.known = findImage(t.service.Image); t.known != nil {
			t.role = backing
		}
	}
}
