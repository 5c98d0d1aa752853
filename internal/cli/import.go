package cli

import "github.com/spf13/cobra"

func newImport(o *options) *cobra.Command {
	c := &cobra.Command{
		Use:   "import",
		Short: "Turn what runs elsewhere into Microservices",
		Long: `Turn what runs elsewhere into Microservices, and report what has no counterpart.

Nothing is written to the cluster: the Microservices go to standard output, the report to standard error.`,
		Example: o.example("$ import compose -f compose.yaml > shop.yaml"),
	}
	c.AddCommand(newImportCompose(o))
	return c
}
