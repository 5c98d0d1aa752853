package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// routeWithoutGateway says what the operator says: files alone do not tell its --gateway.
func (s *System) routeWithoutGateway(ms *v1alpha1.Microservice) []problem {
	c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionRouted)
	if c == nil || c.Reason != v1alpha1.ReasonGatewayNotSet || c.ObservedGeneration != ms.Generation {
		return nil
	}
	return []problem{{"spec.route.gateway", "no Gateway leads to it: neither the route names one, nor the operator's --gateway", cures[v1alpha1.ReasonGatewayNotSet]}}
}

// sameRequests finds routes of which a gateway drops one: of two with the same host and path the older wins, and an HTTPRoute and a
// GRPCRoute cannot share a host (https://gateway-api.sigs.k8s.io/reference/spec/#httprouterule, #grpcroutespec). A longer path, and a
// host instead of a wildcard, wins for itself, which is how a host is divided.
func (s *System) sameRequests(ms *v1alpha1.Microservice) (found []problem) {
	if ms.Spec.RouteKind() == "" {
		return nil
	}
	for _, other := range s.all {
		if other == ms || other.Spec.RouteKind() == "" || !sameListeners(ms, other) {
			continue
		}
		if host, both := common(ms.Spec.Route.Hostnames, other.Spec.Route.Hostnames); both {
			path, same := common(routePaths(ms), routePaths(other))
			if !same && ms.Spec.RouteKind() == other.Spec.RouteKind() {
				continue
			}
			name := Name(dependency.KeyOf(other), ms.Namespace)
			found = append(found, problem{"spec.route", fmt.Sprintf("%s has a route for %s%s, too: the older one gets all requests", name, host, path),
				"give one of them another host, or other paths"})
		}
	}
	return found
}

// sameListeners reports whether two routes may be of one listener. A Gateway that is named, and that of the operator, may be the same:
// that is not known.
func sameListeners(a, b *v1alpha1.Microservice) bool {
	ofOperator := &v1alpha1.GatewayReference{}
	one, other := *cmp.Or(a.NamedGateway(), ofOperator), *cmp.Or(b.NamedGateway(), ofOperator)
	if one.SectionName == "" || other.SectionName == "" {
		one.SectionName, other.SectionName = "", ""
	}
	return one == other
}

// routePaths are the prefixes of a route without a slash at the end.
func routePaths(ms *v1alpha1.Microservice) []string {
	if len(ms.Spec.Route.Paths) == 0 {
		return []string{""}
	}
	paths := make([]string, 0, len(ms.Spec.Route.Paths))
	for _, path := range ms.Spec.Route.Paths {
		paths = append(paths, strings.TrimSuffix(path, "/"))
	}
	return paths
}

// common returns the first of a that is also in b.
func common(a, b []string) (string, bool) {
	for _, one := range a {
		if slices.Contains(b, one) {
			return one, true
		}
	}
	return "", false
}
