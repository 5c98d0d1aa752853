package faults

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
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
			env.review(t, s.Namespace, startWebhook(t, merging(what.patch)))
			s.take(t, scenario[0])
			s.assertQuiet(t)
			d := &appsv1.Deployment{}
			if err := env.Kube.Get(t.Context(), types.NamespacedName{Namespace: s.Namespace, Name: "web"}, d); err != nil {
				t.Fatal(err)
			}
			if c := d.Spec.Template.Spec.Containers; d.Labels["mesh"] == "" && len(c) == 1 && c[0].Image == "example.com/web:1" {
				t.Error("the admission changed nothing, so that this test says nothing")
			}
		})
	}
}

// TestAdmissionThatStrips has a policy take away every annotation of Deployments, ours among them. It is told, and the operator
// does not write without end.
func TestAdmissionThatStrips(t *testing.T) {
	t.Parallel()
	s := open(t)
	env.review(t, s.Namespace, startWebhook(t, merging(`{"metadata":{"annotations":null}}`)))
	s.change(t, scenario[0].do)
	if err := s.eventuallyReady(t.Context(), "web", v1alpha1.ReasonApplyFailed); err != nil {
		t.Fatalf("it is not told: %v", err)
	}
	// The policy also strips what the Deployment controller writes, so that it writes again and again: a request of the operator
	// that was overtaken is refused with 409, or with 422 if it names the place of an entry of managedFields. Another follows it.
	deployments := func(r cluster.Request) bool {
		return r.Writes() && r.Resource == "deployments" && r.Name == "web" && r.Code != http.StatusConflict
	}
	accepted := func(r cluster.Request) bool { return deployments(r) && r.Code < http.StatusBadRequest }
	until, all := len(s.Proxy.Sent(accepted)), len(s.Proxy.Sent(deployments))
	s.silence(t.Context(), later)
	if sent := s.Proxy.Sent(deployments); until > 6 || len(sent)-all > 1 {
		t.Errorf("%d writes until it was told, and %d in the %s after that: %v", until, len(sent)-all, later, sent)
	}
}

// TestWebhookThatNamesAField has a webhook refuse a Deployment with the code and the field of the schema's own validation. The spec
// is not to blame: it is tried again, and all is well when the policy is lifted.
func TestWebhookThatNamesAField(t *testing.T) {
	t.Parallel()
	s := open(t)
	refuse := &atomic.Bool{}
	refuse.Store(true)
	env.review(t, s.Namespace, startWebhook(t, refusing(refuse)))
	s.change(t, scenario[0].do)
	if err := s.eventuallyReady(t.Context(), "web", v1alpha1.ReasonApplyFailed); err != nil {
		t.Fatal(err)
	}
	refuse.Store(false)
	s.arrive(t, &scenario[0])
}

// review has the API server ask a webhook about each Deployment of a namespace whenever somebody writes it.
func (l *Env) review(t *testing.T, namespace string, server webhook) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
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
