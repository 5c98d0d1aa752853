package compose

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/compose-spec/compose-go/v2/types"

	"github.com/microservice-dev/microservice-operator/internal/hosts"
)

// reference is a place where a service names another as a host.
type reference struct {
	// key is where, such as environment.API_URL.
	key     string
	service string
	// port is 0 if it is not known.
	port   int32
	scheme string
}

// bareHost are variables whose value is the name of a host alone. What is left of the name is the prefix of the port's variable.
var bareHost = regexp.MustCompile(`(?i)(HOST(NAME)?S?|SERVERS?|ADDR(ESS)?(ES)?|ENDPOINTS?|BROKERS?|NODES?|UPSTREAM|BACKEND|URL)$`)

// imageName are variables that name an image, in which a tag looks like a port.
var imageName = regexp.MustCompile(`(?i)IMAGE`)

// findReferences reads the values of all services for the names of others.
func (c *converter) findReferences() {
	for _, t := range c.sorted() {
		names := c.hostNames(t)
		environment := t.service.Environment
		for _, key := range slices.Sorted(maps.Keys(environment)) {
			if value := environment[key]; value != nil {
				c.addReferences(t, "environment."+key, c.hostsOfVariable(names, environment, key, *value))
			}
		}
		for _, word := range slices.Concat(t.service.Entrypoint, t.service.Command) {
			c.addReferences(t, "command", hosts.Find(word, names, false))
		}
	}
}

func (c *converter) addReferences(t *target, key string, found []hosts.Host) {
	for _, h := range found {
		if h.Service != t.service.Name {
			t.references = append(t.references, reference{key: key, service: h.Service, port: c.portOf(h), scheme: h.Scheme})
		}
	}
}

// portOf returns the port that a host is called on, 0 if it is not known: the first port of a database is what is meant then.
func (c *converter) portOf(h hosts.Host) int32 {
	if h.Port != 0 || c.targets[h.Service].role == backing {
		return h.Port
	}
	return hosts.SchemePorts[h.Scheme]
}

// hostsOfVariable returns the hosts in a variable. A name alone is one if the variable's name says so, with the port of the variable
// beside it: DB_HOST and DB_PORT.
func (c *converter) hostsOfVariable(names map[string]string, environment types.MappingWithEquals, key, value string) []hosts.Host {
	if imageName.MatchString(key) {
		return nil
	}
	suffix := bareHost.FindString(key)
	found := hosts.Find(value, names, suffix != "")
	beside := environment[strings.TrimSuffix(key, suffix)+"PORT"]
	if suffix == "" || beside == nil {
		return found
	}
	n, err := strconv.ParseUint(*beside, 10, 16)
	for i := range found {
		if err == nil && found[i].Port == 0 && found[i].Scheme == "" {
			found[i].Port = int32(n)
		}
	}
	return found
}

// hostNames returns by which names a service reaches which services: their own, those of their containers, aliases in networks, and
// the aliases of its links.
func (c *converter) hostNames(t *target) map[string]string {
	names := map[string]string{}
	for _, other := range c.sorted() {
		if name := other.service.ContainerName; name != "" {
			names[strings.ToLower(name)] = other.service.Name
		}
		for _, network := range other.service.Networks {
			if network == nil {
				continue
			}
			for _, alias := range network.Aliases {
				names[strings.ToLower(alias)] = other.service.Name
			}
		}
	}
	for name := range c.targets {
		names[strings.ToLower(name)] = name
	}
	for _, link := range t.service.Links {
		if service, alias, found := strings.Cut(link, ":"); found && c.targets[service] != nil {
			names[strings.ToLower(alias)] = service
		}
	}
	return names
}

// nameOf returns the name of a service in Kubernetes.
func (c *converter) nameOf(service string) string {
	return c.targets[service].name
}

// usedPorts returns the ports on which others call a service, sorted.
func (c *converter) usedPorts(t *target) []int32 {
	used := map[int32]bool{}
	for _, other := range c.sorted() {
		for _, r := range other.references {
			if r.service == t.service.Name && r.port != 0 && other.role == application && c.connected(other, t) {
				used[r.port] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(used))
}

// isCalled reports whether an application declares or names a service.
func (c *converter) isCalled(t *target) bool {
	return slices.ContainsFunc(c.sorted(), func(other *target) bool {
		_, declared := other.service.DependsOn[t.service.Name]
		names := slices.ContainsFunc(other.references, func(r reference) bool { return r.service == t.service.Name })
		return other.role == application && (declared || names && c.connected(other, t))
	})
}

// connected reports whether two services have a network in common. A service in the network of another has the networks of that.
func (c *converter) connected(a, b *target) bool {
	theirs := c.networksOf(b.service)
	for name := range c.networksOf(a.service) {
		if _, common := theirs[name]; common {
			return true
		}
	}
	return false
}

func (c *converter) networksOf(service types.ServiceConfig) map[string]*types.ServiceNetworkConfig {
	if name, found := strings.CutPrefix(service.NetworkMode, types.ServicePrefix); found {
		return c.project.Services[name].Networks
	}
	return service.Networks
}
