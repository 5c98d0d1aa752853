package faults

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
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
		f := &follower{history: h, kind: kind, objects: client.Resource(resource).Namespace(namespace), known: world{}}
		version, err := f.list(ctx)
		if err != nil {
			h.Stop()
			return nil, err
		}
		h.stopped.Go(func() { h.fail(f.follow(ctx, version)) })
	}
	return h, nil
}

// follower records one kind.
type follower struct {
	history *History
	kind    string
	objects dynamic.ResourceInterface
	// known is what was heard of last.
	known world
}

// list notes what has changed since the last time, and gives the version of that.
func (f *follower) list(ctx context.Context) (version string, err error) {
	list, err := f.objects.List(ctx, metav1.ListOptions{})
	if err != nil {
		return "", fmt.Errorf("recording %s: %w", f.kind, err)
	}
	before := maps.Clone(f.known)
	for i := range list.Items {
		o := &list.Items[i]
		was := before[o.GetName()]
		delete(before, o.GetName())
		switch {
		case was == nil:
			f.note(watch.Added, o)
		case was.GetUID() != o.GetUID():
			f.note(watch.Deleted, was)
			f.note(watch.Added, o)
		case was.GetResourceVersion() != o.GetResourceVersion():
			f.note(watch.Modified, o)
		}
	}
	for _, gone := range before {
		f.note(watch.Deleted, gone)
	}
	return list.GetResourceVersion(), nil
}

// follow notes what happens until the context ends. An API server that has started again may not know the version any
// more: then it lists.
func (f *follower) follow(ctx context.Context, version string) error {
	for ctx.Err() == nil {
		w, err := watchtools.NewRetryWatcherWithContext(ctx, version, &cache.ListWatch{
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return f.objects.Watch(ctx, o)
			},
		})
		if err != nil {
			return fmt.Errorf("recording %s: %w", f.kind, err)
		}
		err = f.read(w)
		w.Stop()
		if err != nil && !apierrors.IsResourceExpired(err) && !apierrors.IsGone(err) {
			return err
		}
		if ctx.Err() == nil {
			if version, err = f.list(ctx); err != nil && ctx.Err() == nil {
				return err
			}
		}
	}
	return nil
}

func (f *follower) read(w watch.Interface) error {
	for event := range w.ResultChan() {
		o, ok := event.Object.(*unstructured.Unstructured)
		switch {
		case !ok:
			return apierrors.FromObject(event.Object)
		case event.Type != watch.Bookmark:
			f.note(event.Type, o)
		}
	}
	return nil
}

func (f *follower) note(of watch.EventType, o *unstructured.Unstructured) {
	if of == watch.Deleted {
		delete(f.known, o.GetName())
	} else {
		f.known[o.GetName()] = o
	}
	f.history.add(of, f.kind, o)
}

func (h *History) fail(err error) {
	if err != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.problems = append(h.problems, err)
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
