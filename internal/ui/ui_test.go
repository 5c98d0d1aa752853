package ui

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/test/wrappers"
)

// microservice is one that depends on others, and is ready or not.
func microservice(name string, ready bool, on ...string) *v1alpha1.Microservice {
	ms := wrappers.MakeMicroservice("shop", name)
	ms.Generation, ms.Status.ObservedGeneration = 1, 1
	ms.Status.Replicas, ms.Status.AvailableReplicas = 1, 1
	c := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable}
	if !ready {
		c.Status, c.Reason, ms.Status.AvailableReplicas = metav1.ConditionFalse, v1alpha1.ReasonUnavailable, 0
	}
	meta.SetStatusCondition(&ms.Status.Conditions, c)
	ms.Status.Conditions[0].LastTransitionTime = metav1.NewTime(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) // long ago
	for _, d := range on {
		ms.Spec.Dependencies = append(ms.Spec.Dependencies, v1alpha1.Dependency{Name: d})
	}
	return ms
}

// told are the IDs in a message, with a minus for those that are gone, and the words of its events.
type told struct {
	Reset, View        bool
	Rows, Nodes, Edges []string
	Events             []string
}

func (m *message) told(t *testing.T) (all told) {
	t.Helper()
	if m == nil {
		return all
	}
	ids := func(p patch) (ids []string) {
		for _, raw := range p.Set {
			var item struct{ ID string }
			if err := json.Unmarshal(raw, &item); err != nil {
				t.Fatal(err)
			}
			ids = append(ids, item.ID)
		}
		for _, id := range p.Drop {
			ids = append(ids, "-"+id)
		}
		return ids
	}
	all = told{Reset: m.Reset, View: m.View != nil, Rows: ids(m.Rows), Nodes: ids(m.Nodes), Edges: ids(m.Edges)}
	for _, e := range m.Events {
		all.Events = append(all.Events, e.ID+" "+e.Words)
	}
	return all
}

// A page is told all that there is, and then what has changed and no more.
func TestProjector(t *testing.T) {
	s := NewSystem(Scope{Context: "test"}, nil)
	for _, ms := range []*v1alpha1.Microservice{microservice("web", true, "orders"), microservice("orders", true), microservice("stock", true)} {
		s.set(ms, true)
	}
	p := s.project(Selection{})
	steps := []struct {
		name string
		do   func()
		want told
	}{
		{"all at first", func() {}, told{
			Reset: true, View: true,
			Rows:  []string{"shop/orders", "shop/stock", "shop/web"},
			Nodes: []string{"shop/orders", "shop/stock", "shop/web"},
			Edges: []string{"shop/web shop/orders orders"},
		}},
		{"nothing new", func() {}, told{}},
		{"what nobody sees", func() {
			ms := microservice("orders", true)
			ms.ResourceVersion, ms.Labels = "2", map[string]string{"a": "b"}
			s.set(ms, false)
		}, told{}},
		{"a flip", func() { s.set(microservice("orders", false), false) }, told{
			View: true, Rows: []string{"shop/orders"}, Nodes: []string{"shop/orders"}, Events: []string{"shop/orders Unavailable"},
		}},
		{"a dependency", func() {
			ms := microservice("stock", true, "orders")
			ms.Generation, ms.Status.ObservedGeneration = 2, 2
			s.set(ms, false)
		}, told{}},
		{"one is gone", func() { s.remove(dependency.Key{Namespace: "shop", Name: "stock"}) }, told{}},
		{"it is gone already", func() { s.remove(dependency.Key{Namespace: "shop", Name: "stock"}) }, told{}},
		{"a problem", func() { s.setProblem("away") }, told{View: true}},
		{"the same problem", func() { s.setProblem("away") }, told{}},
		{"no problem", func() { s.setProblem("") }, told{View: true}},
	}
	for _, step := range steps {
		step.do()
		m, err := p.next()
		if err != nil {
			t.Fatal(err)
		}
		got := m.told(t)
		switch step.name {
		case "a dependency": // where things stand is not for this test
			if !strings.Contains(strings.Join(got.Edges, ","), "shop/stock shop/orders orders") || cmp.Diff(got.Events, []string{"shop/stock new spec: dependencies"}) != "" {
				t.Errorf("%s: told %+v", step.name, got)
			}
		case "one is gone":
			if cmp.Diff(got.Rows, []string{"shop/orders", "-shop/stock"}) != "" || !strings.Contains(strings.Join(got.Nodes, ","), "-shop/stock") ||
				!strings.Contains(strings.Join(got.Edges, ","), "-shop/stock shop/orders orders") || cmp.Diff(got.Events, []string{"shop/stock deleted"}) != "" {
				t.Errorf("%s: told %+v", step.name, got)
			}
		default:
			if diff := cmp.Diff(step.want, got); diff != "" {
				t.Errorf("%s (-want +told):\n%s", step.name, diff)
			}
		}
	}
}

