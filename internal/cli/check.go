package cli

import (
	"context"
	"fmt"
	"io"
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
	"github.com/microservice-dev/microservice-operator/internal/inspect"
	"github.com/microservice-dev/microservice-operator/internal/settings"
)

// checkOptions are the flags of check: where the operator holds its lease.
type checkOptions struct{ namespace, lease string }

func newCheck(o *options) *cobra.Command {
	var at checkOptions
	var format output
	var probes bool
	var p probe
	c := &cobra.Command{
		Use:   "check",
		Short: "Check that the operator is installed and works, and what you may do",
		Long: `Check that the operator is installed and works, and what you may do in a namespace.

What you may not see is told as such. The exit code is 1 if something is wrong.

With --probe it also finds out whether the cluster's network enforces NetworkPolicies: it starts two pods in the namespace, tries, and
removes them.`,
		Example: o.example("$ check -n shop\n$ check -n shop -o json\n$ check -n shop --probe"),
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
			parts := []part{{"microservices", checkAPI}, {"operator", at.checkLease}, {"dns", at.checkDNS}, {"rights", checkRights}}
			if probes {
				progress := newProgressLine(o.ErrOut)
				defer progress.end()
				p.tell = func(words string) { progress.show(time.Now(), words) }
				parts = append(parts, part{"policies", p.run})
			}
			answer, err := runChecks(c.Context(), kube, namespace, parts)
			if err != nil {
				return err
			}
			if err := printChecks(o.Out, answer, string(format)); err != nil {
				return err
			}
			if !answer.Well {
				return exit(ExitNo)
			}
			return nil
		},
	}
	format.add(c, "text", "json")
	addOperatorNamespace(c, &at.namespace)
	c.Flags().StringVar(&at.lease, "leader-election-id", "microservice-operator.apps.microservice.dev", "The name of the lease that the operator holds.")
	c.Flags().BoolVar(&probes, "probe", false, "Try with two pods whether NetworkPolicies hold.")
	c.Flags().StringVar(&p.image, "probe-image", "registry.k8s.io/e2e-test-images/agnhost:2.56", "The image of the two pods: agnhost, or a copy of it.")
	c.Flags().DurationVar(&p.timeout, "probe-timeout", time.Minute, "How long each step of the probe may take.")
	return c
}

func addOperatorNamespace(c *cobra.Command, namespace *string) {
	c.Flags().StringVar(namespace, "operator-namespace", "microservice-operator-system", "The namespace of the operator.")
}

// checks are the answer of check. Their JSON is what it prints.
type checks struct {
	// Well is false if one of the checks has the state no.
	Well   bool    `json:"well"`
	Checks []check `json:"checks"`
}

// check is what is known of one part of the installation.
type check struct {
	// Name is stable: microservices, operator, dns, rights or policies.
	Name string `json:"name"`
	// State is ok; no for what is wrong; or ? for what is not known, or not wrong for everybody.
	State string `json:"state"`
	// Message is for people.
	Message string `json:"message"`
}

// part is one of the checks.
type part struct {
	name string
	ask  func(ctx context.Context, c client.Client, namespace string) (state, words string, err error)
}

// runChecks asks for all parts.
func runChecks(ctx context.Context, c client.Client, namespace string, parts []part) (checks, error) {
	answer := checks{Well: true}
	for _, p := range parts {
		state, words, err := p.ask(ctx, c, namespace)
		if err != nil {
			return answer, err
		}
		answer.Well = answer.Well && state != "no"
		answer.Checks = append(answer.Checks, check{Name: p.name, State: state, Message: words})
	}
	return answer, nil
}

func printChecks(out io.Writer, answer checks, format string) error {
	if format == "json" {
		return printJSON(out, answer)
	}
	for _, c := range answer.Checks {
		print(out, "%-3s %s\n", c.State, c.Message)
	}
	return nil
}

// checkAPI asks for Microservices.
func checkAPI(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
	list := &v1alpha1.MicroserviceList{}
	switch err := c.List(ctx, list, client.InNamespace(namespace)); {
	case inspect.IsMissingKind(err):
		return "no", inspect.ErrNoMicroservices.Error(), nil
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
func (at *checkOptions) checkDNS(ctx context.Context, c client.Client, namespace string) (state, words string, err error) {
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
		flags, err := inspect.OperatorFlags(ctx, c, at.namespace, namespace)
		if err == nil && sets.New(settings.Split(flags["dns-ports"])...).IsSuperset(others) {
			return "ok", "the DNS pods listen on " + strings.Join(sets.List(others), ", ") + ", as the operator's --dns-ports says", nil
		}
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
