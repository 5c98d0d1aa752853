package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// tracker measures the time from a change to the moment when a watch sees that its generation is ready. After
// timebertt's generation tracker: a generation that is passed over counts as ready with the next, and is counted.
type tracker struct {
	// ready is where the objects say that they are, nil for in their condition Ready.
	ready *Ready
	// alive is an error when nobody is left to make anything ready.
	alive func() error

	mu     sync.Mutex
	known  map[types.NamespacedName]*tracked
	times  []sample
	passed int
}

// tracked is one object.
type tracked struct {
	uid     types.UID
	ready   int64
	readyAt time.Time
	// begun is when a change was sent of which the generation is not known yet; open are those that are.
	begun time.Time
	open  map[int64]time.Time
}

// sample is one change that became ready.
type sample struct {
	Namespace string        `json:"namespace"`
	After     time.Duration `json:"after"`
}

func newTracker(ready *Ready, alive func() error) *tracker {
	return &tracker{ready: ready, alive: alive, known: map[types.NamespacedName]*tracked{}}
}

func startTracker(ctx context.Context, w *world) (*tracker, error) {
	objects, err := w.system.objects(w.namespaces, 0, 1)
	if err != nil {
		return nil, err
	}
	t := newTracker(w.system.Ready, w.alive)
	return t, w.follow(ctx, objects[0], func(o client.Object) { t.saw(o.(*unstructured.Unstructured)) })
}

// follow calls do with what is there of a kind, and with each version that it gets.
func (w *world) follow(ctx context.Context, kind client.Object, do func(client.Object)) error {
	informer, err := w.cache.GetInformer(ctx, kind)
	if err != nil {
		return fmt.Errorf("watching %T: %w", kind, err)
	}
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc:    func(o any) { do(o.(client.Object)) },
		UpdateFunc: func(_, o any) { do(o.(client.Object)) },
	})
	return err
}

// expect is called before a change is sent, changed with the server's answer.
func (t *tracker) expect(o *unstructured.Unstructured) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.of(o).begun = time.Now()
}

func (t *tracker) changed(o *unstructured.Unstructured) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.of(o)
	if at.uid != "" && at.uid != o.GetUID() { // another object of the same name
		*at = tracked{begun: at.begun, open: map[int64]time.Time{}}
	}
	at.uid = o.GetUID()
	switch g := o.GetGeneration(); {
	case g > at.ready:
		at.open[g] = at.begun
	case g == at.ready && at.readyAt.After(at.begun): // the watch was faster than the answer
		t.times = append(t.times, sample{Namespace: o.GetNamespace(), After: at.readyAt.Sub(at.begun)})
	}
}

func (t *tracker) forget(o *unstructured.Unstructured) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.known, client.ObjectKeyFromObject(o))
}

func (t *tracker) of(o *unstructured.Unstructured) *tracked {
	key := client.ObjectKeyFromObject(o)
	if t.known[key] == nil {
		t.known[key] = &tracked{open: map[int64]time.Time{}}
	}
	return t.known[key]
}

func (t *tracker) saw(o *unstructured.Unstructured) {
	g, since := t.ready.generation(o)
	if g == 0 {
		return
	}
	now := time.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	at := t.known[client.ObjectKeyFromObject(o)]
	if at == nil || (at.uid != "" && at.uid != o.GetUID()) {
		return
	}
	if !since.IsZero() && since.Before(at.begun.Truncate(time.Second)) { // times in a status have no more than seconds
		return
	}
	if at.uid == "" {
		at.uid = o.GetUID()
	}
	if g > at.ready {
		at.ready, at.readyAt = g, now
	}
	for open, since := range at.open {
		if open <= g {
			delete(at.open, open)
			t.times = append(t.times, sample{Namespace: o.GetNamespace(), After: now.Sub(since)})
			if open < g {
				t.passed++
			}
		}
	}
}

// await returns when every change is ready, with an error when some are not after the time, or never will be.
func (t *tracker) await(ctx context.Context, atMost time.Duration) error {
	deadline, look := time.After(atMost), time.Tick(200*time.Millisecond)
	for {
		waiting := t.waiting()
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return fmt.Errorf("%d are not ready after %s, such as %s", len(waiting), atMost, strings.Join(waiting[:min(3, len(waiting))], ", "))
		case <-look:
			if err := t.alive(); err != nil {
				return fmt.Errorf("%d are not ready: %w", len(waiting), err)
			}
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (t *tracker) waiting() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var names []string
	for key, at := range t.known {
		if len(at.open) > 0 {
			names = append(names, key.String())
		}
	}
	return names
}

// take are the samples since the last call, and how many generations were passed over.
func (t *tracker) take() ([]sample, int) {
	if t == nil {
		return nil, 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	times, passed := t.times, t.passed
	t.times, t.passed = nil, 0
	return times, passed
}
