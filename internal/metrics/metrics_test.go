package metrics

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// cache is a cache with these Microservices.
type cache struct {
	client.Reader
	items []v1alpha1.Microservice
	err   error
}

func (c *cache) List(_ context.Context, list client.ObjectList, _ ...client.ListOption) error {
	list.(*v1alpha1.MicroserviceList).Items = c.items
	return c.err
}

func collector(objects Objects, items ...v1alpha1.Microservice) *Collector {
	elected := make(chan struct{})
	close(elected)
	return &Collector{Reader: &cache{items: items}, Elected: elected, Objects: objects}
}

func microservices(n int) []v1alpha1.Microservice {
	all := make([]v1alpha1.Microservice, n)
	for i := range all {
		ms := &all[i]
		ms.Namespace, ms.Name, ms.Generation = "shop", fmt.Sprintf("web-%d", i), 3
		ms.Status = v1alpha1.MicroserviceStatus{
			ObservedGeneration: 2, Replicas: 3, UpdatedReplicas: 2, AvailableReplicas: 1,
			Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionReady, Status: metav1.ConditionFalse, Reason: v1alpha1.ReasonCrashLooping},
				{Type: v1alpha1.ConditionDependencyCycle, Status: metav1.ConditionTrue, Reason: "Cycle"},
			},
			Dependencies: []v1alpha1.DependencyStatus{{Name: "a", State: v1alpha1.DependencyReady}, {Name: "b", State: v1alpha1.DependencyNotReady}, {Name: "c", State: v1alpha1.DependencyReady}},
		}
	}
	return all
}

func TestCollector(t *testing.T) {
	fresh := v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "new", Generation: 1}}
	fresh.Status.ObservedGeneration = -1
	items := append(microservices(1), fresh)
	want := `
# HELP microservice_operator_dependencies Number of declared dependencies by state.
# TYPE microservice_operator_dependencies gauge
microservice_operator_dependencies{state="NotReady"} 1
microservice_operator_dependencies{state="Ready"} 2
# HELP microservice_operator_microservice_condition 1 for the present status of each condition.
# TYPE microservice_operator_microservice_condition gauge
microservice_operator_microservice_condition{name="web-0",namespace="shop",status="False",type="Ready"} 1
microservice_operator_microservice_condition{name="web-0",namespace="shop",status="True",type="DependencyCycle"} 1
# HELP microservice_operator_microservice_dependencies Number of dependencies of a Microservice by state.
# TYPE microservice_operator_microservice_dependencies gauge
microservice_operator_microservice_dependencies{name="web-0",namespace="shop",state="NotReady"} 1
microservice_operator_microservice_dependencies{name="web-0",namespace="shop",state="Ready"} 2
# HELP microservice_operator_microservice_reason 1 for the present reason of Ready.
# TYPE microservice_operator_microservice_reason gauge
microservice_operator_microservice_reason{name="new",namespace="shop",reason="Unknown"} 1
microservice_operator_microservice_reason{name="web-0",namespace="shop",reason="CrashLooping"} 1
# HELP microservice_operator_microservice_replicas Number of replicas: those that exist, are updated to the newest spec, and are available.
# TYPE microservice_operator_microservice_replicas gauge
microservice_operator_microservice_replicas{name="new",namespace="shop",state="available"} 0
microservice_operator_microservice_replicas{name="new",namespace="shop",state="existing"} 0
microservice_operator_microservice_replicas{name="new",namespace="shop",state="updated"} 0
microservice_operator_microservice_replicas{name="web-0",namespace="shop",state="available"} 1
microservice_operator_microservice_replicas{name="web-0",namespace="shop",state="existing"} 3
microservice_operator_microservice_replicas{name="web-0",namespace="shop",state="updated"} 2
# HELP microservice_operator_microservice_unobserved_generations Number of generations of the spec that the status does not cover yet.
# TYPE microservice_operator_microservice_unobserved_generations gauge
microservice_operator_microservice_unobserved_generations{name="new",namespace="shop"} 1
microservice_operator_microservice_unobserved_generations{name="web-0",namespace="shop"} 1
# HELP microservice_operator_microservices Number of Microservices by the reason of Ready; Unknown if there is no status yet.
# TYPE microservice_operator_microservices gauge
microservice_operator_microservices{reason="CrashLooping"} 1
microservice_operator_microservices{reason="Unknown"} 1
# HELP microservice_operator_microservices_in_cycle Number of Microservices that depend on themselves through others.
# TYPE microservice_operator_microservices_in_cycle gauge
microservice_operator_microservices_in_cycle 1
`
	if err := testutil.CollectAndCompare(collector(ObjectsAll, items...), strings.NewReader(want)); err != nil {
		t.Error(err)
	}
	if problems, err := testutil.CollectAndLint(collector(ObjectsAll, items...)); err != nil || len(problems) > 0 {
		t.Errorf("promlint: %v, %v", problems, err)
	}
}

