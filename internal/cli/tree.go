package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
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
			ms, err := read(c.Context(), kube, key)
			if err != nil {
				return err
			}
			return printTree(o.Out, newObjectTree(c.Context(), kube, ms), string(format))
		},
	}
	format.add(c, "text", "json")
	return c
}

// objectTree is a Microservice with its objects. Its JSON is what tree prints.
type objectTree struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Ready is the condition Ready, nil before there is a status.
	Ready *metav1.Condition `json:"ready,omitempty"`
	// Kinds are the kinds of children in the order of childLists, Pod last, also those without an object.
	Kinds []kindOfChild `json:"kinds"`
	// Dependencies are those of the status, in the order of the spec.
	Dependencies []v1alpha1.DependencyStatus `json:"dependencies"`
}

// kindOfChild has the children of one kind.
type kindOfChild struct {
	Kind string `json:"kind"`
	// CannotSee is why the objects are not known: forbidden, no such kind, or the error. It is empty if they are.
	CannotSee string `json:"cannotSee,omitempty"`
	// Objects are sorted by name.
	Objects []childState `json:"objects"`
}

// childState is one child.
type childState struct {
	Name string `json:"name"`
	// State are words for people, empty for a kind that has no state.
	State string `json:"state,omitempty"`
}

// newObjectTree reads what carries the label of the Microservice. A kind that the user may not read is named.
func newObjectTree(ctx context.Context, c client.Reader, ms *v1alpha1.Microservice) *objectTree {
	t := &objectTree{
		Namespace: ms.Namespace, Name: ms.Name, Ready: meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady),
		Dependencies: append([]v1alpha1.DependencyStatus{}, ms.Status.Dependencies...),
	}
	for _, list := range append(childLists(ms), &corev1.PodList{}) {
		k := kindOfChild{Kind: kindOf(list), Objects: []childState{}}
		err := c.List(ctx, list, client.InNamespace(ms.Namespace), client.MatchingLabels{v1alpha1.LabelName: ms.Name})
		items, extractErr := meta.ExtractList(list)
		switch err := errors.Join(err, extractErr); {
		case isMissingCRD(err):
			k.CannotSee = "the cluster has no such kind"
		case apierrors.IsForbidden(err):
			k.CannotSee = "forbidden"
		case err != nil:
			k.CannotSee = err.Error()
		}
		for _, item := range items {
			if object, ok := item.(client.Object); ok {
				k.Objects = append(k.Objects, childState{Name: object.GetName(), State: childWords(object)})
			}
		}
		slices.SortFunc(k.Objects, func(a, b childState) int { return cmp.Compare(a.Name, b.Name) })
		t.Kinds = append(t.Kinds, k)
	}
	return t
}

func printTree(out io.Writer, t *objectTree, format string) error {
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

// childWords are the state of a child, as far as its kind has one.
func childWords(object client.Object) string {
	switch o := object.(type) {
	case *appsv1.Deployment:
		wanted := int32(1)
		if o.Spec.Replicas != nil {
			wanted = *o.Spec.Replicas
		}
		return fmt.Sprintf("%d updated, %d available, of %d", o.Status.UpdatedReplicas, o.Status.AvailableReplicas, wanted)
	case *autoscalingv2.HorizontalPodAutoscaler:
		return fmt.Sprintf("%d now, %d wanted, at most %d", o.Status.CurrentReplicas, o.Status.DesiredReplicas, o.Spec.MaxReplicas)
	case *corev1.Service:
		return string(o.Spec.Type)
	case *policyv1.PodDisruptionBudget:
		return fmt.Sprintf("%d may be evicted", o.Status.DisruptionsAllowed)
	case *gatewayv1.HTTPRoute:
		return hostWords(o.Spec.Hostnames)
	case *gatewayv1.GRPCRoute:
		return hostWords(o.Spec.Hostnames)
	case *corev1.Pod:
		ready := "not ready"
		if status.PodReady(o) {
			ready = "ready"
		}
		return fmt.Sprintf("%s, %s", o.Status.Phase, ready)
	}
	return ""
}

func hostWords(hosts []gatewayv1.Hostname) string {
	words := make([]string, 0, len(hosts))
	for _, host := range hosts {
		words = append(words, string(host))
	}
	return strings.Join(words, ", ")
}
