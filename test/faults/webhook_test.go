package faults

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// webhook is an admission webhook.
type webhook struct {
	url string
	ca  []byte
}

// startWebhook answers each request as decide does; an error is a failure of the webhook.
func startWebhook(t *testing.T, decide func(*admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error)) webhook {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		review := &admissionv1.AdmissionReview{}
		if err := json.NewDecoder(q.Body).Decode(review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := decide(review.Request)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer.UID = review.Request.UID
		review.Response = answer
		_ = json.NewEncoder(w).Encode(review)
	}))
	server.Config.ErrorLog = silent
	server.StartTLS()
	t.Cleanup(server.Close)
	return webhook{url: server.URL, ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})}
}

// merging allows everything, and merges a patch into what is written.
func merging(patch string) func(*admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	return func(q *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
		answer, err := mutation(q.Object.Raw, patch)
		return &admissionv1.AdmissionResponse{Allowed: true, Patch: answer, PatchType: new(admissionv1.PatchTypeJSONPatch)}, err
	}
}

// refusing refuses as a webhook does that is written with apierrors.NewInvalid: with the code of the schema's own validation,
// and with the name of a field.
func refusing(refuse *atomic.Bool) func(*admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
	return func(*admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error) {
		if !refuse.Load() {
			return &admissionv1.AdmissionResponse{Allowed: true}, nil
		}
		return &admissionv1.AdmissionResponse{Result: &metav1.Status{
			Status: metav1.StatusFailure, Code: http.StatusUnprocessableEntity, Reason: metav1.StatusReasonInvalid,
			Message: "house rules: the team is not registered yet",
			Details: &metav1.StatusDetails{Kind: "Deployment", Causes: []metav1.StatusCause{{
				Type: metav1.CauseTypeFieldValueInvalid, Field: "spec.template.metadata.labels", Message: "the team is not registered yet",
			}}},
		}}, nil
	}
}

// mutation is the JSON patch that does what a strategic-merge patch does to an object.
func mutation(object []byte, patch string) ([]byte, error) {
	merged, err := strategicpatch.StrategicMergePatch(object, []byte(patch), appsv1.Deployment{})
	if err != nil {
		return nil, err
	}
	var value map[string]any
	if err := json.Unmarshal(merged, &value); err != nil {
		return nil, err
	}
	return json.Marshal([]map[string]any{
		{"op": "replace", "path": "/metadata", "value": value["metadata"]},
		{"op": "replace", "path": "/spec", "value": value["spec"]},
	})
}