// How many series there are is known: of 1,000 Microservices, and of none.
func TestCardinality(t *testing.T) {
	for objects, want := range map[Objects]int{ObjectsAll: 1000*9 + 4, ObjectsConditions: 1000*4 + 4, ObjectsNone: 4} {
		if got := testutil.CollectAndCount(collector(objects, microservices(1000)...)); got != want {
			t.Errorf("%s: %d series, want %d", objects, got, want)
		}
		if got := testutil.CollectAndCount(collector(objects)); got != 1 {
			t.Errorf("%s: %d series are left when all are gone", objects, got)
		}
	}
}

// A manager that does not lead, or cannot read, tells nothing that is not so.
func TestCollectorWithoutData(t *testing.T) {
	follower := collector(ObjectsAll, microservices(3)...)
	follower.Elected = make(chan struct{})
	if got := testutil.CollectAndCount(follower); got != 0 {
		t.Errorf("a follower has %d series", got)
	}
	blind := collector(ObjectsAll)
	blind.Reader = &cache{err: errors.New("not synced")}
	registry := prometheus.NewRegistry()
	registry.MustRegister(blind)
	if _, err := registry.Gather(); err == nil || !strings.Contains(err.Error(), "not synced") {
		t.Errorf("it says %v", err)
	}
}

func TestObjectsValid(t *testing.T) {
	for objects, want := range map[Objects]bool{"all": true, "conditions": true, "none": true, "some": false, "": false} {
		if objects.Valid() != want {
			t.Errorf("%q: %t", objects, !want)
		}
	}
}

type answering func(*http.Request) (*http.Response, error)

func (f answering) RoundTrip(q *http.Request) (*http.Response, error) { return f(q) }

func TestWrites(t *testing.T) {
	w := NewWrites()
	config := &rest.Config{}
	w.Around(config)
	next := answering(func(q *http.Request) (*http.Response, error) {
		if strings.Contains(q.URL.Path, "lost") {
			return nil, errors.New("lost")
		}
		return &http.Response{StatusCode: http.StatusConflict}, nil
	})
	for _, q := range []struct{ method, path, contentType string }{
		{http.MethodGet, "/api/v1/namespaces/shop/services/web", ""},
		{http.MethodPost, "/api/v1/namespaces/shop/services", ""},
		{http.MethodPatch, "/apis/apps/v1/namespaces/shop/deployments/web", "application/apply-patch+yaml"},
		{http.MethodPatch, "/apis/apps/v1/namespaces/shop/deployments/web", "application/merge-patch+json"},
		{http.MethodPut, "/apis/apps.microservice.dev/v1alpha1/namespaces/shop/microservices/web/status", ""},
		{http.MethodDelete, "/api/v1/namespaces/shop/services/lost", ""},
		{http.MethodPost, "/apis/authentication.k8s.io/v1/tokenreviews", ""},
	} {
		request, err := http.NewRequestWithContext(t.Context(), q.method, "https://example.com"+q.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", q.contentType)
		answer, _ := config.WrapTransport(next).RoundTrip(request) // the error is one of the cases
		if answer != nil && answer.Body != nil {
			_ = answer.Body.Close()
		}
	}
	want := `
# HELP microservice_operator_writes_total Number of writes to the API server, by resource (of a status with /status), verb and HTTP code; the code is error if no answer came.
# TYPE microservice_operator_writes_total counter
microservice_operator_writes_total{code="409",resource="deployments",verb="apply"} 1
microservice_operator_writes_total{code="409",resource="deployments",verb="patch"} 1
microservice_operator_writes_total{code="409",resource="microservices/status",verb="update"} 1
microservice_operator_writes_total{code="409",resource="services",verb="create"} 1
microservice_operator_writes_total{code="409",resource="tokenreviews",verb="create"} 1
microservice_operator_writes_total{code="error",resource="services",verb="delete"} 1
`
	if err := testutil.CollectAndCompare(w, strings.NewReader(want)); err != nil {
		t.Error(err)
	}
}

func TestBuildInfo(t *testing.T) {
	if problems, err := testutil.CollectAndLint(NewBuildInfo()); err != nil || len(problems) > 0 || testutil.ToFloat64(NewBuildInfo()) != 1 {
		t.Error(problems, err)
	}
}

func BenchmarkScrape(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		for _, objects := range []Objects{ObjectsAll, ObjectsConditions, ObjectsNone} {
			b.Run(fmt.Sprintf("%d %s", n, objects), func(b *testing.B) {
				registry := prometheus.NewRegistry()
				registry.MustRegister(collector(objects, microservices(n)...))
				for b.Loop() {
					if _, err := registry.Gather(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
