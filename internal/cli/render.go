package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func newRender(o *options) *cobra.Command {
	var from source
	c := &cobra.Command{
		Use:   "render [NAME]",
		Short: "Print the objects that the operator makes of Microservices",
		Long: `Print the objects that the operator makes of Microservices, by the code of the operator, with its default settings.

Addresses and rules of dependencies need their targets: give all files of a system. What is missing is named in a comment.`,
		Example:           o.example("$ render -f shop/\n$ render web -n shop"),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			w, asked, err := from.world(c.Context(), o)
			if err != nil {
				return err
			}
			found := false
			r := newRenderer(w)
			for _, ms := range w.Sorted() {
				if !asked(ms.Namespace) || len(args) > 0 && args[0] != ms.Name {
					continue
				}
				found = true
				if err := r.render(o.Out, ms); err != nil {
					return err
				}
			}
			if !found {
				return failed(ExitNotFound, "there is no Microservice %s", strings.Join(args, ""))
			}
			return nil
		},
	}
	from.add(c)
	return c
}

// renderer makes the children of the Microservices in a world.
type renderer struct {
	world      explain.World
	dependents map[dependency.Key][]*v1alpha1.Microservice
}

func newRenderer(w explain.World) renderer {
	return renderer{world: w, dependents: w.Dependents()}
}

// render prints the children of one Microservice as YAML documents.
func (r renderer) render(out io.Writer, ms *v1alpha1.Microservice) error {
	children, dependencies, err := r.children(ms)
	if err != nil {
		return err
	}
	for _, d := range dependencies {
		if d.Port == 0 && d.Target.Kind != dependency.External {
			print(out, "# %s: the address of %s is not known: %s\n", ms.Name, d.Name, d.Message)
		}
	}
	for _, child := range children {
		print(out, "---\n%s", child.text)
	}
	return nil
}

// child is an object that the operator makes, as YAML.
type child struct{ kind, text string }

// children returns the children of a Microservice, and its dependencies as they were resolved.
func (r renderer) children(ms *v1alpha1.Microservice) ([]child, []dependency.Resolution, error) {
	in := resources.Input{Microservice: ms, Settings: resources.DefaultSettings()}
	in.Dependencies = dependency.Resolve(dependency.Input{Microservice: ms, Microservices: r.world.Microservices})
	in.Dependents = dependency.Dependents(ms, r.dependents[dependency.KeyOf(ms)], nil)
	set, err := resources.For(in)
	if err != nil {
		return nil, nil, fmt.Errorf("rendering %s/%s: %w", ms.Namespace, ms.Name, err)
	}
	var all []child
	for _, object := range []any{set.ServiceAccount, set.NetworkPolicy, set.Service, set.DisruptionBudget, set.Deployment, set.Autoscaler} {
		c, err := asChild(object)
		if err != nil {
			return nil, nil, fmt.Errorf("rendering %s/%s: %w", ms.Namespace, ms.Name, err)
		}
		if c.text != "" {
			all = append(all, c)
		}
	}
	return all, in.Dependencies, nil
}

// asChild returns an object as YAML, the zero value for none. An owner that has no UID yet is left out.
func asChild(object any) (child, error) {
	raw, err := json.Marshal(object)
	if err != nil || string(raw) == "null" {
		return child{}, err
	}
	fields := map[string]any{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return child{}, err
	}
	metadata, _ := fields["metadata"].(map[string]any)
	if owners, _ := metadata["ownerReferences"].([]any); len(owners) > 0 && owners[0].(map[string]any)["uid"] == "" {
		delete(metadata, "ownerReferences")
	}
	text, err := yaml.Marshal(fields)
	return child{kind: fmt.Sprint(fields["kind"]), text: string(text)}, err
}
