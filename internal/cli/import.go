package cli

import (
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/json"

	"github.com/microservice-dev/microservice-operator/internal/document"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

func newImport(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Turn what runs elsewhere into Microservices",
		Long: `Turn what runs elsewhere into Microservices, and report what has no counterpart.

Nothing is written to the cluster: the Microservices go to standard output, the report to standard error.`,
		Example: o.example("$ import compose -f compose.yaml > shop.yaml\n$ import deployment web -n shop > web.yaml"),
	}
	c.AddCommand(newImportCompose(o), newImportDeployment(o))
	return c
}

// checkDocument returns what the API server would refuse.
func checkDocument(schema *manifest.Schema, d *document.Document) error {
	raw, err := d.MarshalJSON()
	if err != nil {
		return err
	}
	object := map[string]any{}
	if err := json.Unmarshal(raw, &object); err != nil {
		return err
	}
	return schema.Check(object)
}
