package faults

import (
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// webhook is an admission webhook that merges a patch into what is written.
type webhook struct {
	url string
	ca  []byte
}

func startWebhook(t *testing.T, patch string) webhook {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		review := &admissionv1.AdmissionReview{}
		if err := json.NewDecoder(q.Body).Decode(review); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		answer, err := mutation(review.Request.Object.Raw, patch)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		review.Response = &admissionv1.AdmissionResponse{
			UID: review.Request.UID, Allowed: true, Patch: answer, PatchType: new(admissionv1.PatchTypeJSONPatch),
		}
		_ = json.NewEncoder(w).Encode(review)
	}))
	server.Config.ErrorLog = silent
	server.StartTLS()
	t.Cleanup(server.Close)
	return webhook{url: server.URL, ca: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})}
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
