package cli

import (
	"maps"

	"github.com/spf13/cobra"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

func newGraph(o *options) *cobra.Command {
	var format output
	var from source
	var around string
	var depth int
	c := &cobra.Command{
		Use:   "graph",
		Short: "Draw who depends on whom",
		Long: `Draw who depends on whom, with the state of each.

svg is a picture that needs nothing else, with light and dark colours: open it in a browser, or put it into a README.
Mermaid goes into a pull request, dot to Graphviz, json to other programs.`,
		Example: o.example("$ graph -n shop\n$ graph -A -o mermaid\n$ graph -A -o svg > graph.svg\n$ graph -f deploy/ -o svg > graph.svg\n$ graph -n shop --around=checkout --depth=1 -o dot"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if depth < 1 {
				return failed(ExitUsage, "--depth=%d: must be at least 1", depth)
			}
			namespace, err := o.namespace()
			if err != nil {
				return err
			}
			w, asked, err := from.world(c.Context(), o)
			if err != nil {
				return err
			}
			maps.DeleteFunc(w.Microservices, func(key dependency.Key, _ *v1alpha1.Microservice) bool { return !asked(key.Namespace) })
			g := explain.NewGraph(w)
			if around != "" {
				id := namespace + "/" + around
				if !g.Has(id) {
					return &inspect.NotFoundError{Key: dependency.Key{Namespace: namespace, Name: around}}
				}
				g = g.Around(id, depth)
			}
			return o.printGraph(g, string(format))
		},
	}
	format.add(c, "tree", "svg", "mermaid", "dot", "json")
	from.add(c)
	c.Flags().StringVar(&around, "around", "", "Draw this Microservice and its neighbours only.")
	c.Flags().IntVar(&depth, "depth", 2, "How many edges away from it, with --around.")
	_ = c.RegisterFlagCompletionFunc("around", o.completeNames) // the flag exists
	return c
}

func (o *options) printGraph(g explain.Graph, format string) error {
	switch format {
	case "mermaid":
		text, err := g.Mermaid()
		if err != nil {
			return failed(ExitUsage, "%v", err)
		}
		print(o.Out, "%s", text)
	case "svg":
		print(o.Out, "%s", g.SVG())
	case "dot":
		print(o.Out, "%s", g.Dot())
	case "json":
		return printJSON(o.Out, g)
	default:
		if len(g.Nodes) == 0 {
			print(o.ErrOut, "There are no Microservices.\n")
		}
		print(o.Out, "%s", g.Text())
	}
	return nil
}
