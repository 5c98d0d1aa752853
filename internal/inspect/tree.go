package inspect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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

// Tree is a Microservice with its objects. Its JSON is what tree prints.
type Tree struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Ready is the condition Ready, nil before there is a status.
	Ready *metav1.Condition `json:"ready,omitempty"`
	// Kinds are the kinds of children in the order of ChildLists, Pod last, also those without an object.
	Kinds []Children `json:"kinds"`
	// Dependencies are those of the status, in the order of the spec.
	Dependencies []v1alpha1.DependencyStatus `json:"dependencies"`
}

// Children are those of one kind.
type Children struct {
	Kind string `json:"kind"`
	// CannotSee is why the objects are not known: forbidden, no such kind, or the error. It is empty if they are.
	CannotSee string `json:"cannotSee,omitempty"`
	// Objects are sorted by name.
	Objects []Child `json:"objects"`
}

// Child is one child.
type Child struct {
	Name string `json:"name"`
	// State are words for people, empty for a kind that has no state.
	State string `json:"state,omitempty"`
}

// NewTree reads what carries the label of the Microservice. A kind that the user may not read is named.
func NewTree(ctx context.Context, c client.Reader, ms *v1alpha1.Microservice) *Tree {
	t := &Tree{
		Namespace: ms.Namespace, Name: ms.Name, Ready: meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady),
		Dependencies: append([]v1alpha1.DependencyStatus{}, ms.Status.Dependencies...),
	}
	for _, list := range append(ChildLists(ms), &corev1.PodList{}) {
		k := Children{Kind: KindOf(list), Objects: []Child{}}
		err := c.List(ctx, list, client.InNamespace(ms.Namespace), client.MatchingLabels{v1alpha1.LabelName: ms.Name})
		items, extractErr := meta.ExtractList(list)
		switch err := errors.Join(err, extractErr); {
		case IsMissingKind(err):
			k.CannotSee = "the cluster has no such kind"
		case apierrors.IsForbidden(err):
			k.CannotSee = "forbidden"
		case err != nil:
			k.CannotSee = err.Error()
		}
		for _, item := range items {
			if object, ok := item.(client.Object); ok {
				k.Objects = append(k.Objects, Child{Name: object.GetName(), State: childWords(object)})
			}
		}
		slices.SortFunc(k.Objects, func(a, b Child) int { return cmp.Compare(a.Name, b.Name) })
		t.Kinds = append(t.Kinds, k)
	}
	return t
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
