package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/netpol"
)

func newCanReach(o *options) *cobra.Command {
	var format output
	c := &cobra.Command{
		Use:   "can-reach [NAMESPACE/]FROM [NAMESPACE/]TO[:PORT[/PROTOCOL]]",
		Short: "Tell whether NetworkPolicies let one Microservice reach another",
		Long: `Tell whether NetworkPolicies let one Microservice reach another, and which policy decides.

All NetworkPolicies of both namespaces count, also those that others wrote. Either end may be a Deployment or Service that no
Microservice manages, or an IP address. The port is that of the Service, by number or name, or one on which the pods listen; by default it is the first one.
The exit code is 0 if it can, 1 if it cannot. Nothing is sent: whether the cluster enforces NetworkPolicies is not tried, and
AdminNetworkPolicies are not considered.`,
		Example:           o.example("$ can-reach web api -n shop\n$ can-reach web core/payments:http -n shop\n$ can-reach web 192.0.2.7:5432 -n shop\n$ can-reach ingress-nginx/controller shop/web:8080/TCP"),
		Args:              exactly(2, "FROM and TO"),
		ValidArgsFunction: o.completeNames,
		RunE: func(c *cobra.Command, args []string) error {
			namespace, err := o.namespace()
			if err != nil {
				return err
			}
			to, err := inspect.ParsePlace(args[1], namespace)
			if err != nil {
				return err
			}
			from, err := inspect.ParsePlace(args[0], namespace)
			if err != nil {
				return err
			}
			if from.Port != "" {
				return failed(ExitUsage, "%q: only the receiver has a port", args[0])
			}
			kube, err := o.client()
			if err != nil {
				return err
			}
			answer, err := inspect.CanReach(c.Context(), kube, from, to)
			if err != nil {
				return err
			}
			if err := o.printReach(&answer, string(format)); err != nil {
				return err
			}
			if !answer.Allowed {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	return c
}

func (o *options) printReach(a *inspect.Reach, format string) error {
	if format == "json" {
		return printJSON(o.Out, a)
	}
	can := "cannot"
	if a.Allowed {
		can = "can"
	}
	print(o.Out, "%s %s reach %s on port %d/%s of its pods\n", a.From, can, a.To, a.Port, a.Protocol)
	print(o.Out, "  egress of %s: %s\n", a.From, sideWords(&a.Egress))
	print(o.Out, "  ingress of %s: %s\n", a.To, sideWords(&a.Ingress))
	for _, note := range a.Notes {
		print(o.Out, "  note: %s\n", note)
	}
	if a.Cure != "" {
		print(o.Out, "  do: %s\n", a.Cure)
	}
	print(o.Out, "This is what NetworkPolicies say; whether the cluster enforces them is not tried.\n")
	return nil
}

func sideWords(s *netpol.Side) string {
	switch {
	case len(s.Policies) == 0:
		return "allowed: no NetworkPolicy selects it"
	case s.Allowed:
		return fmt.Sprintf("allowed by NetworkPolicy %s, rule %d", s.By, s.Rule)
	default:
		return "blocked: no rule allows it in NetworkPolicy " + strings.Join(s.Policies, ", ")
	}
}