// Two pages are told for themselves, and who subscribes is told that something is new once, until he looks.
func TestSubscribe(t *testing.T) {
	s := NewSystem(Scope{}, nil)
	changed, cancel := s.Subscribe()
	other, cancelOther := s.Subscribe()
	cancelOther()
	for range 3 {
		s.set(microservice("web", true), false)
	}
	if len(changed) != 1 || len(other) != 0 {
		t.Errorf("after three changes there are %d signs, and %d for who has gone", len(changed), len(other))
	}
	cancel()
}

func TestSpecWords(t *testing.T) {
	env := func(value string) func(*v1alpha1.Microservice) {
		return func(ms *v1alpha1.Microservice) { ms.Spec.Env = []corev1.EnvVar{{Name: "PASSWORD", Value: value}} }
	}
	image := func(image string) func(*v1alpha1.Microservice) {
		return func(ms *v1alpha1.Microservice) { ms.Spec.Image = image }
	}
	for _, c := range []struct {
		name          string
		before, after func(*v1alpha1.Microservice)
		want          string
	}{
		{"a tag", image("example.com/web:1"), image("example.com/web:2"), "new spec: image 1 → 2"},
		{"another image", image("example.com/web:1"), image("example.com/shop:1"), "new spec: image example.com/web:1 → example.com/shop:1"},
		{"a registry with a port", image("localhost:5000/web:1"), image("localhost:5000/web:2"), "new spec: image 1 → 2"},
		{"another image of it", image("localhost:5000/web:1"), image("localhost:5000/shop:1"), "new spec: image localhost:5000/web:1 → localhost:5000/shop:1"},
		{"no tag", image("localhost:5000/web"), image("localhost:5000/web:2"), "new spec: image localhost:5000/web → localhost:5000/web:2"},
		{"a size", func(ms *v1alpha1.Microservice) { ms.Spec.Replicas = new(int32(1)) },
			func(ms *v1alpha1.Microservice) { ms.Spec.Replicas = new(int32(0)) }, "new spec: replicas 1 → 0"},
		{"a variable", env("s3cr3t-old"), env("s3cr3t-new"), "new spec: env.PASSWORD.value"},
		{"an argument", func(ms *v1alpha1.Microservice) { ms.Spec.Args = []string{"--password=s3cr3t"} }, func(*v1alpha1.Microservice) {}, "new spec: args"},
		{"much", func(*v1alpha1.Microservice) {}, func(ms *v1alpha1.Microservice) {
			ms.Spec.Paused, ms.Spec.Replicas, ms.Spec.ImagePullPolicy = true, new(int32(2)), corev1.PullAlways
			ms.Spec.Command, ms.Spec.Args, ms.Spec.Image = []string{"s3cr3t"}, []string{"s3cr3t"}, "example.com/web:2"
		}, ", 2 more"},
	} {
		before, after := wrappers.MakeMicroservice("shop", "web"), wrappers.MakeMicroservice("shop", "web")
		c.before(before)
		c.after(after)
		got := specWords(before, after)
		if got != c.want && (c.name != "much" || !strings.HasSuffix(got, c.want)) {
			t.Errorf("%s: told %q, want %q", c.name, got, c.want)
		}
		if strings.Contains(got, "s3cr3t") {
			t.Errorf("%s: %q has a value", c.name, got)
		}
	}
}

