package cli

import (
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

// exactly asks for a number of arguments. what names them in the error.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		if len(args) > n {
			return failed(ExitUsage, "%q is one argument too many: want %s; see %s --help", args[n], what, c.CommandPath())
		}
		return failed(ExitUsage, "%s is missing; see %s --help", what, c.CommandPath())
	}
}

// completeNames offers the names of the Microservices in the namespace.
func (o *options) completeNames(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return o.complete(c, args, begun, &v1alpha1.MicroserviceList{})
}

// completeDeployments offers the names of the Deployments in the namespace.
func (o *options) completeDeployments(c *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	return o.complete(c, args, begun, &appsv1.DeploymentList{})
}

func (o *options) complete(c *cobra.Command, args []string, begun string, list client.ObjectList) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	namespace, err := o.namespace()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	kube, err := o.client()
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	objects, err := inspect.ObjectsIn(c.Context(), kube, namespace, list)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	var names []string
	for _, object := range objects {
		if strings.HasPrefix(object.GetName(), begun) {
			names = append(names, object.GetName())
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
