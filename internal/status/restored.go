package status

import (
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// appContainer is the path of the application's container in a Deployment.
const appContainer = "spec.template.spec.containers[" + v1alpha1.ContainerName + "]."

// fieldsOf maps paths in a child to fields of a Microservice. The first path that is a prefix applies.
var fieldsOf = []struct{ path, field string }{
	{"spec.replicas", "spec.replicas"},
	{appContainer + "image", "spec.image"},
	{appContainer + "env", "spec.env"},
	{appContainer + "resources", "spec.resources"},
	{appContainer + "command", "spec.command"},
	{appContainer + "args", "spec.args"},
	{"spec.template", "spec.podTemplate"},
	{"spec.ports", "spec.ports"},
}

// FieldFor returns the field of a Microservice to edit instead of a field of a child, such as spec.image; it is spec if no
// single field decides.
func FieldFor(path string) string {
	for _, f := range fieldsOf {
		if strings.HasPrefix(path, f.path) {
			return f.field
		}
	}
	return "spec"
}