// What happened is remembered for ten minutes, in its order, and not too much of it.
func TestChanges(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	var c changes
	for i := range mostRemembered + 50 {
		c.add(Event{At: start.Add(time.Duration(i) * time.Second), ID: "shop/web", Words: fmt.Sprint(i)})
	}
	c.add(Event{At: start.Add(60*time.Second + 500*time.Millisecond), Words: "late"})
	if len(c.last) != mostRemembered {
		t.Errorf("%d events are remembered", len(c.last))
	}
	var words []string
	for _, e := range c.since(start.Add(58 * time.Second))[:4] {
		words = append(words, e.Words)
	}
	if diff := cmp.Diff([]string{"59", "60", "late", "61"}, words); diff != "" {
		t.Errorf("after the 58th second (-want +got):\n%s", diff)
	}
	if left := c.since(start.Add(time.Hour)); left != nil {
		t.Errorf("an hour later: %v", left)
	}

	// At the start only what has just happened is an event.
	s := NewSystem(Scope{}, nil)
	s.now = func() time.Time { return start }
	recent := microservice("recent", false)
	recent.CreationTimestamp = metav1.NewTime(start.Add(-time.Hour))
	recent.Status.Conditions[0].LastTransitionTime = metav1.NewTime(start.Add(-time.Minute))
	old := microservice("old", true)
	old.CreationTimestamp = recent.CreationTimestamp
	old.Status.Conditions[0].LastTransitionTime = recent.CreationTimestamp
	s.set(recent, true)
	s.set(old, true)
	events := s.moment().events
	if len(events) != 1 || events[0].ID != "shop/recent" || events[0].Words != v1alpha1.ReasonUnavailable || events[0].Look != "notready" {
		t.Errorf("at the start there are %+v", events)
	}
}

func TestSelection(t *testing.T) {
	scope := Scope{Namespace: "shop"}
	for query, want := range map[string]Selection{
		"":                              {Namespace: "shop", Depth: 1},
		"namespace=":                    {Depth: 1},
		"namespace=other&whole=true":    {Namespace: "other", Depth: 1, Whole: true},
		"around=shop/web&depth=9":       {Namespace: "shop", Around: "shop/web", Depth: 9},
		"around=shop/web&whole=perhaps": {Namespace: "shop", Around: "shop/web", Depth: 1},
	} {
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := selectionOf(q, scope); err != nil || got != want {
			t.Errorf("%q is %+v, %v, want %+v", query, got, err, want)
		}
	}
	for _, depth := range []string{"0", "-1", "10", "many", "1.5"} {
		if got, err := selectionOf(url.Values{"depth": {depth}}, scope); err == nil || !strings.Contains(err.Error(), "must be a number from 1 to 9") {
			t.Errorf("depth %q is %+v, %v", depth, got, err)
		}
	}
}

func TestGuard(t *testing.T) {
	h := guard("token", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	for _, c := range []struct {
		method, host, path, header string
		want                       int
	}{
		{"GET", "127.0.0.1:8001", "/", "", http.StatusTeapot},
		{"GET", "[::1]:8001", "/", "", http.StatusTeapot},
		{"GET", "localhost", "/", "", http.StatusTeapot},
		{"GET", "localhost.", "/", "", http.StatusMisdirectedRequest},
		{"GET", "127.0.0.1.example.com", "/", "", http.StatusMisdirectedRequest},
		{"GET", "", "/", "", http.StatusMisdirectedRequest},
		{"HEAD", "localhost", "/", "", http.StatusMethodNotAllowed},
		{"PUT", "localhost", "/api/details", "Authorization: Bearer token", http.StatusMethodNotAllowed},
		{"GET", "localhost", "/", "Origin: http://localhost", http.StatusTeapot},
		{"GET", "localhost", "/", "Origin: https://localhost", http.StatusForbidden},
		{"GET", "localhost:1", "/", "Origin: http://localhost:2", http.StatusForbidden},
		{"GET", "localhost", "/", "Sec-Fetch-Site: none", http.StatusTeapot},
		{"GET", "localhost", "/", "Sec-Fetch-Site: same-site", http.StatusForbidden},
		{"GET", "localhost", "/api/details", "Authorization: Bearer token", http.StatusTeapot},
		{"GET", "localhost", "/api/details", "Authorization: bearer token", http.StatusUnauthorized},
		{"GET", "localhost", "/api/details", "Authorization: Bearer token2", http.StatusUnauthorized},
		{"GET", "localhost", "/api/details", "Authorization: Bearer ", http.StatusUnauthorized},
	} {
		r := httptest.NewRequest(c.method, c.path, nil)
		r.Host = c.host
		if name, value, found := strings.Cut(c.header, ": "); found {
			r.Header.Set(name, value)
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s %s%s %s: %d, want %d", c.method, c.host, c.path, c.header, w.Code, c.want)
		}
		if w.Header().Get("Content-Security-Policy") != policy {
			t.Errorf("%s %s%s %s: no policy", c.method, c.host, c.path, c.header)
		}
	}
}

// The command ends when no page has been open for a while, and not before.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start, over := time.Now(), make(chan time.Duration, 10)
		i := newIdle(time.Minute, func() { over <- time.Since(start) })
		time.Sleep(50 * time.Second)
		leave := i.enter()
		time.Sleep(time.Hour)
		another := i.enter()
		leave()
		time.Sleep(time.Hour)
		another()
		if took := <-over; took != 50*time.Second+2*time.Hour+time.Minute {
			t.Errorf("it was over after %s", took)
		}
		newIdle(0, func() { t.Error("0 is for ever") })
		time.Sleep(24 * time.Hour)
		if len(over) > 0 {
			t.Error("it was over twice")
		}
	})
}

