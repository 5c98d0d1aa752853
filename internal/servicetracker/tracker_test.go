package servicetracker

import (
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	apiruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	toolscache "k8s.io/client-go/tools/cache"
	fcache "k8s.io/client-go/tools/cache/testing"
	"sigs.k8s.io/controller-runtime/pkg/cache"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func key(name string) dependency.Key {
	return dependency.Key{Namespace: "shop", Name: name}
}

// server is what the caches read in the place of an API server.
type server struct {
	services, slices *fcache.FakeControllerSource
	opened           atomic.Int32
	refusal          error
}

// startTracker returns a tracker, and the keys that it tells as changed.
func startTracker(t *testing.T) (*Tracker, *server, <-chan dependency.Key) {
	t.Helper()
	s := &server{services: fcache.NewFakeControllerSource(), slices: fcache.NewFakeControllerSource()}
	mapper := meta.NewDefaultRESTMapper(nil)
	mapper.Add(corev1.SchemeGroupVersion.WithKind("Service"), meta.RESTScopeNamespace)
	mapper.Add(discoveryv1.SchemeGroupVersion.WithKind("EndpointSlice"), meta.RESTScopeNamespace)
	tracker := newTracker(false, func(namespace string, _ toolscache.WatchErrorHandlerWithContext) (cache.Cache, error) {
		s.opened.Add(1)
		if s.refusal != nil {
			return nil, s.refusal
		}
		options := cacheOptions(namespace)
		options.Scheme, options.Mapper, options.HTTPClient = clientgoscheme.Scheme, mapper, &http.Client{}
		options.NewInformer = func(_ toolscache.ListerWatcher, o apiruntime.Object, resync time.Duration, indexers toolscache.Indexers) toolscache.SharedIndexInformer {
			source := s.services
			if _, ok := o.(*discoveryv1.EndpointSlice); ok {
				source = s.slices
			}
			return toolscache.NewSharedIndexInformer(source, o, resync, indexers)
		}
		return cache.New(&rest.Config{}, options)
	})
	changed := make(chan dependency.Key, 100)
	tracker.Start(t.Context(), func(keys ...dependency.Key) {
		for _, k := range keys {
			changed <- k
		}
	})
	return tracker, s, changed
}

func database(name string) *corev1.Service {
	svc := &corev1.Service{}
	svc.Namespace, svc.Name = "shop", name
	svc.Annotations = map[string]string{v1alpha1.AnnotationAllowedDependents: "*", "example.com/note": "not read"}
	svc.Spec = corev1.ServiceSpec{
		Selector: map[string]string{"app": name}, SessionAffinity: corev1.ServiceAffinityNone,
		Ports: []corev1.ServicePort{{Name: "tcp", Port: 5432, TargetPort: intstr.FromString("postgres")}},
	}
	return svc
}

func sliceOf(service string, ready ...bool) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{Ports: []discoveryv1.EndpointPort{{Name: new("tcp"), Port: new(int32(5432))}}}
	slice.Namespace, slice.Name = "shop", service+"-1"
	slice.Labels = map[string]string{discoveryv1.LabelServiceName: service}
	for i, r := range ready {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{fmt.Sprintf("10.0.0.%d", i)}, Conditions: discoveryv1.EndpointConditions{Ready: &r},
		})
	}
	return slice
}

