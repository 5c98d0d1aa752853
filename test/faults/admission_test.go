package faults

import (
	"context"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	appsv1 "k8s.io/api/apps/v1"
)

// TestAdmissionThatChangesChildren has somebody else's admission add to each Deployment, or rewrite a field that the
// operator sets, whenever it is written (F22). Neither is fought over.
func TestAdmissionThatChangesChildren(t *testing.T) {
	t.Parallel()
	for _, what := range []struct{ name, patch string }{
		{"adds an annotation and a label", `{"metadata":{"labels":{"mesh":"on"},"annotations":{"mesh/injected":"true"}}}`},
		{"adds a sidecar", `{"spec":{"template":{"spec":{"containers":[{"name":"sidecar","image":"example.com/sidecar:1"}]}}}}`},
		{"rewrites the image", `{"spec":{"template":{"spec":{"containers":[{"name":"app","image":"mirror.example.com/web:1"}]}}}}`},
	} {
		t.Run(what.name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			lab.mutate(t, s.Namespace, what.patch)
			s.take(t, journey[0])
			s.rests(t)
			d := &appsv1.Deployment{}
			if err := lab.Kube.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace, Name: "web"}, d); err != nil {
				t.Fatal(err)
			}
			if c := d.Spec.Template.Spec.Containers; d.Labels["mesh"] == "" && len(c) == 1 && c[0].Image == "example.com/web:1" {
				t.Error("the admission changed nothing, so that this test says nothing")
			}
		})
	}
}

// mutate has the API server merge a patch into each Deployment of a namespace whenever somebody writes it.
func (l *Lab) mutate(t *testing.T, namespace, patch string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	server := startWebhook(t, patch)
	hook := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "mutates-"},
		Webhooks: []admissionregistrationv1.MutatingWebhook{{
			Name:         "mutates.example.com",
			ClientConfig: admissionregistrationv1.WebhookClientConfig{URL: &server.url, CABundle: server.ca},
			Rules: []admissionregistrationv1.RuleWithOperations{{
				Operations: []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update},
				Rule:       admissionregistrationv1.Rule{APIGroups: []string{"apps"}, APIVersions: []string{"v1"}, Resources: []string{"deployments"}},
			}},
			NamespaceSelector:       &metav1.LabelSelector{MatchLabels: map[string]string{corev1.LabelMetadataName: namespace}},
			SideEffects:             new(admissionregistrationv1.SideEffectClassNone),
			AdmissionReviewVersions: []string{"v1"},
		}},
	}
	if err := l.Kube.Create(ctx, hook); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Kube.Delete(ctx, hook, client.GracePeriodSeconds(0)); err != nil {
			t.Error(err)
		}
	})
	time.Sleep(2 * time.Second) // the API server hears of it
}
