package metrics

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// Writes counts the writes of a client by resource, verb and code.
type Writes struct {
	*prometheus.CounterVec
}

// NewWrites returns a counter. Around makes it count.
func NewWrites() *Writes {
	return &Writes{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "writes_total",
		Help: "Number of writes to the API server, by resource (of a status with /status), verb and HTTP code; the code is error if no answer came.",
	}, []string{"resource", "verb", "code"})}
}

// Around counts the writes of every client that is made from a config.
func (w *Writes) Around(config *rest.Config) {
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &counting{next: next, writes: w} })
}

type counting struct {
	next   http.RoundTripper
	writes *Writes
}

// RoundTrip implements http.RoundTripper.
func (c *counting) RoundTrip(q *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(q)
	if verb := verbOf(q); verb != "" {
		code := "error"
		if err == nil {
			code = strconv.Itoa(answer.StatusCode)
		}
		c.writes.WithLabelValues(resourceOf(q.URL.Path), verb, code).Inc()
	}
	return answer, err
}

// verbOf returns the verb of a write, empty for a read.
func verbOf(q *http.Request) string {
	switch q.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodDelete:
		return "delete"
	case http.MethodPatch:
		if strings.HasPrefix(q.Header.Get("Content-Type"), string(types.ApplyYAMLPatchType)) {
			return "apply"
		}
		return "patch"
	}
	return ""
}

// resourceOf returns the resource of a path, such as deployments or microservices/status:
// https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-uris
func resourceOf(path string) string {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	skip := 3 // apis, group and version
	if parts[0] == "api" {
		skip = 2
	}
	parts = parts[min(skip, len(parts)):]
	if len(parts) > 2 && parts[0] == "namespaces" {
		parts = parts[2:]
	}
	switch len(parts) {
	case 0:
		return "unknown"
	case 3:
		return strings.Join(slices.Delete(parts, 1, 2), "/")
	}
	return parts[0]
}