// Serve ends when nobody looks, and when it is told to. Neither is an error.
func TestServeEnds(t *testing.T) {
	if err := Serve(t.Context(), NewSystem(Scope{}, nil), Options{IdleTimeout: time.Nanosecond}); err != nil {
		t.Errorf("when nobody looks: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var address string
	err := Serve(ctx, NewSystem(Scope{}, nil), Options{Started: func(a string) {
		address = a
		cancel()
	}})
	if err != nil || !regexp.MustCompile(`^http://127\.0\.0\.1:\d+/#token=[A-Z2-7]{26,}$`).MatchString(address) {
		t.Errorf("when it is told to: %v, at %q", err, address)
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	port := server.Listener.Addr().(*net.TCPAddr).Port
	if err := Serve(t.Context(), NewSystem(Scope{}, nil), Options{Port: port}); err == nil || !strings.Contains(err.Error(), "choose another one with --port") {
		t.Errorf("on a port that is taken: %v", err)
	}
}

// A page in one file asks for nothing: it has no address but those of links that a user follows.
func TestSnapshot(t *testing.T) {
	broken := microservice("orders", false)
	broken.Status.Conditions[0].Message = `</script><script>alert("gotcha")</script><!--`
	broken.Spec.Env = []corev1.EnvVar{{Name: "PASSWORD", Value: "s3cr3t"}}
	s := NewSystem(Scope{Context: "test"}, nil, microservice("web", true, "orders"), broken)
	var out strings.Builder
	if err := s.WriteSnapshot(&out); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, found := range regexp.MustCompile(`(?i)<(link|script|img|iframe|use)\b[^>]*\s(src|href)="?(.{0,20})`).FindAllStringSubmatch(text, -1) {
		if !strings.HasPrefix(found[3], "data:") && !strings.HasPrefix(found[3], "#") {
			t.Errorf("it asks for %s", found[0])
		}
	}
	for _, unwanted := range []string{"\nimport ", "\nexport ", "@import", "s3cr3t", "<script>alert"} {
		if strings.Contains(text, unwanted) {
			t.Errorf("it has %q", unwanted)
		}
	}
	found := regexp.MustCompile(`(?s)<script type="application/json" id="snapshot">(.*?)</script>`).FindStringSubmatch(text)
	if found == nil {
		t.Fatal("it has no data")
	}
	var data struct {
		At      time.Time
		Message struct {
			Rows, Nodes struct {
				Set []struct{ ID, Message string }
			}
		}
		Details map[string]struct {
			ID     string
			Answer struct{ Summary string }
		}
	}
	if err := json.Unmarshal([]byte(found[1]), &data); err != nil {
		t.Fatal(err)
	}
	if len(data.Message.Rows.Set) != 2 || len(data.Message.Nodes.Set) != 2 || data.Message.Rows.Set[0].Message != broken.Status.Conditions[0].Message {
		t.Errorf("its data are %+v", data.Message)
	}
	if data.Details["shop/orders"].Answer.Summary == "" || data.Details["shop/web"].ID != "shop/web" {
		t.Errorf("its details are %+v", data.Details)
	}
}
