package explain

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Gateway is the kind of a node through which requests come in from outside.
const Gateway dependency.Kind = "Gateway"

// addGateways adds a node for each Gateway, and an edge from it to each Microservice that it leads to. Nobody observes a Gateway
// itself; the edge has what its controller says of the route.
func (g *Graph) addGateways(all []*v1alpha1.Microservice, nodes map[string]Node) {
	for _, ms := range all {
		port := ms.Spec.RoutePort()
		if port == nil {
			continue
		}
		// Its namespace is in its name, so that a graph of one namespace stays one.
		n := Node{ID: "Gateway", Name: "default", Kind: Gateway, State: StateUnknown}
		if named := ms.NamedGateway(); named != nil {
			n.Name = named.Namespace + "/" + named.Name
			n.ID = "Gateway/" + n.Name
		}
		n.Hostnames = append(nodes[n.ID].Hostnames, ms.Spec.Route.Hostnames...)
		slices.Sort(n.Hostnames)
		n.Hostnames = slices.Compact(n.Hostnames)
		nodes[n.ID] = n
		g.Edges = append(g.Edges, Edge{
			From: n.ID, To: idOf(dependency.KeyOf(ms)), Port: port.Name, State: routeState(ms), Hostnames: ms.Spec.Route.Hostnames,
		})
	}
	slices.SortStableFunc(g.Edges, func(a, b Edge) int { return cmp.Compare(a.From, b.From) })
}

func routeState(ms *v1alpha1.Microservice) v1alpha1.DependencyState {
	c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionRouted)
	switch {
	case c == nil || c.Status == metav1.ConditionUnknown:
		return ""
	case isTrue(c, ms):
		return v1alpha1.DependencyReady
	default:
		return v1alpha1.DependencyNotReady
	}
}

// isRoute reports whether an edge begins at a Gateway.
func (e Edge) isRoute() bool { return len(e.Hostnames) > 0 }

func (e Edge) hosts() string { return strings.Join(e.Hostnames, ", ") }
