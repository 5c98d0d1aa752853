package faults

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/tools/cache"
	watchtools "k8s.io/client-go/tools/watch"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// kinds are what is recorded: Microservices, their children, and what Deployments make of them.
var kinds = map[string]schema.GroupVersionResource{
	"Microservice":            v1alpha1.SchemeGroupVersion.WithResource("microservices"),
	"ServiceAccount":          corev1.SchemeGroupVersion.WithResource("serviceaccounts"),
	"Service":                 corev1.SchemeGroupVersion.WithResource("services"),
	"NetworkPolicy":           networkingv1.SchemeGroupVersion.WithResource("networkpolicies"),
	"PodDisruptionBudget":     policyv1.SchemeGroupVersion.WithResource("poddisruptionbudgets"),
	"Deployment":              appsv1.SchemeGroupVersion.WithResource("deployments"),
	"HorizontalPodAutoscaler": autoscalingv2.SchemeGroupVersion.WithResource("horizontalpodautoscalers"),
	"ReplicaSet":              appsv1.SchemeGroupVersion.WithResource("replicasets"),
	"Pod":                     corev1.SchemeGroupVersion.WithResource("pods"),
}

// childKinds are those of kinds that the operator writes.
var childKinds = []string{"ServiceAccount", "Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment", "HorizontalPodAutoscaler"}

// Event is one version of one object.
type Event struct {
	Type   watch.EventType
	Kind   string
	Object *unstructured.Unstructured
	// Version is the resource version: a point in the history of the whole cluster.
	Version uint64
}

// History is everything that happened in one namespace, as the API server tells an administrator, past every proxy. It
// goes on through restarts of the API server.
type History struct {
	mu       sync.Mutex
	events   []Event
	last     time.Time
	problems []error

	cancel  context.CancelFunc
	stopped sync.WaitGroup
}

// Record begins with what is there.
func Record(ctx context.Context, client dynamic.Interface, namespace string) (*History, error) {
	ctx, cancel := context.WithCancel(ctx)
	h := &History{cancel: cancel}
	for kind, resource := range kinds {
		objects := client.Resource(resource).Namespace(namespace)
		list, err := objects.List(ctx, metav1.ListOptions{})
		if err != nil {
			h.Stop()
			return nil, fmt.Errorf("recording %s: %w", resource.Resource, err)
		}
		for i := range list.Items {
			h.add(watch.Added, kind, &list.Items[i])
		}
		w, err := watchtools.NewRetryWatcherWithContext(ctx, list.GetResourceVersion(), &cache.ListWatch{
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) { return objects.Watch(ctx, o) },
		})
		if err != nil {
			h.Stop()
			return nil, fmt.Errorf("recording %s: %w", resource.Resource, err)
		}
		h.stopped.Go(func() { h.follow(ctx, kind, w) })
	}
	return h, nil
}

func (h *History) follow(ctx context.Context, kind string, w *watchtools.RetryWatcher) {
	defer w.Stop()
	for event := range w.ResultChan() {
		o, ok := event.Object.(*unstructured.Unstructured)
		if !ok {
			h.mu.Lock()
			h.problems = append(h.problems, fmt.Errorf("the record of %s ends early: %v", kind, event.Object))
			h.mu.Unlock()
			continue
		}
		if event.Type != watch.Bookmark {
			h.add(event.Type, kind, o)
		}
	}
	if ctx.Err() == nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.problems = append(h.problems, fmt.Errorf("the record of %s ended", kind))
	}
}

func (h *History) add(of watch.EventType, kind string, o *unstructured.Unstructured) {
	version, err := strconv.ParseUint(o.GetResourceVersion(), 10, 64)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		h.problems = append(h.problems, fmt.Errorf("%s %s: %w", kind, o.GetName(), err))
	}
	h.events = append(h.events, Event{Type: of, Kind: kind, Object: o, Version: version})
	h.last = time.Now()
}

// Events are in the order in which things happened.
func (h *History) Events() ([]Event, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.problems) > 0 {
		return nil, h.problems[0]
	}
	events := slices.Clone(h.events)
	slices.SortStableFunc(events, func(a, b Event) int { return cmp.Compare(a.Version, b.Version) })
	return events, nil
}

// Live is what is there.
func (h *History) Live() (map[string]*unstructured.Unstructured, error) {
	events, err := h.Events()
	if err != nil {
		return nil, err
	}
	live := map[string]*unstructured.Unstructured{}
	for _, e := range events {
		if e.Type == watch.Deleted {
			delete(live, e.key())
		} else {
			live[e.key()] = e.Object
		}
	}
	return live, nil
}

func (e *Event) key() string { return e.Kind + "/" + e.Object.GetName() }

// Quiet is how long nothing has happened.
func (h *History) Quiet() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Since(h.last)
}

// Stop ends the record.
func (h *History) Stop() {
	h.cancel()
	h.stopped.Wait()
}
