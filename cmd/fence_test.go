package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// The lease is renewed by what the elector sends; only for a while after that, children are written.
func TestFence(t *testing.T) {
	status := http.StatusOK
	var arrived []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		arrived = append(arrived, q.Method)
		w.WriteHeader(status)
	}))
	defer server.Close()
	now := time.Now()
	config := &rest.Config{Host: server.URL}
	(&fence{now: func() time.Time { return now }}).around(config)
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	send := func(method, path string) error {
		q, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(q)
		if err == nil {
			err = answer.Body.Close()
		}
		return err
	}
	const lease = "/apis/coordination.k8s.io/v1/namespaces/system/leases/operator"
	for i, step := range []struct {
		after        time.Duration
		status       int
		method, path string
		sent         bool
	}{
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", false}, // never led
		{0, 200, "GET", lease, true},
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", false}, // a read is no renewal
		{0, 409, "PUT", lease, true},
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", false}, // nor is a refused one
		{0, 201, "POST", strings.TrimSuffix(lease, "/operator"), true},
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", true},
		{9 * time.Second, 200, "DELETE", "/api/v1/namespaces/shop/services/web", true},
		{time.Second, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", false},
		{0, 200, "DELETE", "/api/v1/namespaces/shop/services/web", false},
		{0, 200, "POST", "/apis/apps/v1/namespaces/shop/deployments", false}, // children are created by POST
		{0, 200, "PUT", "/apis/apps/v1/namespaces/shop/deployments/web", false},
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/events", false}, // a Microservice of that name
		{0, 200, "PATCH", "/api/v1/namespaces/shop/services/leases", false},
		{0, 200, "POST", "/apis/authentication.k8s.io/v1/tokenreviews", true}, // who does not lead serves metrics
		{0, 200, "POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", true},
		{0, 200, "POST", "/apis/events.k8s.io/v1/namespaces/shop/events", true},
		{0, 200, "POST", "/api/v1/namespaces/shop/events", true},
		{0, 200, "PUT", lease, true},
		{0, 200, "PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", true},
	} {
		now, status, arrived = now.Add(step.after), step.status, nil
		if err := send(step.method, step.path); (err == nil) != step.sent || (len(arrived) == 1) != step.sent {
			t.Errorf("step %d: %s %s: %v, and %v arrived; want it sent: %v", i, step.method, step.path, err, arrived, step.sent)
		}
	}
	now = now.Round(0).Add(time.Minute) // asleep: this clock alone goes on
	if err := send("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web"); err == nil || !strings.Contains(err.Error(), "1m0s ago") {
		t.Errorf("after a minute of sleep: %v", err)
	}
}
