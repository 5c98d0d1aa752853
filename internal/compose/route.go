package compose

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Labels by which Traefik is told how requests come in: https://doc.traefik.io/traefik/v3.0/routing/providers/docker/
const (
	traefikRouters     = "traefik.http.routers."
	traefikMiddlewares = "traefik.http.middlewares."
	traefikServices    = "traefik.http.services."
	traefikServerPort  = ".loadbalancer.server.port"
)

// ownRoute is the cure for what spec.route cannot say.
const ownRoute = ": write an HTTPRoute of your own (https://gateway-api.sigs.k8s.io/)"

// maxRouteValues is how many hosts, and how many paths, the API allows.
const maxRouteValues = 16

var (
	traefikRule    = regexp.MustCompile(`^traefik\.http\.routers\.([^.]+)\.rule$`)
	traefikNotHTTP = regexp.MustCompile(`^traefik\.(tcp|udp)\.routers\.`)
	// traefikMatcher is Host or PathPrefix with one or more values in backticks or quotes.
	traefikMatcher = regexp.MustCompile("^(Host|PathPrefix)\\(\\s*([`\"][^`\"]+[`\"](?:\\s*,\\s*[`\"][^`\"]+[`\"])*)\\s*\\)$")
	routeHost      = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$`)
	routePath      = regexp.MustCompile(`^(/[-A-Za-z0-9_~][-A-Za-z0-9._~]*)+/?$`)
)

// route makes a route of the labels of Traefik's routers. A Microservice has one: routers with the same paths and port are one.
func (s *conversion) route() {
	if strings.EqualFold(s.service.Labels["traefik.enable"], "false") {
		return
	}
	for _, label := range slices.Sorted(maps.Keys(s.service.Labels)) {
		if traefikNotHTTP.MatchString(label) {
			s.notConverted("labels", "%s has no counterpart: a route leads HTTP or gRPC", label)
		}
		match := traefikRule.FindStringSubmatch(label)
		if match == nil {
			continue
		}
		r, problem := s.routeOf(match[1], s.service.Labels[label])
		if problem == "" {
			problem = s.merge(r)
		}
		if problem != "" {
			s.notConverted("labels", "%s: %s", label, problem)
		}
	}
	if s.spec.Route != nil {
		s.toDo("labels", "spec.route needs a Gateway, which has the certificates: set spec.route.gateway, unless the operator has --gateway. "+
			"A path matches whole segments there, and Traefik's entry points and TLS have no counterpart")
	}
}

// merge adds a route to that of the Microservice. It returns why it cannot.
func (s *conversion) merge(r *v1alpha1.Route) (problem string) {
	have := s.spec.Route
	if have == nil {
		s.spec.Route = r
		return ""
	}
	if have.Port != r.Port || have.StripPrefix != r.StripPrefix || !slices.Equal(have.Paths, r.Paths) {
		return "a Microservice has one route, and another router has it" + ownRoute
	}
	hosts := have.Hostnames
	for _, host := range r.Hostnames {
		if !slices.Contains(hosts, host) {
			hosts = append(hosts, host)
		}
	}
	if len(hosts) > maxRouteValues {
		return "spec.route has at most 16 hosts" + ownRoute
	}
	have.Hostnames = hosts
	return ""
}

// routeOf returns the route of a router, or why there is none.
func (s *conversion) routeOf(router, rule string) (r *v1alpha1.Route, problem string) {
	hosts, paths, understood := parseRule(rule)
	switch {
	case !understood:
		return nil, "a rule other than Host and PathPrefix has no counterpart" + ownRoute
	case len(hosts) == 0:
		return nil, "spec.route needs a host" + ownRoute
	case len(hosts) > maxRouteValues || len(paths) > maxRouteValues:
		return nil, "spec.route has at most 16 hosts and 16 paths" + ownRoute
	case len(s.ports) == 0:
		return nil, "no port is known: add spec.ports and spec.route"
	}
	r = &v1alpha1.Route{Hostnames: hosts, Paths: paths}
	if number := s.routerPort(router); number != 0 {
		i := slices.IndexFunc(s.ports, func(p v1alpha1.Port) bool { return p.Port == number })
		if i < 0 {
			return nil, "its port is not among those of the Microservice: add it to spec.ports, and spec.route"
		}
		if i > 0 {
			r.Port = s.ports[i].Name
		}
	}
	if middleware := s.middlewares(router, r); middleware != "" {
		return nil, "the middleware " + middleware + " has no counterpart: without a route nobody comes in without it; let the gateway or the service do it, and add spec.route"
	}
	return r, ""
}

// parseRule reads a rule such as (Host(`a`) || Host(`b`)) && PathPrefix(`/c`): one alternative of hosts, and one of paths. understood
// is false for any other.
func parseRule(rule string) (hosts, paths []string, understood bool) {
	for _, part := range strings.Split(rule, "&&") {
		part = strings.TrimSpace(part)
		if strings.HasPrefix(part, "(") && strings.HasSuffix(part, ")") {
			part = part[1 : len(part)-1]
		}
		var names, values []string
		for _, matcher := range strings.Split(part, "||") {
			match := traefikMatcher.FindStringSubmatch(strings.TrimSpace(matcher))
			if match == nil {
				return nil, nil, false
			}
			names = append(names, match[1])
			for _, value := range strings.Split(match[2], ",") {
				values = append(values, strings.Trim(strings.TrimSpace(value), "`\""))
			}
		}
		if len(slices.Compact(names)) != 1 {
			return nil, nil, false
		}
		switch {
		case names[0] == "Host" && hosts == nil:
			hosts = lowered(values)
		case names[0] == "PathPrefix" && paths == nil:
			paths = distinct(values)
		default:
			return nil, nil, false
		}
	}
	if slices.Contains(paths, "/") {
		paths = nil // every path
	}
	return hosts, paths, all(hosts, routeHost) && all(paths, routePath)
}

