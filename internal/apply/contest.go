package apply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/sets"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// A field that somebody changes again each time that it was restored is a contest: an autoscaler beside a fixed size, a policy that
// strips what we set. At full speed pods would come and go, or the server be written to without end. So only the first
// restorations are at once, as for any drift; then there are pauses, each twice as long, and it is told.
const (
	restoredAtOnce = 3
	firstPause     = 15 * time.Second
	longestPause   = 5 * time.Minute
	// calm is how long a field must stay until nothing is told of it any more: a HorizontalPodAutoscaler acts every 15 s.
	calm = 30 * time.Second
)

// contest is the field of a child that was restored last, and how often.
type contest struct {
	field    string
	restored int
	last     time.Time
	managers []string
}

func (c *contest) pause() time.Duration {
	return min(firstPause<<min(max(c.restored-restoredAtOnce, 0), 8), longestPause)
}

// contest notes a restoration that is about to be, nil for none, or returns why nothing is to be written now.
func (b *Batch) contest(ctx context.Context, w *wish, p plan, live client.Object) (*Restoration, error) {
	if b.paused || p.err != nil || p.verb == Create {
		return nil, p.err
	}
	var lost []string
	if p.verb == Update {
		if lost = b.door.lost(w, live); lost == nil || w.handedOver && fieldName(lost) == "spec.replicas" {
			return nil, nil
		}
	}
	if err := b.door.contested(w, fieldName(lost)); err != nil || lost == nil {
		return nil, err
	}
	b.door.restores(ctx, w, live, lost)
	return &Restoration{Kind: w.kind, Name: w.key.Name, Field: fieldName(lost), Managers: b.door.holders(live, lost)}, nil
}

// NextRestoration returns when the first child with a contested field is worth a look; 0 is that there is none.
func (b *Batch) NextRestoration() time.Duration {
	var next time.Duration
	for _, c := range b.changes {
		if contested, ok := errors.AsType[*ContestedError](c.Err); ok && (next == 0 || contested.Retry < next) {
			next = contested.Retry
		}
	}
	return next
}

// contested returns what is to be told of a child whose field is changed again and again; nil where there is no such field, or where
// it may be restored now. lost is the field that is to be restored, empty where all is in place: then it is told until the field is
// calm, so that the status does not change with each restoration.
func (d *Door) contested(w *wish, lost string) error {
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	at := d.memory.owners[w.key][w.kind]
	c := at.contest
	if c == nil {
		return nil
	}
	since, until, told := d.Clock.Since(c.last), c.pause(), c.restored >= restoredAtOnce
	over := since >= 2*until || lost != c.field
	if lost == "" {
		until, told, over = calm, c.restored > restoredAtOnce, since >= calm
	}
	switch {
	case at.hash != w.hash || over:
		at.contest = nil
		d.memory.owners[w.key][w.kind] = at
		return nil
	case told && since < until:
		return &ContestedError{Kind: w.kind, Name: w.key.Name, Field: c.field, Managers: c.managers, Retry: until - since}
	default:
		return nil
	}
}

// restores notes that a lost field is about to be written again. From the last restoration on that is at once, it looks whose it is.
func (d *Door) restores(ctx context.Context, w *wish, live client.Object, lost []string) {
	d.memory.mu.Lock()
	at := d.memory.owners[w.key][w.kind]
	c := contest{field: fieldName(lost)}
	if at.contest != nil {
		c = *at.contest
	}
	d.memory.mu.Unlock()
	c.restored++
	c.last = d.Clock.Now()
	if c.restored >= restoredAtOnce {
		c.managers = d.liveHolders(ctx, w, live, lost)
	}
	d.memory.mu.Lock()
	defer d.memory.mu.Unlock()
	if at, known := d.memory.owners[w.key][w.kind]; known {
		at.contest = &c
		d.memory.owners[w.key][w.kind] = at
	}
}

// liveHolders are the managers that own the field now, sorted. There are none where it was taken away, or cannot be read.
func (d *Door) liveHolders(ctx context.Context, w *wish, live client.Object, lost []string) []string {
	now := live.DeepCopyObject().(client.Object)
	if err := d.Live.Get(ctx, w.key, now); err != nil {
		return nil
	}
	return d.holders(now, lost)
}

// holders are those that the object names: a cache knows only some.
func (d *Door) holders(live client.Object, lost []string) []string {
	found := sets.New[string]()
	for _, e := range live.GetManagedFields() {
		if e.FieldsV1 != nil && !OwnEntry(e, d.FieldOwner) && owned(e.FieldsV1.GetRawBytes(), lost...) {
			found.Insert(holder(&e))
		}
	}
	return sets.List(found)
}

func holder(e *metav1.ManagedFieldsEntry) string {
	if e.Subresource == "" {
		return e.Manager
	}
	return e.Manager + " (" + e.Subresource + ")"
}

// lost is the path in managedFields of the first field that is not ours any more, though the wish was sent before; nil where
// there is none. Of a roll-back, which takes the hash as well, it is not the hash.
func (d *Door) lost(w *wish, live client.Object) []string {
	if !d.memory.sent(w, live.GetUID()) {
		return nil
	}
	if tree, wanted, ok := w.against(d.entryOf(live)); ok {
		if path := tree.lacks(wanted, nil); path != nil {
			return path
		}
	}
	if live.GetAnnotations()[d.Annotation] != w.hash {
		return []string{"f:metadata", "f:annotations", "f:" + d.Annotation}
	}
	return nil
}

// fieldName is how people write a path of managedFields: spec.template.spec.containers[app].image.
func fieldName(path []string) string {
	if len(path) == 0 {
		return ""
	}
	var name strings.Builder
	for i, step := range path {
		kind, step, _ := strings.Cut(step, ":")
		var keys map[string]any
		switch {
		case kind == "k" && json.Unmarshal([]byte(step), &keys) == nil && keys["name"] != nil:
			fmt.Fprintf(&name, "[%v]", keys["name"])
		case kind != "f":
			fmt.Fprintf(&name, "[%s]", step)
		case i == 0:
			name.WriteString(step)
		default:
			name.WriteString("." + step)
		}
	}
	return name.String()
}
