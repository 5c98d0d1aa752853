package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/duration"

	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

// maxCauses is how many causes are printed as text.
const maxCauses = 10

func newWhy(o *options) *cobra.Command {
	var format output
	c := &cobra.Command{
		Use:   "why NAME",
		Short: "Tell why a Microservice is not well, and what to do",
		Long: `Tell why a Microservice is not well, and what to do.

Required dependencies that are not ready are followed to the first cause, also into other namespaces.
A route or a PodMonitor that is asked for and is not in place is told, too. It counts for nothing.
The exit code is 0 if the Microservice and all its required dependencies are ready, 1 if not, 3 if it does not exist.`,
		Example:           o.example("$ why checkout -n shop"),
		Args:              exactly(1, "the name of a Microservice"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			kube, key, err := o.connect(args[0])
			if err != nil {
				return err
			}
			answer, err := inspect.Why(c.Context(), kube, key)
			if err != nil {
				return err
			}
			if err := printAnswer(o.Out, &answer, string(format)); err != nil {
				return err
			}
			switch {
			case !answer.Exists:
				return exit(ExitNotFound)
			case !answer.Healthy:
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	return c
}

func printAnswer(out io.Writer, a *explain.Answer, format string) error {
	if format == "json" {
		return printJSON(out, a)
	}
	print(out, "%s.\n", a.Summary)
	for i := range a.Causes {
		if i == maxCauses {
			print(out, "\nAnd %d more: see -o json.\n", len(a.Causes)-i)
			break
		}
		printCause(out, &a.Causes[i])
	}
	for i := range a.Besides {
		printCause(out, &a.Besides[i])
	}
	return nil
}

func printCause(out io.Writer, c *explain.Cause) {
	print(out, "\n")
	if len(c.Path) > 1 {
		print(out, "  %s\n", strings.Join(c.Path, " -> "))
	}
	print(out, "  %s: %s%s\n      %s\n", c.Subject, c.Reason, since(c), cmp.Or(c.Message, "no message"))
	if c.Serves != "" {
		print(out, "  now: %s\n", c.Serves)
	}
	if c.Cure != "" {
		print(out, "  do:  %s\n", c.Cure)
	}
}

func since(c *explain.Cause) string {
	if c.Since == nil {
		return ""
	}
	return fmt.Sprintf(", for %s", duration.HumanDuration(time.Since(c.Since.Time)))
}
