package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/pmezard/go-difflib/difflib"
	"github.com/spf13/cobra"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
)

func newDiff(o *options) *cobra.Command {
	var files []string
	c := &cobra.Command{
		Use:   "diff -f FILE",
		Short: "Show what a change of Microservices does to their objects",
		Long: `Show what a change of Microservices does to their objects.

The objects of the files are compared with those of the Microservices in the cluster, both as the operator makes them, also those of
Microservices that the change affects: a new port of a target changes the network rules of its dependents.
The exit code is 0 without a difference, and 1 with one. It needs no right to write anything.`,
		Example: o.example("$ diff -f shop/\nkustomize build overlays/prod | $ diff -f -"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			if len(files) == 0 {
				return failed(ExitUsage, "--filename is missing: name the files to compare with the cluster")
			}
			namespace, err := o.namespace()
			if err != nil {
				return err
			}
			changed, err := (&manifest.Reader{Namespace: namespace, In: o.In}).Read(files...)
			if err != nil {
				return err
			}
			all := source{}
			before, _, err := all.world(c.Context(), o)
			if err != nil {
				return err
			}
			differs, err := diff(o.Out, before, changed)
			if err != nil {
				return err
			}
			if differs {
				return exit(ExitNo)
			}
			return nil
		},
	}
	c.Flags().StringSliceVarP(&files, "filename", "f", nil, "The files or folders with the change; - is standard input.")
	return c
}

// diff prints the unified difference of the objects of all Microservices before and after a change.
func diff(out io.Writer, before explain.World, changed []*v1alpha1.Microservice) (differs bool, err error) {
	after := explain.NewWorld()
	maps.Copy(after.Microservices, before.Microservices)
	for _, ms := range changed {
		key := dependency.KeyOf(ms)
		if old := before.Microservices[key]; old != nil {
			ms.UID = old.UID // it stays the owner
		}
		after.Microservices[key] = ms
	}
	rendersBefore, rendersAfter := newRenderer(before), newRenderer(after)
	for _, ms := range after.Sorted() {
		key := dependency.KeyOf(ms)
		old, err := rendersBefore.documents(key)
		if err != nil {
			return false, err
		}
		now, err := rendersAfter.documents(key)
		if err != nil {
			return false, err
		}
		for _, name := range slices.Sorted(maps.Keys(union(old, now))) {
			text, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
				A: difflib.SplitLines(old[name]), B: difflib.SplitLines(now[name]), FromFile: "now/" + name, ToFile: "then/" + name, Context: 3,
			})
			if err != nil {
				return false, fmt.Errorf("comparing %s: %w", name, err)
			}
			if text != "" {
				differs = true
				print(out, "%s", text)
			}
		}
	}
	return differs, nil
}

// documents returns the objects of a Microservice by kind and name; none where it does not exist.
func (r renderer) documents(key dependency.Key) (map[string]string, error) {
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
		documents[child.kind+"/"+key.Namespace+"/"+key.Name] = child.text
	}
	return documents, nil
}

func union(a, b map[string]string) map[string]string {
	all := maps.Clone(b)
	if all == nil {
		all = map[string]string{}
	}
	for name := range a {
		all[name] = ""
	}
	return all
}
