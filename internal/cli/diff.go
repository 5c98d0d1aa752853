package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

func newDiff(o *options) *cobra.Command {
	var format output
	d := differ{options: o}
	c := &cobra.Command{
		Use:   "diff [NAME]",
		Short: "Show what a change of Microservices does to their objects, or what was changed by hand",
		Long: `Show what a change of Microservices does to their objects, or what was changed by hand.

With --filename, the objects of the files are compared with those of the Microservices in the cluster, both as the operator makes them,
also those of Microservices that the change affects: a new port of a target changes the network rules of its dependents.

With --live, the objects in the cluster are compared with what the operator makes of the Microservices in the cluster: of those of the
files, of NAME, or of the namespace. Only fields that the operator sets count, so the server's defaults and fields of others are no
difference. The operator's flags are read from its Deployment; what is not known of them is told, and its defaults are assumed.

The exit code is 0 without a difference, 1 with one, and 2 if none was seen and not everything could be. It needs no right to write
anything.`,
		Example: o.example("$ diff -f shop/\nkustomize build overlays/prod | $ diff -f -\n$ diff web -n shop --live\n$ diff -n shop --live -o json"),
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 1 {
				return exactly(1, "at most the name of a Microservice")(c, args)
			}
			return nil
		},
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			if err := d.check(args); err != nil {
				return err
			}
			answer, err := d.run(c.Context(), strings.Join(args, ""))
			if err != nil {
				return err
			}
			if err := o.printComparison(answer, string(format)); err != nil {
				return err
			}
			switch {
			case len(answer.Changes)+len(answer.Drift) > 0:
				return exit(ExitNo)
			case len(answer.Hidden) > 0:
				return failed(ExitUsage, "%d objects could not be compared, the others are as they should be", len(answer.Hidden))
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	c.Flags().StringSliceVarP(&d.files, "filename", "f", nil, "The files or folders with the change; - is standard input.")
	c.Flags().BoolVar(&d.live, "live", false, "Compare the objects in the cluster with what the operator makes.")
	addOperatorNamespace(c, &d.operatorNamespace)
	return c
}

// differ compares objects.
type differ struct {
	*options
	files             []string
	live              bool
	operatorNamespace string
}

func (d *differ) check(args []string) error {
	switch {
	case len(d.files) == 0 && !d.live:
		return failed(ExitUsage, "--filename is missing: name the files to compare with the cluster, or look for changes by hand with --live")
	case len(d.files) > 0 && len(args) > 0:
		return failed(ExitUsage, "%q beside --filename: the files name the Microservices", args[0])
	}
	return nil
}

// comparison is the answer of diff. Its JSON is what it prints. No list is null.
type comparison struct {
	// Changes are the objects that the files change, sorted by their Microservice and by kind.
	Changes []objectChange `json:"changes"`
	// Drift are the objects in the cluster that are not as the operator makes them, without --live none.
	Drift []drift `json:"drift"`
	// Hidden are sentences about what could not be compared, and why.
	Hidden []string `json:"hidden"`
}

// objectChange is an object that files change.
type objectChange struct {
	// Object is KIND/NAMESPACE/NAME.
	Object string `json:"object"`
	// Diff is the unified difference of its YAML.
	Diff string `json:"diff"`

	// of is the Microservice that it belongs to.
	of dependency.Key
}

// drift is an object in the cluster that is not as the operator makes it.
type drift struct {
	// Object is KIND/NAMESPACE/NAME.
	Object string `json:"object"`
	// Missing is set if the object does not exist. Then it has no fields.
	Missing bool `json:"missing,omitempty"`
	// Fields are those that have another value than the operator sets, sorted by path.
	Fields []difference.Difference `json:"fields,omitempty"`
}

// run compares what the flags name. name is empty for all of the namespace, or for the files.
func (d *differ) run(ctx context.Context, name string) (*comparison, error) {
	namespace, err := d.namespace()
	if err != nil {
		return nil, err
	}
	var changed []*v1alpha1.Microservice
	if len(d.files) > 0 {
		if changed, err = (&manifest.Reader{Namespace: namespace, In: d.In}).Read(d.files...); err != nil {
			return nil, err
		}
	}
	from := source{}
	before, asked, err := from.world(ctx, d.options)
	if err != nil {
		return nil, err
	}
	answer := &comparison{Drift: []drift{}, Hidden: []string{}}
	if answer.Changes, err = changes(before, applied(before, changed), false); err != nil || !d.live {
		return answer, err
	}
	wanted := slices.DeleteFunc(before.Sorted(), func(ms *v1alpha1.Microservice) bool {
		if len(d.files) > 0 {
			return !slices.ContainsFunc(changed, func(c *v1alpha1.Microservice) bool { return dependency.KeyOf(c) == dependency.KeyOf(ms) })
		}
		return !asked(ms.Namespace) || name != "" && name != ms.Name
	})
	if name != "" && len(wanted) == 0 {
		return nil, &inspect.NotFoundError{Key: dependency.Key{Namespace: namespace, Name: name}}
	}
	kube, err := d.client()
	if err != nil {
		return nil, err
	}
	return answer, d.compareLive(ctx, kube, before, wanted, from.partial, answer)
}

// applied returns a system as it is when Microservices have been applied to it.
func applied(before explain.World, changed []*v1alpha1.Microservice) explain.World {
	after := explain.NewWorld()
	maps.Copy(after.Microservices, before.Microservices)
	for _, ms := range changed {
		key := dependency.KeyOf(ms)
		if old := before.Microservices[key]; old != nil {
			ms.UID = old.UID // it stays the owner
		}
		after.Microservices[key] = ms
	}
	return after
}

// changes returns the objects of all Microservices that a change makes different. hidden leaves out the values of variables, which may be
// secret.
func changes(before, after explain.World, hidden bool) ([]objectChange, error) {
	all := []objectChange{}
	rendersBefore, rendersAfter := newRenderer(before), newRenderer(after)
	for _, key := range slices.SortedFunc(maps.Keys(sets.KeySet(before.Microservices).Union(sets.KeySet(after.Microservices))), dependency.CompareKeys) {
		var v variables
		if hidden {
			v = variables{}
		}
		old, err := rendersBefore.documents(key, v)
		if err != nil {
			return nil, err
		}
		now, err := rendersAfter.documents(key, v)
		if err != nil {
			return nil, err
		}
		for _, name := range sets.List(sets.KeySet(old).Union(sets.KeySet(now))) {
			text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
				A: difflib.SplitLines(old[name]), B: difflib.SplitLines(now[name]), FromFile: "now/" + name, ToFile: "then/" + name, Context: 3,
			})
			if err != nil {
				return nil, fmt.Errorf("comparing %s: %w", name, err)
			}
			if text != "" {
				all = append(all, objectChange{Object: name, Diff: text, of: key})
			}
		}
	}
	return all, nil
}

