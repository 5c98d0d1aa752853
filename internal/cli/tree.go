package cli

import (
	"context"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

func newTree(o *options) *cobra.Command {
	return &cobra.Command{
		Use:               "tree NAME",
		Short:             "Show the objects of a Microservice, its pods and its dependencies",
		Example:           o.example("$ tree web -n shop"),
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
			print(o.Out, "Microservice %s  %s\n", ms.Name, readyWords(ms))
			o.printChildren(c.Context(), kube, ms)
			for i := range ms.Status.Dependencies {
				d := &ms.Status.Dependencies[i]
				print(o.Out, "  -> %s  %s  %s\n", d.Name, d.State, d.Target)
			}
			return nil
		},
	}
}

func readyWords(ms *v1alpha1.Microservice) string {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	if ready == nil {
		return "no status yet"
	}
	return fmt.Sprintf("Ready=%s %s", ready.Status, ready.Reason)
}

// childLists are lists of the kinds of children, in the order in which they are printed. Pods come last.
func childLists() []client.ObjectList {
	return []client.ObjectList{
		&corev1.ServiceAccountList{}, &networkingv1.NetworkPolicyList{}, &corev1.ServiceList{}, &policyv1.PodDisruptionBudgetList{},
		&autoscalingv2.HorizontalPodAutoscalerList{}, &appsv1.DeploymentList{}, &corev1.PodList{},
	}
}

// printChildren prints what carries the label of the Microservice. A kind that the user may not read is named.
func (o *options) printChildren(ctx context.Context, c client.Client, ms *v1alpha1.Microservice) {
	for _, list := range childLists() {
		kind := kindOf(list)
		if err := c.List(ctx, list, client.InNamespace(ms.Namespace), client.MatchingLabels{v1alpha1.LabelName: ms.Name}); err != nil {
			if apierrors.IsForbidden(err) {
				print(o.Out, "  %s: cannot see: forbidden\n", kind)
			} else {
				print(o.Out, "  %s: cannot see: %v\n", kind, err)
			}
			continue
		}
		items, err := meta.ExtractList(list)
		if err != nil {
			print(o.Out, "  %s: cannot see: %v\n", kind, err)
			continue
		}
		var lines []string
		for _, item := range items {
			if object, ok := item.(client.Object); ok {
				lines = append(lines, fmt.Sprintf("%s %s%s", kind, object.GetName(), childWords(object)))
			}
		}
		slices.Sort(lines)
		indent := "  "
		if kind == "Pod" {
			indent = "    "
		}
		for _, line := range lines {
			print(o.Out, "%s%s\n", indent, line)
		}
	}
}

// childWords are the state of a child, as far as its kind has one.
func childWords(object client.Object) string {
	switch o := object.(type) {
	case *appsv1.Deployment:
		wanted := int32(1)
		if o.Spec.Replicas != nil {
			wanted = *o.Spec.Replicas
		}
		return fmt.Sprintf("  %d updated, %d available, of %d", o.Status.UpdatedReplicas, o.Status.AvailableReplicas, wanted)
	case *autoscalingv2.HorizontalPodAutoscaler:
		return fmt.Sprintf("  %d now, %d wanted, at most %d", o.Status.CurrentReplicas, o.Status.DesiredReplicas, o.Spec.MaxReplicas)
	case *corev1.Service:
		return "  " + string(o.Spec.Type)
	case *policyv1.PodDisruptionBudget:
		return fmt.Sprintf("  %d may be evicted", o.Status.DisruptionsAllowed)
	case *corev1.Pod:
		ready := "not ready"
		if status.PodReady(o) {
			ready = "ready"
		}
		return fmt.Sprintf("  %s, %s", o.Status.Phase, ready)
	}
	return ""
}
