package resources_test

import (
	"cmp"
	"maps"
	"reflect"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
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
		if diff := gocmp.Diff(want, got.Labels); diff != "" {
			t.Errorf("labels of the %s (-want +got):\n%s", got.Kind, diff)
		}
		if diff := gocmp.Diff(bare.Annotations, got.Annotations); diff != "" {
			t.Errorf("annotations of the %s (-want +got):\n%s", got.Kind, diff)
		}
	}
	bare := as[appsv1.Deployment](t, build(t, alone(plain)).Deployment)
	got := as[appsv1.Deployment](t, build(t, alone(labelled)).Deployment)
	if diff := gocmp.Diff(bare.Spec, got.Spec); diff != "" {
		t.Errorf("a label of the Microservice changes the Deployment's spec, which restarts its pods:\n%s", diff)
	}
}

// TestChildMetadata: every kind of child carries what the spec and the flag ask for, and neither pods nor selectors do.
func TestChildMetadata(t *testing.T) {
	in := goldenInputs(t)["child-metadata"]
	grpc := goldenInputs(t)["child-metadata"]
	grpc.Microservice.Spec.Route.Kind = v1alpha1.RouteGRPC
	kinds := map[string]bool{}
	for _, in := range []resources.Input{in, grpc} {
		for _, child := range build(t, in).All() {
			got := as[metav1.PartialObjectMetadata](t, child)
			kinds[got.Kind] = true
			for key, want := range map[string]string{"team": "orders", "cost-center": "4711", "app.kubernetes.io/part-of": "shop", v1alpha1.LabelName: "web"} {
				if got.Labels[key] != want {
					t.Errorf("label %s of the %s is %q, want %q", key, got.Kind, got.Labels[key], want)
				}
			}
			if _, found := got.Labels["region"]; found {
				t.Errorf("the %s has a label that nobody asked for", got.Kind)
			}
			owner := map[string]string{"Service": "network", "ServiceAccount": "security"}
			if want := cmp.Or(owner[got.Kind], "orders"); got.Annotations["example.com/owner"] != want {
				t.Errorf("annotation of the %s is %q, want %q", got.Kind, got.Annotations["example.com/owner"], want)
			}
		}
	}
	if want := reflect.TypeFor[resources.Set]().NumField(); len(kinds) != want {
		t.Errorf("compared %d kinds, want all %d: %v", len(kinds), want, kinds)
	}

	bare := goldenInputs(t)["child-metadata"]
	bare.Microservice.Labels, bare.Microservice.Spec.ChildMetadata, bare.Settings.CopyLabels = nil, nil, nil
	without, with := build(t, bare), build(t, in)
	if diff := gocmp.Diff(as[appsv1.Deployment](t, without.Deployment).Spec, as[appsv1.Deployment](t, with.Deployment).Spec); diff != "" {
		t.Errorf("the Deployment's spec changes, which restarts its pods:\n%s", diff)
	}
	if diff := gocmp.Diff(as[corev1.Service](t, without.Service).Spec, as[corev1.Service](t, with.Service).Spec); diff != "" {
		t.Errorf("the Service's spec changes:\n%s", diff)
	}
}

// TestReservedMetadataStaysTheOperators covers objects that were stored before the CRD had the rule.
func TestReservedMetadataStaysTheOperators(t *testing.T) {
	ms := minimal(t)
	ms.Spec.ChildMetadata = &v1alpha1.ChildMetadata{Labels: map[string]string{v1alpha1.LabelName: "other", "app.kubernetes.io/managed-by": "Helm"}}
	got := as[metav1.PartialObjectMetadata](t, build(t, alone(ms)).Deployment)
	if diff := gocmp.Diff(as[metav1.PartialObjectMetadata](t, build(t, alone(minimal(t))).Deployment).Labels, got.Labels); diff != "" {
		t.Errorf("labels (-without +with):\n%s", diff)
	}
}