// documents returns the objects of a Microservice by kind and name; none where it does not exist. v hides the values of variables if it is
// not nil.
func (r renderer) documents(key dependency.Key, v variables) (map[string]string, error) {
	ms := r.world.Microservices[key]
	if ms == nil {
		return nil, nil
	}
	children, _, err := r.children(ms)
	if err != nil {
		return nil, err
	}
	documents := map[string]string{}
	for _, child := range children {
		if v != nil {
			v.hide(child.fields)
			text, err := yaml.Marshal(child.fields)
			if err != nil {
				return nil, fmt.Errorf("rendering %s: %w", key, err)
			}
			child.text = string(text)
		}
		documents[child.kind+"/"+key.Namespace+"/"+key.Name] = child.text
	}
	return documents, nil
}

// variables are the values of variables by name, as they were seen first.
type variables map[string]any

// hide replaces the values of variables wherever an object has a list of them. That a value has changed is still seen.
func (v variables) hide(value any) {
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			list, isList := inner.([]any)
			if key != "env" || !isList {
				v.hide(inner)
				continue
			}
			for _, item := range list {
				if of, isObject := item.(map[string]any); isObject {
					v.hideOne(of)
				}
			}
		}
	case []any:
		for _, inner := range value {
			v.hide(inner)
		}
	}
}

func (v variables) hideOne(of map[string]any) {
	value, has := of["value"]
	if !has {
		return
	}
	name := fmt.Sprint(of["name"])
	if first, seen := v[name]; seen && first != value {
		of["value"] = "(not shown, another)"
		return
	}
	v[name], of["value"] = value, "(not shown)"
}

func (o *options) printComparison(answer *comparison, format string) error {
	if format == "json" {
		return printJSON(o.Out, answer)
	}
	for _, c := range answer.Changes {
		print(o.Out, "%s", c.Diff)
	}
	for _, d := range answer.Drift {
		if d.Missing {
			print(o.Out, "%s is missing\n", d.Object)
		}
		for _, f := range d.Fields {
			print(o.Out, "%s %s is %s, want %s\n", d.Object, f.Path, difference.Words(f.Got), difference.Words(f.Want))
		}
	}
	for _, words := range answer.Hidden {
		print(o.ErrOut, "%s\n", words)
	}
	return nil
}
