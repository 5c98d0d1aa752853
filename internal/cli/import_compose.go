package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/compose"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

func newImportCompose(o *options) *cobra.Command {
	var format output
	var from composeSource
	var strict bool
	c := &cobra.Command{
		Use:   "compose",
		Short: "Turn a Docker Compose file into Microservices",
		Long: `Turn a Docker Compose file into Microservices. No cluster is needed.

The Microservices go to standard output, checked as the API server would. The report goes to standard error, one line for each key
that was changed, that is lost, or that leaves something to do. Values that look like secrets are never printed.

Without --filename, the files are those that docker compose takes in this folder. The exit code is 1 if a Microservice would be
refused, and with --strict if anything was not converted.`,
		Example: o.example("$ import compose > shop.yaml\n$ import compose -f compose.yaml -f compose.prod.yaml -n shop\n$ import compose --profile web --strict -o json"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			result, err := o.importCompose(c.Context(), &from)
			if err != nil {
				return err
			}
			refused, err := o.dropRefused(result)
			if err != nil {
				return err
			}
			if err := o.printImport(result, string(format)); err != nil {
				return err
			}
			if refused || strict && slices.ContainsFunc(result.Findings, isNotConverted) {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "yaml", "json")
	from.add(c)
	c.Flags().BoolVar(&strict, "strict", false, "Exit with 1 if anything was not converted.")
	return c
}

func isNotConverted(f compose.Finding) bool { return f.Kind == compose.NotConverted }

// importCompose loads and converts a project. What the loader warns of is a finding.
func (o *options) importCompose(ctx context.Context, from *composeSource) (*compose.Result, error) {
	project, warnings, err := from.load(ctx)
	if err != nil {
		return nil, err
	}
	result, err := compose.Convert(project, compose.Options{Namespace: *o.flags.Namespace, IsFile: isFile})
	if err != nil {
		return nil, err
	}
	slices.Sort(warnings)
	for _, warning := range slices.Compact(warnings) {
		result.Findings = append(result.Findings, compose.Finding{Key: "file", Kind: compose.ToDo, Message: warning})
	}
	return result, nil
}

// dropRefused removes the Microservices that the API server or the operator would refuse, adds findings with the field, and reports
// whether there were any.
func (o *options) dropRefused(result *compose.Result) (refused bool, err error) {
	schema, err := manifest.NewSchema()
	if err != nil {
		return false, err
	}
	var world []*v1alpha1.Microservice
	for _, m := range result.Microservices {
		world = append(world, m.Microservice)
	}
	r := newRenderer(explain.NewWorld(world...))
	result.Microservices = slices.DeleteFunc(result.Microservices, func(m compose.Microservice) bool {
		err := checkDocument(schema, &m.Document)
		if err == nil {
			_, _, err = r.children(m.Microservice)
		}
		if err != nil {
			refused = true
			result.Findings = append(result.Findings, compose.Finding{Service: m.Service, Key: "service", Kind: compose.NotConverted,
				Message: fmt.Sprintf("the Microservice was left out, because it would be refused: %v", err)})
		}
		return err != nil
	})
	return refused, nil
}

// printImport prints the Microservices, and the report beside them.
func (o *options) printImport(result *compose.Result, format string) error {
	if format == "json" {
		all := make([]*compose.Microservice, 0, len(result.Microservices))
		for i := range result.Microservices {
			all = append(all, &result.Microservices[i])
		}
		return printJSON(o.Out, map[string]any{"microservices": all, "report": append([]compose.Finding{}, result.Findings...)})
	}
	for i := range result.Microservices {
		text, err := result.Microservices[i].YAML()
		if err != nil {
			return err
		}
		print(o.Out, "---\n%s", text)
	}
	count := map[compose.Kind]int{}
	for _, f := range result.Findings {
		count[f.Kind]++
		print(o.ErrOut, "%s\n", f)
	}
	print(o.ErrOut, "Converted %d of %d services. %d findings: %d not converted, %d to do, %d changed.\n", len(result.Microservices), result.Services,
		len(result.Findings), count[compose.NotConverted], count[compose.ToDo], count[compose.Changed])
	return nil
}
