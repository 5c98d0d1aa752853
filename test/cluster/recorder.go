package cluster

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// Request is one call of the API server, as it left the client.
type Request struct {
	// Verb is get, list, watch, create, apply, patch, update or delete.
	Verb string
	// Resource is plural, with its subresource: microservices/status.
	Resource        string
	Namespace, Name string
	// Code is the answer's status code, 0 where there was none.
	Code int
}

// Writes reports whether it changes the operator's objects. Leases and events are not of them.
func (r Request) Writes() bool {
	return writes.Has(r.Verb) && r.Resource != "leases" && r.Resource != "events"
}

func (r Request) String() string {
	return fmt.Sprintf("%s %s %s/%s -> %d", r.Verb, r.Resource, r.Namespace, r.Name, r.Code)
}

// Recorder keeps the requests of the clients that it wraps.
type Recorder struct {
	mu       sync.Mutex
	requests []Request
	// resets counts them.
	resets int
	// failAfter is how many writes are let through before every request fails, as after a crash; negative is never.
	failAfter int
}

// NewRecorder lets everything through.
func NewRecorder() *Recorder {
	return &Recorder{failAfter: -1}
}

// FailAfter makes the recorder answer the n-th write from now, and every request after it, with an error that the
// client takes for a lost connection. The n-th write itself reaches the server.
func (r *Recorder) FailAfter(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failAfter = n
}

// Crashed says that FailAfter's moment has come.
func (r *Recorder) Crashed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failAfter == 0
}

// Wrap makes the recorder see what clients of the config send.
func (r *Recorder) Wrap(config *rest.Config) *rest.Config {
	return Intercept(config, r.roundTrip)
}

// Intercept gives a config whose clients' requests go through do, which may pass them on.
func Intercept(config *rest.Config, do func(next http.RoundTripper, q *http.Request) (*http.Response, error)) *rest.Config {
	wrapped := rest.CopyConfig(config)
	wrapped.Wrap(func(next http.RoundTripper) http.RoundTripper {
		return roundTripper(func(q *http.Request) (*http.Response, error) { return do(next, q) })
	})
	return wrapped
}

// Reset forgets the requests so far, with those that are not answered yet.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.requests = nil
	r.resets++
}

// Requests are those of a namespace but for lists, watches, leases and events; every namespace's when it is empty.
func (r *Recorder) Requests(namespace string) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Request
	for _, q := range r.requests {
		background := q.Verb == "list" || q.Verb == "watch" || q.Resource == "leases" || q.Resource == "events" || q.Resource == ""
		if !background && (namespace == "" || q.Namespace == namespace) {
			all = append(all, q)
		}
	}
	return all
}

// Everything is what Requests leaves out, too, but for discovery.
func (r *Recorder) Everything() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.requests), func(q Request) bool { return q.Resource == "" })
}

// Lists are the lists of a resource in a namespace.
func (r *Recorder) Lists(resource, namespace string) []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []Request
	for _, q := range r.requests {
		if q.Verb == "list" && q.Resource == resource && q.Namespace == namespace {
			all = append(all, q)
		}
	}
	return all
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

func (r *Recorder) roundTrip(next http.RoundTripper, q *http.Request) (*http.Response, error) {
	var body []byte
	if q.Method == http.MethodPost && q.GetBody != nil {
		if copied, err := q.GetBody(); err == nil {
			body, _ = io.ReadAll(copied) // it is in memory
		}
	}
	request := ParseRequest(q, body)
	r.mu.Lock()
	crashed, resets := r.failAfter == 0, r.resets
	r.mu.Unlock()
	if crashed {
		return nil, errCrashed
	}
	answer, err := next.RoundTrip(q)
	if err == nil {
		request.Code = answer.StatusCode
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if resets == r.resets {
		r.requests = append(r.requests, request)
	}
	if request.Writes() && r.failAfter > 0 {
		if r.failAfter--; r.failAfter == 0 {
			if err == nil {
				_ = answer.Body.Close()
			}
			return nil, errCrashed
		}
	}
	return answer, err
}

var (
	errCrashed = fmt.Errorf("the client is dead: FailAfter")
	writes     = sets.New("create", "apply", "patch", "update", "delete")
)

// ParseRequest reads /api/v1/namespaces/NS/RESOURCE/NAME/SUBRESOURCE and /apis/GROUP/VERSION/... What is created has its name in
// the body.
func ParseRequest(q *http.Request, body []byte) Request {
	path := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	skip := 2
	if path[0] == "apis" {
		skip = 3
	}
	if len(path) <= skip {
		return Request{Verb: "get"}
	}
	path = path[skip:]
	var r Request
	if path[0] == "namespaces" && len(path) > 2 {
		r.Namespace, path = path[1], path[2:]
	}
	r.Resource = path[0]
	if len(path) > 1 {
		r.Name = path[1]
	}
	if len(path) > 2 {
		r.Resource += "/" + path[2]
	}
	r.Verb = verb(q, r.Name)
	if r.Verb == "create" && r.Name == "" && r.Writes() {
		r.Name = nameIn(body)
	}
	return r
}

// nameIn is the name of the object in a body, in protobuf or JSON.
func nameIn(body []byte) string {
	var object metav1.Object = &metav1.PartialObjectMetadata{}
	if decoded, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, nil); err == nil {
		if typed, ok := decoded.(metav1.Object); ok {
			object = typed
		}
	} else if json.Unmarshal(body, object) != nil {
		return ""
	}
	return object.GetName()
}

func verb(q *http.Request, name string) string {
	switch q.Method {
	case http.MethodPost:
		return "create"
	case http.MethodPut:
		return "update"
	case http.MethodDelete:
		return "delete"
	case http.MethodPatch:
		if strings.Contains(q.Header.Get("Content-Type"), "apply-patch") {
			return "apply"
		}
		return "patch"
	}
	if slices.Contains([]string{"true", "1"}, q.URL.Query().Get("watch")) {
		return "watch"
	}
	if name == "" {
		return "list"
	}
	return "get"
}
