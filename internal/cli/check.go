package cli

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	coordinationv1 "k8s.io/api/coordination/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// checkOptions are the flags of check: where the operator holds its lease.
type checkOptions struct{ namespace, lease string }

func newCheck(o *options) *cobra.Command {
	var at checkOptions
	c := &cobra.Command{
		Use:   "check",
		Short: "Check that the operator is installed and works, and what you may do",
		Long: `Check that the operator is installed and works, and what you may do in a namespace.

What you may not see is told as such. The exit code is 1 if something is wrong.`,
		Example: o.example("$ check -n shop"),
		Args:    exactly(0, "no argument"),
		RunE: func(c *cobra.Command, _ []string) error {
			namespace, err := o.namespace()
			if err != nil {
				return err
			}
			kube, err := o.client()
			if err != nil {
				return err
			}
			well := true
			for _, check := range []func(context.Context, client.Client, string) (string, string, error){o.checkAPI, at.checkLease, checkDNS, checkRights} {
				state, words, err := check(c.Context(), kube, namespace)
				if err != nil {
					return err
				}
				well = well && state != "no"
				print(o.Out, "%-3s %s\n", state, words)
			}
			if !well {
				return exit(ExitNo)
			}
			return nil
		},
	}
	c.Flags().StringVar(&at.namespace, "operator-namespace", "microservice-operator-system", "The namespace of the operator.")
	c.Flags().StringVar(&at.lease, "leader-election-id", "microservice-operator.apps.microservice.dev", "The name of the lease that the operator holds.")
	return c
}

// checkAPI asks for Microservices.
func (o *options) checkAPI(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
	list := &v1alpha1.MicroserviceList{}
	switch err := c.List(ctx, list, client.InNamespace(namespace)); {
	case isMissingCRD(err):
		return "no", noMicroservices, nil
	case apierrors.IsForbidden(err):
		return "?", "you may not read Microservices in namespace " + namespace, nil
	case err != nil:
		return "", "", fmt.Errorf("listing Microservices: %w", err)
	}
	unobserved := 0
	for i := range list.Items {
		if ms := &list.Items[i]; ms.Status.ObservedGeneration != ms.Generation {
			unobserved++
		}
	}
	if unobserved > 0 {
		return "no", fmt.Sprintf("%d of %d Microservices in namespace %s are not observed: does an operator watch it?", unobserved, len(list.Items), namespace), nil
	}
	return "ok", fmt.Sprintf("%d Microservices in namespace %s, all observed", len(list.Items), namespace), nil
}

// checkLease reads the operator's lease.
func (at *checkOptions) checkLease(ctx context.Context, c client.Client, _ string) (state, words string, err error) {
	lease := &coordinationv1.Lease{}
	switch err := c.Get(ctx, client.ObjectKey{Namespace: at.namespace, Name: at.lease}, lease); {
	case apierrors.IsForbidden(err):
		return "?", "you may not read leases in namespace " + at.namespace + ": whether the operator runs is not known", nil
	case apierrors.IsNotFound(err):
		return "no", fmt.Sprintf("there is no lease %s in namespace %s: name yours with --operator-namespace and --leader-election-id", at.lease, at.namespace), nil
	case err != nil:
		return "", "", fmt.Errorf("reading the operator's lease: %w", err)
	}
	if lease.Spec.RenewTime == nil || lease.Spec.LeaseDurationSeconds == nil {
		return "no", "nobody holds the lease of the operator", nil
	}
	age := time.Since(lease.Spec.RenewTime.Time).Round(time.Second)
	if age > time.Duration(*lease.Spec.LeaseDurationSeconds)*time.Second {
		return "no", fmt.Sprintf("no operator runs: its lease was last renewed %s ago", age), nil
	}
	return "ok", "an operator runs: it renewed its lease " + age.String() + " ago", nil
}

// checkDNS looks where the DNS pods listen: the operator opens port 53 to every Microservice, unless it is told another one.
func checkDNS(ctx context.Context, c client.Client, _ string) (state, words string, err error) {
	slices := &discoveryv1.EndpointSliceList{}
	err = c.List(ctx, slices, client.InNamespace("kube-system"), client.MatchingLabels{discoveryv1.LabelServiceName: "kube-dns"})
	switch {
	case apierrors.IsForbidden(err):
		return "?", "you may not read where the DNS pods of kube-system listen", nil
	case err != nil:
		return "", "", fmt.Errorf("listing the endpoints of DNS: %w", err)
	}
	others := sets.New[string]()
	n := 0
	for i := range slices.Items {
		for _, p := range slices.Items[i].Ports {
			if p.Port == nil || p.Name == nil || !strings.HasPrefix(*p.Name, "dns") {
				continue
			}
			n++
			if *p.Port != 53 {
				others.Insert(strconv.Itoa(int(*p.Port)))
			}
		}
	}
	switch {
	case n == 0:
		return "?", "there is no Service kube-dns in namespace kube-system: the operator needs --dns-namespace and --dns-pod-labels", nil
	case others.Len() > 0:
		return "?", "the DNS pods listen on " + strings.Join(sets.List(others), ", ") + ", not on 53: the operator needs --dns-ports, or Microservices cannot resolve names", nil
	}
	return "ok", "the DNS pods listen on port 53", nil
}

// checkRights asks what the user may do with Microservices.
func checkRights(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
	var granted, denied []string
	for _, verb := range []string{"get", "list", "watch", "create", "update", "patch", "delete"} {
		allowed, err := may(ctx, c, namespace, verb, v1alpha1.SchemeGroupVersion.Group, "microservices")
		if err != nil {
			return "", "", err
		}
		if allowed {
			granted = append(granted, verb)
		} else {
			denied = append(denied, verb)
		}
	}
	if len(denied) == 0 {
		return "ok", "you may do everything with Microservices in namespace " + namespace, nil
	}
	if len(granted) == 0 {
		granted = []string{"nothing"}
	}
	return "?", fmt.Sprintf("in namespace %s you may %s Microservices, and not %s", namespace, strings.Join(granted, ", "), strings.Join(denied, ", ")), nil
}
