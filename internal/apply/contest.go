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

// A contested field is one that somebody changes again each time it is restored, such as an autoscaler beside a fixed size, or
// a policy that strips a field. Restoring it at full speed would restart pods or write without end. So only the first
// restorations are immediate; later ones wait, each twice as long as the one before, and the contest is reported.
const (
	restoredAtOnce = 3
	firstPause     = 15 * time.Second
	longestPause   = 5 * time.Minute
	// calmAfter is how long a field must stay unchanged until the contest is no longer reported: a HorizontalPodAutoscaler acts
	// every 15 s.
	calmAfter = 30 * time.Second
)

// contest records which field of a child was restored last, and how often.
type contest struct {
	field    string
	restored int
	last     time.Time
	managers []string
}

func (c *contest) pause() time.Duration {
	return min(firstPause<<min(max(c.restored-restoredAtOnce, 0), 8), longestPause)
}

// contest returns the restoration that is about to be written, nil for none, or an error if it has to wait.
func (b *Batch) contest(ctx context.Context, in *intent, p plan, current client.Object) (*Restoration, error) {
	if b.paused || p.err != nil || p.verb == VerbCreate {
		return nil, p.err
	}
	var lost []string
	if p.verb == VerbUpdate {
		if lost = b.applier.lostField(in, current); lost == nil || in.handedOver && fieldName(lost) == "spec.replicas" {
			return nil, nil
		}
	}
	if err := b.applier.contested(in, fieldName(lost)); err != nil || lost == nil {
		return nil, err
	}
	b.applier.recordRestoration(ctx, in, current, lost)
	return &Restoration{Kind: in.kind, Name: in.key.Name, Field: fieldName(lost), Managers: b.applier.fieldOwners(current, lost)}, nil
}

// NextRestoration returns how long until the first contested field may be restored; 0 means that none is contested.
func (b *Batch) NextRestoration() time.Duration {
	var next time.Duration
	for _, c := range b.changes {
		if contested, ok := errors.AsType[*ContestedError](c.Err); ok && (next == 0 || contested.Retry < next) {
			next = contested.Retry
		}
	}
	return next
}

// contested returns a *ContestedError if the field must not be restored yet, or if a contest is still to be reported. lost is
// the field about to be restored, empty if everything is in place: the error then stays until the field is calm, so that the
// status does not change with each restoration.
func (a *Applier) contested(in *intent, lost string) error {
	a.observed.mu.Lock()
	defer a.observed.mu.Unlock()
	at := a.observed.owners[in.key][in.kind]
	c := at.contest
	if c == nil {
		return nil
	}
	since, until, told := a.Clock.Since(c.last), c.pause(), c.restored >= restoredAtOnce
	over := since >= 2*until || lost != c.field
	if lost == "" {
		until, told, over = calmAfter, c.restored > restoredAtOnce, since >= calmAfter
	}
	switch {
	case at.hash != in.hash || over:
		at.contest = nil
		a.observed.owners[in.key][in.kind] = at
		return nil
	case told && since < until:
		return &ContestedError{Kind: in.kind, Name: in.key.Name, Field: c.field, Managers: c.managers, Retry: until - since}
	default:
		return nil
	}
}

// recordRestoration records that a lost field is about to be written again. From the last immediate restoration on, it also
// reads who owns the field.
func (a *Applier) recordRestoration(ctx context.Context, in *intent, current client.Object, lost []string) {
	a.observed.mu.Lock()
	at := a.observed.owners[in.key][in.kind]
	c := contest{field: fieldName(lost)}
	if at.contest != nil {
		c = *at.contest
	}
	a.observed.mu.Unlock()
	c.restored++
	c.last = a.Clock.Now()
	if c.restored >= restoredAtOnce {
		c.managers = a.liveFieldOwners(ctx, in, current, lost)
	}
	a.observed.mu.Lock()
	defer a.observed.mu.Unlock()
	if at, known := a.observed.owners[in.key][in.kind]; known {
		at.contest = &c
		a.observed.owners[in.key][in.kind] = at
	}
}

// liveFieldOwners returns the managers that own the field now, sorted. It returns none if the field was removed or cannot be
// read.
func (a *Applier) liveFieldOwners(ctx context.Context, in *intent, current client.Object, lost []string) []string {
	now := current.DeepCopyObject().(client.Object)
	if err := a.APIReader.Get(ctx, in.key, now); err != nil {
		return nil
	}
	return a.fieldOwners(now, lost)
}

// fieldOwners returns the managers that own the field according to the given object. A cached object lists only some.
func (a *Applier) fieldOwners(current client.Object, lost []string) []string {
	found := sets.New[string]()
	for _, e := range current.GetManagedFields() {
		if e.FieldsV1 != nil && !IsOwnEntry(e, a.FieldOwner) && owns(e.FieldsV1.GetRawBytes(), lost...) {
			found.Insert(managerName(&e))
		}
	}
	return sets.List(found)
}

func managerName(e *metav1.ManagedFieldsEntry) string {
	if e.Subresource == "" {
		return e.Manager
	}
	return e.Manager + " (" + e.Subresource + ")"
}

// lostField returns the managedFields path of the first field that we no longer own although the same desired state was sent
// before, or nil. For a roll-back, which changes the hash as well, it prefers the field to the hash.
func (a *Applier) lostField(in *intent, current client.Object) []string {
	if !a.observed.wasSent(in, current.GetUID()) {
		return nil
	}
	if tree, desired, ok := in.against(a.ownFields(current)); ok {
		if path := tree.firstMissing(desired, nil); path != nil {
			return path
		}
	}
	if current.GetAnnotations()[a.Annotation] != in.hash {
		return []string{"f:metadata", "f:annotations", "f:" + a.Annotation}
	}
	return nil
}

// fieldName formats a managedFields path for people: spec.template.spec.containers[app].image.
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
