package resources_test

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Deployment tools know their objects by labels and annotations. A child that carried them would be taken for one.
func TestOnlyKnownLabelsAreCopied(t *testing.T) {
	tracking := map[string]string{
		"app.kubernetes.io/instance":       "shop",
		"argocd.argoproj.io/instance":      "shop",
		"helm.toolkit.fluxcd.io/name":      "shop",
		"kustomize.toolkit.fluxcd.io/name": "shop",
		"helm.sh/chart":                    "shop-1.0.0",
		"app.kubernetes.io/managed-by":     "Helm",
		"app.kubernetes.io/version":        "1.4.2",
		"team":                             "orders",
	}
	annotations := map[string]string{
		"argocd.argoproj.io/tracking-id":                   "shop:apps.microservice.dev/Microservice:shop/web",
		"kubectl.kubernetes.io/last-applied-configuration": "{}",
		"meta.helm.sh/release-name":                        "shop",
		"kustomize.toolkit.fluxcd.io/reconcile":            "disabled",
	}
	wanted := map[string]string{"app.kubernetes.io/part-of": "shop", "backstage.io/kubernetes-id": "web"}
	plain := minimal(t)
	plain.Spec.Autoscaling = goldenInputs(t)["autoscaled-defaults"].Microservice.Spec.Autoscaling
	labelled := plain.DeepCopy()
	labelled.Labels, labelled.Annotations = maps.Clone(tracking), annotations
	maps.Copy(labelled.Labels, wanted)

	before, after := build(t, alone(plain)).All(), build(t, alone(labelled)).All()
	if len(before) < 6 {
		t.Fatalf("only %d children are compared", len(before))
	}
	for i := range after {
		bare, got := as[metav1.PartialObjectMetadata](t, before[i]), as[metav1.PartialObjectMetadata](t, after[i])
		want := maps.Clone(bare.Labels)
		maps.Copy(want, wanted)
		if diff := cmp.Diff(want, got.Labels); diff != "" {
			t.Errorf("labels of the %s (-want +got):\n%s", got.Kind, diff)
		}
		if diff := cmp.Diff(bare.Annotations, got.Annotations); diff != "" {
			t.Errorf("annotations of the %s (-want +got):\n%s", got.Kind, diff)
		}
	}
	bare := as[appsv1.Deployment](t, build(t, alone(plain)).Deployment)
	got := as[appsv1.Deployment](t, build(t, alone(labelled)).Deployment)
	if diff := cmp.Diff(bare.Spec, got.Spec); diff != "" {
		t.Errorf("a label of the Microservice changes the Deployment's spec, which restarts its pods:\n%s", diff)
	}
}
