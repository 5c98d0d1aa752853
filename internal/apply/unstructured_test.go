package apply_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/internal/apply"
)

var gvks = map[string]schema.GroupVersionKind{
	"Deployment":              appsv1.SchemeGroupVersion.WithKind("Deployment"),
	"Service":                 corev1.SchemeGroupVersion.WithKind("Service"),
	"ServiceAccount":          corev1.SchemeGroupVersion.WithKind("ServiceAccount"),
	"NetworkPolicy":           networkingv1.SchemeGroupVersion.WithKind("NetworkPolicy"),
	"PodDisruptionBudget":     policyv1.SchemeGroupVersion.WithKind("PodDisruptionBudget"),
	"HorizontalPodAutoscaler": autoscalingv2.SchemeGroupVersion.WithKind("HorizontalPodAutoscaler"),
}

func readUnstructured(t *testing.T, kind string, owner client.Object) *unstructured.Unstructured {
	t.Helper()
	u := &unstructured.Unstructured{}
	u.SetGroupVersionKind(gvks[kind])
	if err := admin.Get(context.Background(), client.ObjectKeyFromObject(owner), u); err != nil {
		t.Fatal(err)
	}
	return u
}

// applyUnstructured puts the intent of a kind over live, nil for what is there, and gives the number of changes.
func applyUnstructured(t *testing.T, kind string, owner client.Object, current *unstructured.Unstructured) int {
	t.Helper()
	changes := applyIntent(t, kind, owner, desiredOf(owner)[kind], current)
	mustSucceed(t, changes)
	return len(changes)
}

// applyIntent puts any intent of a kind over live, nil for what is there.
func applyIntent(t *testing.T, kind string, owner client.Object, in any, current *unstructured.Unstructured) []apply.Change {
	t.Helper()
	switch kind {
	case "Deployment":
		return putAs[appsv1.Deployment](t, owner, in, current)
	case "Service":
		return putAs[corev1.Service](t, owner, in, current)
	case "ServiceAccount":
		return putAs[corev1.ServiceAccount](t, owner, in, current)
	case "NetworkPolicy":
		return putAs[networkingv1.NetworkPolicy](t, owner, in, current)
	case "PodDisruptionBudget":
		return putAs[policyv1.PodDisruptionBudget](t, owner, in, current)
	default:
		return putAs[autoscalingv2.HorizontalPodAutoscaler](t, owner, in, current)
	}
}

func putAs[T any, P apply.Object[T]](t *testing.T, owner client.Object, in any, current *unstructured.Unstructured) []apply.Change {
	t.Helper()
	var typed P
	if current == nil {
		typed = read[T, P](t, owner)
	} else {
		typed = P(new(T))
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(current.Object, typed); err != nil {
			t.Fatal(err)
		}
	}
	b := newApplier(admin).NewBatch(owner, false)
	apply.Apply(context.Background(), b, in, typed)
	return b.Changes()
}
