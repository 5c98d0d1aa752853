package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/internal/workload"
)

func newImportDeployment(o *options) *cobra.Command {
	var format output
	var files []string
	c := &cobra.Command{
		Use:   "deployment [NAME]",
		Short: "Turn a running Deployment into a Microservice that runs the same pods",
		Long: `Turn a running Deployment into a Microservice that runs the same pods.

Its Service, autoscaler, disruption budget and network policies are taken into account. The Microservice is paused, for takeover. It
loosens what the operator would make stricter, so that nothing changes; a comment marks each such line, to be removed afterwards.
What cannot be the same is reported on standard error.`,
		Example:           o.example("$ import deployment web -n shop > web.yaml\nhelm template shop ./chart | $ import deployment web -f - > web.yaml"),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: o.completeDeployments,
		RunE: func(c *cobra.Command, args []string) error {
			objects, err := o.importable(c.Context(), files)
			if err != nil {
				return err
			}
			name, err := deploymentName(objects, args)
			if err != nil {
				return err
			}
			return o.importDeployment(objects, name, string(format))
		},
	}
	format.add(c, "yaml", "json")
	c.Flags().StringSliceVarP(&files, "filename", "f", nil, "Read these files or folders instead of the cluster, such as what helm template prints; - is standard input.")
	return c
}

// importable returns the objects of the namespace, or of files.
func (o *options) importable(ctx context.Context, files []string) ([]client.Object, error) {
	namespace, err := o.namespace()
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		kube, err := o.client()
		if err != nil {
			return nil, err
		}
		return inspect.ObjectsIn(ctx, kube, namespace, inspect.ChildLists()...)
	}
	found, err := (&manifest.Reader{Namespace: namespace, In: o.In}).Objects(files...)
	if err != nil {
		return nil, err
	}
	var all []client.Object
	for _, object := range found {
		typed, err := asTyped(object.Unstructured)
		if err != nil {
			return nil, fmt.Errorf("%s: %s %s: %w", object.File, object.GetKind(), object.GetName(), err)
		}
		if typed != nil {
			all = append(all, typed)
		}
	}
	return all, nil
}

// asTyped returns an object of a kind that Kubernetes itself has, nil for others.
func asTyped(o *unstructured.Unstructured) (client.Object, error) {
	kind := o.GroupVersionKind()
	if !clientgoscheme.Scheme.Recognizes(kind) {
		return nil, nil
	}
	typed, err := clientgoscheme.Scheme.New(kind)
	if err != nil {
		return nil, err
	}
	object, ok := typed.(client.Object)
	if !ok { // such as an option of a request, which is not stored
		return nil, nil
	}
	return object, runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, object)
}

// deploymentName returns the name of the argument, or of the only Deployment.
func deploymentName(objects []client.Object, args []string) (string, error) {
	var names []string
	for _, object := range objects {
		if _, ok := object.(*appsv1.Deployment); ok {
			names = append(names, object.GetName())
		}
	}
	switch {
	case len(args) == 1 && slices.Contains(names, args[0]):
		return args[0], nil
	case len(args) == 1:
		for _, object := range objects {
			if kind := inspect.KindOf(object); object.GetName() == args[0] && (kind == "StatefulSet" || kind == "DaemonSet") {
				return "", failed(ExitNo, "%s is a %s: a Microservice is stateless, and runs as a Deployment", args[0], kind)
			}
		}
		return "", failed(ExitNotFound, "there is no Deployment %s", args[0])
	case len(names) == 1:
		return names[0], nil
	}
	return "", failed(ExitUsage, "the name of a Deployment is missing: there are %d", len(names))
}

func (o *options) importDeployment(objects []client.Object, name, format string) error {
	imported, err := workload.Import(workload.Select(objects, name))
	if err != nil {
		return failed(ExitNo, "Deployment %s cannot become a Microservice: %v", name, err)
	}
	schema, err := manifest.NewSchema()
	if err != nil {
		return err
	}
	if err := checkDocument(schema, &imported.Document); err != nil {
		return failed(ExitNo, "Deployment %s cannot become a Microservice: %v", name, err)
	}
	if format == "json" {
		return printJSON(o.Out, map[string]any{"microservice": &imported.Document, "notes": append([]string{}, imported.Notes...), "differences": append([]string{}, imported.Differences...)})
	}
	text, err := imported.YAML()
	if err != nil {
		return err
	}
	print(o.Out, "%s", text)
	for _, note := range imported.Notes {
		print(o.ErrOut, "note: %s\n", note)
	}
	for _, difference := range imported.Differences {
		print(o.ErrOut, "differs: %s\n", difference)
	}
	if len(imported.Differences) == 0 {
		print(o.ErrOut, "The pods are the same, but for the operator's labels.\n")
	}
	print(o.ErrOut, "%d lines are there to change nothing, and marked: remove them one by one after %s takeover %s.\n", len(imported.Comments), o.called, name)
	return nil
}
