package explain

import (
	"fmt"
	"slices"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/netpol"
)

// ReachCure tells what would allow a connection that NetworkPolicies block. The zero key stands for an address; namespaces has the labels
// of the sender's namespace.
func ReachCure(w World, from, to dependency.Key, v netpol.Verdict, namespaces dependency.Namespaces) string {
	sender, receiver := w.Microservices[from], w.Microservices[to]
	switch {
	case sender == nil && receiver == nil:
		return "change the NetworkPolicies: no Microservice is at either end"
	case sender == nil:
		return fmt.Sprintf("%s is no Microservice: add it to spec.networkPolicy.ingress of %s, or make it one that declares the dependency", orAddress(from), to.Name)
	case receiver == nil && v.Egress.Allowed:
		return fmt.Sprintf("%s is no Microservice: change the NetworkPolicies of its namespace", orAddress(to))
	case receiver == nil:
		return fmt.Sprintf("declare it in spec.dependencies of %s, as service or external", from.Name)
	case !slices.Contains(dependency.Targets(sender, dependency.Microservice), to):
		return fmt.Sprintf("declare the dependency: add {%s} to spec.dependencies of %s", reference(from, to), from.Name)
	case !dependency.Admits(receiver, from.Namespace, namespaces):
		return fmt.Sprintf("admit namespace %s in spec.allowedDependents of %s", from.Namespace, to)
	default:
		return fmt.Sprintf("%s is declared: name the port in the dependency, and see kubectl msvc why %s -n %s", to.Name, from.Name, from.Namespace)
	}
}

// reference is how a Microservice names another in its dependencies.
func reference(from, to dependency.Key) string {
	if from.Namespace == to.Namespace {
		return "name: " + to.Name
	}
	return fmt.Sprintf("name: %s, microservice: {name: %s, namespace: %s}", to.Name, to.Name, to.Namespace)
}

func orAddress(key dependency.Key) string {
	if key.Name == "" {
		return "an address"
	}
	return key.Name
}
