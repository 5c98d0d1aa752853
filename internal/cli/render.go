package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func newRender(o *options) *cobra.Command {
	var format output
	var from source
	c := &cobra.Command{
		Use:   "render [NAME]",
		Short: "Print the objects that the operator makes of Microservices",
		Long: `Print the objects that the operator makes of Microservices, by the code of the operator, with its default settings.

Addresses and rules of dependencies need their targets: give all files of a system. What is missing is named in a comment.
JSON is one List of all objects, and names what is missing on standard error.`,
		Example:           o.example("$ render -f shop/\n$ render web -n shop\n$ render -f shop/ -o json"),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			w, asked, err := from.world(c.Context(), o)
			if err != nil {
				return err
			}
			var wanted []*v1alpha1.Microservice
			for _, ms := range w.Sorted() {
				if asked(ms.Namespace) && (len(args) == 0 || args[0] == ms.Name) {
					wanted = append(wanted, ms)
				}
			}
			if len(wanted) == 0 {
				return failed(ExitNotFound, "there is no Microservice %s", strings.Join(args, ""))
			}
			return o.printChildren(newRenderer(w), wanted, string(format))
		},
	}
	format.add(c, "yaml", "json")
	from.add(c)
	return c
}

// renderer makes the children of the Microservices in a world.
type renderer struct {
	world      explain.World
	dependents map[dependency.Key][]*v1alpha1.Microservice
	// settings are the operator's.
	settings resources.Settings
	// around is what the children depend on besides; nothing of it is in files.
	around surroundings
}

func newRenderer(w explain.World) renderer {
	return renderer{world: w, dependents: w.Dependents(), settings: resources.DefaultSettings()}
}

// printChildren prints the children of Microservices: YAML documents, or a List in JSON, whose items are never null.
func (o *options) printChildren(r renderer, wanted []*v1alpha1.Microservice, format string) error {
	notes, items := o.Out, []map[string]any{}
	if format == "json" {
		notes = o.ErrOut
	}
	for _, ms := range wanted {
		children, dependencies, err := r.children(ms)
		if err != nil {
			return err
		}
		for _, d := range dependencies {
			switch {
			case d.Port != 0 || d.Target.Kind == dependency.External:
			case r.world.Hidden.Has(d.Target.Key):
				print(notes, "# %s: the address of %s is not known: you may not read %s\n", ms.Name, d.Name, d.Target)
			default:
				print(notes, "# %s: the address of %s is not known: %s\n", ms.Name, d.Name, d.Message)
			}
		}
		for _, child := range children {
			if format == "json" {
				items = append(items, child.fields)
			} else {
				print(o.Out, "---\n%s", child.text)
			}
		}
	}
	if format == "json" {
		return printJSON(o.Out, map[string]any{"apiVersion": "v1", "kind": "List", "items": items})
	}
	return nil
}

// child is an object that the operator makes.
type child struct {
	kind, text string
	// fields are those that the operator sets, as encoding/json decodes them; text has them as YAML.
	fields map[string]any
}

// children returns the children of a Microservice, and its dependencies as they were resolved.
func (r renderer) children(ms *v1alpha1.Microservice) ([]child, []dependency.Resolution, error) {
	in := resources.Input{Microservice: ms, Settings: r.settings}
	key, around := dependency.KeyOf(ms), r.around
	in.Dependencies = dependency.Resolve(dependency.Input{
		Microservice: ms, Microservices: r.world.Microservices,
		Services: around.services, Running: around.running, Namespaces: around.namespaces, PreviousAddresses: around.previous[key],
		ClusterDomain: r.settings.ClusterDomain,
	})
	in.Dependents, in.Running = dependency.Dependents(ms, r.dependents[key], around.namespaces), around.running[key]
	set, err := resources.For(in)
	if err != nil {
		return nil, nil, fmt.Errorf("rendering %s/%s: %w", ms.Namespace, ms.Name, err)
	}
	var all []child
	for _, object := range set.All() {
		c, err := asChild(object)
		if err != nil {
			return nil, nil, fmt.Errorf("rendering %s/%s: %w", ms.Namespace, ms.Name, err)
		}
		all = append(all, c)
	}
	return all, in.Dependencies, nil
}

// asChild returns an object. An owner that has no UID yet is left out.
func asChild(object any) (child, error) {
	fields, err := difference.Fields(object)
	if err != nil {
		return child{}, err
	}
	metadata, _ := fields["metadata"].(map[string]any)
	if owners, _ := metadata["ownerReferences"].([]any); len(owners) > 0 && owners[0].(map[string]any)["uid"] == "" {
		delete(metadata, "ownerReferences")
	}
	text, err := yaml.Marshal(fields)
	return child{kind: fmt.Sprint(fields["kind"]), text: string(text), fields: fields}, err
}
