package compose

import (
	"maps"
	"slices"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// dependencies sets what the service calls: what depends_on and links declare, and what its values name.
func (s *conversion) dependencies() {
	s.aliases = map[string]bool{}
	names := map[string]bool{}
	for name := range s.service.DependsOn {
		names[name] = true
	}
	for _, r := range s.references {
		names[r.service] = true
	}
	for _, name := range slices.Sorted(maps.Keys(names)) {
		on := s.targets[name]
		declared, isDeclared := s.service.DependsOn[name]
		if on == nil {
			s.notConverted("depends_on."+name, "the service is not selected by the profiles: no dependency")
			continue
		}
		if on.role == job || on.role == provided {
			s.changed("depends_on."+name, "no dependency, because %s is no Microservice", name)
			continue
		}
		if !isDeclared && !s.connected(s.target, on) {
			s.changed(s.referencesTo(name)[0].key, "it names %s, with which it has no network in common: no dependency", name)
			continue
		}
		s.depend(on, declared, isDeclared)
	}
}

// referencesTo returns the references to a service.
func (s *conversion) referencesTo(service string) []reference {
	return slices.DeleteFunc(slices.Clone(s.references), func(r reference) bool { return r.service != service })
}

// depend adds a dependency for each port of the target that is called.
func (s *conversion) depend(on *target, declared types.ServiceDependency, isDeclared bool) {
	key := "depends_on." + on.service.Name
	if !isDeclared {
		key = s.referencesTo(on.service.Name)[0].key
		s.changed(key, "it names %s: a dependency was deduced", on.service.Name)
	} else if !s.connected(s.target, on) {
		s.changed(key, "the services have no network in common: the dependency was kept and opens the network; "+
			"remove it if it is about the order alone")
	}
	template := v1alpha1.Dependency{Optional: isDeclared && !declared.Required}
	if declared.Condition == types.ServiceConditionHealthy {
		template.StartPolicy = s.startPolicy(on, template.Optional, key)
	}
	if declared.Restart && !s.isLink(on.service.Name) {
		s.notConverted(key, "restart: nothing restarts this service when %s restarts; it must connect again by itself", on.service.Name)
	}
	if on.role == application && len(on.ports) == 0 {
		s.toDo(key, "no port of %s is known, so the dependency opens nothing: give it spec.ports, "+
			"or remove the dependency if it is about the order alone", on.name)
		s.comment(on.name+" has no port: add one there, or remove this", "spec", "dependencies", on.name)
	}
	for _, port := range s.calledPorts(on) {
		d := template
		d.Name, d.Port = unique(alias(on, port), maxName, s.aliases), port
		if on.role == backing {
			d.Service = &v1alpha1.ObjectReference{Name: on.name}
			s.comment("the Service of "+on.known.what, "spec", "dependencies", d.Name)
		} else if d.Name != on.name {
			d.Microservice = &v1alpha1.ObjectReference{Name: on.name}
		}
		s.spec.Dependencies = append(s.spec.Dependencies, d)
	}
}

// alias returns the name of a dependency: that of the target, or with a port behind it. A database or broker never has its name
// alone: a dependency redis would set REDIS_URL, which many programs read, and which would not be the URL that they expect.
func alias(on *target, port string) string {
	switch {
	case port != "":
		return label(on.name + "-" + port)
	case on.role == backing:
		return label(on.name + "-service")
	}
	return on.name
}

// startPolicy waits where the API allows it: not for an optional dependency, and not for a target that never becomes Ready as a
// dependency because it has no port.
func (s *conversion) startPolicy(on *target, optional bool, key string) v1alpha1.StartPolicy {
	switch {
	case optional:
		s.notConverted(key, "service_healthy with required: false: an optional dependency cannot hold the start; it starts at once")
	case on.role == application && len(on.ports) == 0:
		s.notConverted(key, "service_healthy: it starts at once, because a dependency without a port never becomes Ready")
	default:
		return v1alpha1.StartAfterAvailable
	}
	return ""
}

// isLink reports whether a dependency on the service comes from links or another namespace of the container, which the loader adds.
func (s *conversion) isLink(service string) bool {
	for _, link := range s.service.Links {
		if name, _, _ := strings.Cut(link, ":"); name == service {
			return true
		}
	}
	shared := []string{s.service.NetworkMode, s.service.Ipc, s.service.Pid, s.service.Uts, s.service.Cgroup}
	return slices.Contains(shared, types.ServicePrefix+service)
}

// calledPorts returns the names of the target's ports that are called, empty for the primary one: that one alone if none is known.
func (s *conversion) calledPorts(on *target) []string {
	names := map[string]bool{}
	for _, r := range s.referencesTo(on.service.Name) {
		names[on.portNamed(r.port)] = true
	}
	if len(names) == 0 {
		return []string{""}
	}
	return slices.Sorted(maps.Keys(names))
}

// portNamed returns the name of the port with the number as a dependency gives it: empty for the primary one and for none.
func (t *target) portNamed(number int32) string {
	if number == 0 {
		return ""
	}
	if t.role == backing {
		return t.known.portName(number)
	}
	for i := range t.ports {
		if t.ports[i].Port == number && t.ports[i].Protocol == "" && i > 0 {
			return t.ports[i].Name
		}
	}
	return ""
}
