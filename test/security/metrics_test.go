package security_test

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestMetrics: /metrics answers who has a token and the role, over TLS 1.2 or later, and nothing else is served there.
func TestMetrics(t *testing.T) {
	port, err := cluster.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	startOperator(t, fmt.Sprintf("--metrics-bind-address=127.0.0.1:%d", port))
	server := fmt.Sprintf("127.0.0.1:%d", port)
	await(t, "the manager serves", func() error {
		c, err := tls.Dial("tcp", server, &tls.Config{InsecureSkipVerify: true}) // its certificate is self-signed
		if err != nil {
			return err
		}
		return c.Close()
	})
	reader, nobody := token(t, "metrics-reader"), token(t, "metrics-nobody")
	if err := cluster.Bind(t.Context(), admin, serviceAccount("metrics-reader"), "microservice-operator-metrics-reader", ""); err != nil {
		t.Fatal(err)
	}
	await(t, "the manager leads, and tells of Microservices", func() error {
		if code, body := ask(t, "https://"+server+"/metrics", reader); !strings.Contains(body, "microservice_operator_microservices_in_cycle") {
			return fmt.Errorf("%d: %.300s", code, body)
		}
		return nil
	})
	for _, question := range []struct {
		who, url, token string
		want            int
	}{
		{"nobody in particular", "https://" + server + "/metrics", "", http.StatusUnauthorized},
		// controller-runtime's answer to a token that cannot be read
		{"a forger", "https://" + server + "/metrics", reader[:len(reader)-8] + "AAAAAAAA", http.StatusInternalServerError},
		{"who has a token and no role", "https://" + server + "/metrics", nobody, http.StatusForbidden},
		{"who has the role", "https://" + server + "/metrics", reader, http.StatusOK},
		{"who has the role, for the profiler", "https://" + server + "/debug/pprof/heap", reader, http.StatusNotFound},
	} {
		t.Run(question.who, func(t *testing.T) {
			code, body := ask(t, question.url, question.token)
			if code != question.want {
				t.Errorf("GET %s is answered %d, not %d: %.300s", question.url, code, question.want, body)
			}
			for _, metric := range []string{"controller_runtime_", "microservice_operator_build_info", "microservice_operator_microservices_in_cycle"} {
				if shown := strings.Contains(body, metric); shown != (question.want == http.StatusOK) {
					t.Errorf("%s is shown: %v; %.300s", metric, shown, body)
				}
			}
		})
	}
	plain, err := net.Dial("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = fmt.Fprintf(plain, "GET /metrics HTTP/1.0\r\nAuthorization: Bearer %s\r\n\r\n", reader)
	if said, _ := io.ReadAll(plain); strings.Contains(string(said), "200 OK") {
		t.Errorf("it answers without TLS: %.300s", said)
	}
	if c, err := tls.Dial("tcp", server, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}); err == nil {
		t.Errorf("it speaks TLS 1.1: %v", c.Close())
	}
	c, err := tls.Dial("tcp", server, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}})
	if err != nil {
		t.Fatal(err)
	}
	if protocol := c.ConnectionState().NegotiatedProtocol; protocol != "http/1.1" {
		t.Errorf("it speaks %q: HTTP/2 is off", protocol)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func serviceAccount(name string) string { return "system:serviceaccount:" + tenantA + ":" + name }

// token is one of a new ServiceAccount.
func token(t *testing.T, name string) string {
	t.Helper()
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: tenantA, Name: name}}
	if err := admin.Create(t.Context(), account); err != nil {
		t.Fatal(err)
	}
	request := &authenticationv1.TokenRequest{}
	if err := admin.SubResource("token").Create(t.Context(), account, request); err != nil {
		t.Fatal(err)
	}
	return request.Status.Token
}

func ask(t *testing.T, url, token string) (code int, body string) {
	t.Helper()
	q, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		q.Header.Set("Authorization", "Bearer "+token)
	}
	insecure := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	answer, err := insecure.Do(q)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(raw)
}