// synced waits until what a Microservice names has been read.
func synced(t *testing.T, tracker *Tracker, changed <-chan dependency.Key, ms string, names ...string) map[dependency.Key]*dependency.ServiceTarget {
	t.Helper()
	var keys []dependency.Key
	for _, name := range names {
		keys = append(keys, key(name))
	}
	targets, err := tracker.Targets(key(ms), keys)
	if errors.Is(err, ErrNotSynced) {
		if got := <-changed; got != key(ms) {
			t.Fatalf("%s is told, want %s", got, ms)
		}
		targets, err = tracker.Targets(key(ms), keys)
	}
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func TestFollowsAService(t *testing.T) {
	tracker, s, changed := startTracker(t)
	if s.opened.Load() != 0 {
		t.Error("it watches before a Service is named")
	}
	state := func() *dependency.ServiceTarget { return synced(t, tracker, changed, "orders", "db")[key("db")] }
	told := func(what string, holds func(*dependency.ServiceTarget) bool) {
		t.Helper()
		if got := <-changed; got != key("orders") || !holds(state()) {
			t.Errorf("%s: %s is told, and the target is %+v", what, got, state())
		}
	}
	if state() != nil {
		t.Error("there is a Service already")
	}
	s.services.Add(database("db"))
	told("its birth", func(d *dependency.ServiceTarget) bool { return d != nil && !d.Ready && d.Consent == "*" })
	s.slices.Add(sliceOf("db", false))
	told("a port", func(d *dependency.ServiceTarget) bool { return !d.Ready && d.Listening["tcp"] == 5432 })
	s.slices.Modify(sliceOf("db", false, true))
	told("a ready endpoint", func(d *dependency.ServiceTarget) bool { return d.Ready })
	// None of these matters; if one of them told somebody, what comes next would not be the selector.
	s.slices.Modify(sliceOf("db", true, true, false))
	s.services.Add(database("other"))
	note := database("db")
	note.Annotations["example.com/note"] = "changed"
	s.services.Modify(note)
	moved := database("db")
	moved.Spec.Selector = map[string]string{"app": "db2"}
	s.services.Modify(moved)
	told("its selector", func(d *dependency.ServiceTarget) bool { return d.Spec.Selector["app"] == "db2" })
	s.services.Delete(moved)
	told("its end", func(d *dependency.ServiceTarget) bool { return d == nil })
	if n := s.opened.Load(); n != 1 {
		t.Errorf("%d caches are opened, want 1", n)
	}
}

func TestTellsThoseWhoNameAService(t *testing.T) {
	tracker, s, changed := startTracker(t)
	synced(t, tracker, changed, "orders", "db", "queue")
	synced(t, tracker, changed, "cart", "db")
	synced(t, tracker, changed, "gone", "db")
	tracker.Forget(key("gone"))
	s.services.Add(database("db"))
	users := []string{(<-changed).Name, (<-changed).Name}
	if slices.Sort(users); !slices.Equal(users, []string{"cart", "orders"}) {
		t.Errorf("%q are told", users)
	}
	synced(t, tracker, changed, "orders", "queue")
	tracker.Forget(key("cart"))
	if len(tracker.services) != 1 || len(tracker.named) != 1 {
		t.Errorf("%d Services and %d users are remembered, want 1 and 1", len(tracker.services), len(tracker.named))
	}
	if targets := synced(t, tracker, changed, "late", "db"); targets[key("db")] == nil {
		t.Error("what is named later is not there at once")
	}
}

func TestTriesAgainWhatCannotBeOpened(t *testing.T) {
	tracker, s, changed := startTracker(t)
	s.refusal = errors.New("connection refused")
	_, err := tracker.Targets(key("orders"), []dependency.Key{key("db")})
	if want := "reading Service shop/db and its endpoints: connection refused"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
	s.refusal = nil
	synced(t, tracker, changed, "orders", "db")
}

// A slice that is given to another Service is a change of both.
func TestFollowsASliceToAnotherService(t *testing.T) {
	tracker, s, changed := startTracker(t)
	s.services.Add(database("db"))
	s.services.Add(database("other"))
	s.slices.Add(sliceOf("db", true))
	if !synced(t, tracker, changed, "orders", "db")[key("db")].Ready || synced(t, tracker, changed, "cart", "other")[key("other")].Ready {
		t.Fatal("the slice is not of the first Service alone")
	}
	moved := sliceOf("db", true)
	moved.Labels[discoveryv1.LabelServiceName] = "other"
	s.slices.Modify(moved)
	users := []string{(<-changed).Name, (<-changed).Name}
	if slices.Sort(users); !slices.Equal(users, []string{"cart", "orders"}) {
		t.Errorf("%q are told", users)
	}
	if synced(t, tracker, changed, "orders", "db")[key("db")].Ready || !synced(t, tracker, changed, "cart", "other")[key("other")].Ready {
		t.Error("the slice is not of the second Service alone")
	}
}

// The bar is 8 KiB of live heap for each Service that is named.
func TestHeapOfTargets(t *testing.T) {
	const n = 1000
	tracker, s, changed := startTracker(t)
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("db-%d", i)
	}
	before := liveHeap()
	for _, name := range names {
		s.services.Add(database(name))
		s.slices.Add(sliceOf(name, true, true, true))
	}
	targets := synced(t, tracker, changed, "orders", names...)
	if len(targets) != n {
		t.Errorf("%d targets, want %d", len(targets), n)
	}
	// The source holds the untrimmed objects, too, and counts.
	if each := (int64(liveHeap()) - int64(before)) / n; each > 8<<10 {
		t.Errorf("%d bytes each, want 8 KiB at most", each)
	} else {
		t.Logf("%d bytes each", each)
	}
	runtime.KeepAlive(tracker)
}

func liveHeap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
