package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

func newTree(o *options) *cobra.Command {
	var format output
	c := &cobra.Command{
		Use:               "tree NAME",
		Short:             "Show the objects of a Microservice, its pods and its dependencies",
		Example:           o.example("$ tree web -n shop\n$ tree web -n shop -o json"),
		Args:              exactly(1, "the name of a Microservice"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			kube, key, err := o.connect(args[0])
			if err != nil {
				return err
			}
			ms, err := inspect.Get(c.Context(), kube, key)
			if err != nil {
				return err
			}
			return printTree(o.Out, inspect.NewTree(c.Context(), kube, ms), string(format))
		},
	}
	format.add(c, "text", "json")
	return c
}

func printTree(out io.Writer, t *inspect.Tree, format string) error {
	if format == "json" {
		return printJSON(out, t)
	}
	print(out, "Microservice %s  %s\n", t.Name, readyWords(t.Ready))
	for _, k := range t.Kinds {
		if k.CannotSee != "" {
			print(out, "  %s: cannot see: %s\n", k.Kind, k.CannotSee)
		}
		indent := "  "
		if k.Kind == "Pod" {
			indent = "    "
		}
		for _, object := range k.Objects {
			print(out, "%s%s\n", indent, strings.TrimSpace(k.Kind+" "+object.Name+"  "+object.State))
		}
	}
	for i := range t.Dependencies {
		d := &t.Dependencies[i]
		print(out, "  -> %s  %s  %s\n", d.Name, d.State, d.Target)
	}
	return nil
}

func readyWords(ready *metav1.Condition) string {
	if ready == nil {
		return "no status yet"
	}
	return fmt.Sprintf("Ready=%s %s", ready.Status, ready.Reason)
}
