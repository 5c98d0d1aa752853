package status

import (
	"strings"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// appContainer is where a Deployment has the container of the application.
const appContainer = "spec.template.spec.containers[" + v1alpha1.ContainerName + "]."

// fieldsOf are the fields of a Microservice by what they become in a child. The first that a path begins with counts.
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

// FieldFor returns the field of a Microservice to edit instead of a field of a child, such as spec.image. It is spec where no
// single field decides.
func FieldFor(path string) string {
	for _, f := range fieldsOf {
		if strings.HasPrefix(path, f.path) {
			return f.field
		}
	}
	return "spec"
}