func lowered(values []string) []string {
	hosts := make([]string, 0, len(values))
	for _, value := range values {
		hosts = append(hosts, strings.ToLower(value))
	}
	return distinct(hosts)
}

func distinct(values []string) []string { return slices.Compact(slices.Sorted(slices.Values(values))) }

func all(values []string, pattern *regexp.Regexp) bool {
	return !slices.ContainsFunc(values, func(value string) bool { return !pattern.MatchString(value) })
}

// routerPort returns the port to which a router leads: that of the service that it names, or of the only one; 0 if no label tells.
func (s *conversion) routerPort(router string) int32 {
	name := s.service.Labels[traefikRouters+router+".service"]
	only := ""
	for label := range s.service.Labels {
		if strings.HasPrefix(label, traefikServices) && strings.HasSuffix(label, traefikServerPort) {
			only = cmp.Or(only, label)
			if name == "" && label != only {
				return 0
			}
		}
	}
	label := only
	if name != "" {
		label = traefikServices + name + traefikServerPort
	}
	number, err := strconv.ParseUint(s.service.Labels[label], 10, 16)
	if err != nil {
		return 0
	}
	return int32(number)
}

// middlewares converts the one that strips the paths of a route. It returns another one, which may be a login, and is empty for none.
func (s *conversion) middlewares(router string, r *v1alpha1.Route) string {
	for _, name := range strings.Split(s.service.Labels[traefikRouters+router+".middlewares"], ",") {
		name = strings.TrimSpace(name)
		prefixes := s.service.Labels[traefikMiddlewares+strings.TrimSuffix(name, "@docker")+".stripprefix.prefixes"]
		switch {
		case name == "":
		case len(r.Paths) > 0 && slices.Equal(distinct(strings.Split(prefixes, ",")), r.Paths):
			r.StripPrefix = true
		default:
			return name
		}
	}
	return ""
}
