package compose

import (
	"maps"
	"slices"
	"strings"
)

// reportProject reports what belongs to no single service.
func (c *converter) reportProject() {
	for _, name := range slices.Sorted(maps.Keys(c.project.Jobs)) {
		c.report.notConverted("", "jobs."+name, "a Microservice does not end: run it as a Job")
	}
	for _, name := range slices.Sorted(maps.Keys(c.project.Models)) {
		c.report.notConverted("", "models."+name, "no counterpart: run the model as a service of its own")
	}
	whole := &conversion{converter: c, target: &target{}}
	for _, name := range slices.Sorted(maps.Keys(c.project.Networks)) {
		n := c.project.Networks[name]
		if bool(n.External) {
			c.report.toDo("", "networks."+name, "it comes from elsewhere: declare what is called in it as an external or service dependency")
		}
		whole.leftOver("networks."+name, n, "name", "external", "internal", "driver", "attachable", "enable_ipv4")
	}
	for _, name := range slices.Sorted(maps.Keys(c.project.Volumes)) {
		whole.leftOver("volumes."+name, c.project.Volumes[name], "name", "external")
	}
	var unnumbered, all []string
	for _, t := range c.sorted() {
		if t.role != application {
			continue
		}
		all = append(all, t.name)
		if t.service.User == "" {
			unnumbered = append(unnumbered, t.name)
		}
	}
	if len(unnumbered) > 0 {
		c.report.toDo("", "user", "no user is set for %s: a pod whose image runs as root does not start; choose an image that does not, "+
			"or set runAsUser in spec.podTemplate.spec.securityContext", strings.Join(unnumbered, ", "))
	}
	if len(all) > 0 {
		c.report.toDo("", "networks", "calls to hosts outside the cluster are closed: declare each as an external dependency, "+
			"or set spec.networkPolicy.isolation to Ingress")
	}
}
