package ui

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/difference"
	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// remembered is how long changes are shown, and mostRemembered how many at most.
const (
	remembered     = 10 * time.Minute
	mostRemembered = 200
)

// Event is something that happened to a Microservice.
type Event struct {
	// Seq tells events apart, and orders them.
	Seq int       `json:"seq"`
	At  time.Time `json:"at"`
	// ID is that of the node.
	ID string `json:"id"`
	// Look is that of the node since then, empty for a change of its spec.
	Look string `json:"look,omitempty"`
	// Words tell what happened.
	Words string `json:"words"`
}

// changes are the last events, the oldest first.
type changes struct {
	last []Event
	seq  int
}

func (c *changes) add(e Event) {
	c.seq++
	e.Seq = c.seq
	at, _ := slices.BinarySearchFunc(c.last, e, func(a, b Event) int {
		if a.At.After(b.At) {
			return 1
		}
		return -1
	})
	c.last = slices.Insert(c.last, at, e)
	if len(c.last) > mostRemembered {
		c.last = slices.Delete(c.last, 0, len(c.last)-mostRemembered)
	}
}

// since returns the events after a time, the oldest first.
func (c *changes) since(start time.Time) []Event {
	at := slices.IndexFunc(c.last, func(e Event) bool { return e.At.After(start) })
	if at < 0 {
		return nil
	}
	return slices.Clone(c.last[at:])
}

// begin adds what a Microservice that is seen for the first time tells of the last minutes.
func (c *changes) begin(ms *v1alpha1.Microservice, now time.Time) {
	if created := ms.CreationTimestamp.Time; now.Sub(created) < remembered {
		c.add(Event{At: created, ID: dependency.KeyOf(ms).String(), Words: "created"})
	}
	if since, _ := ready(ms); len(ms.Status.Conditions) > 0 && now.Sub(since) < remembered {
		n := explain.NodeOf(ms)
		c.add(Event{At: since, ID: n.ID, Look: n.Look(), Words: n.Words()})
	}
}

// compare adds what happened to a Microservice, of which before is nil if it is new.
func (c *changes) compare(before, after *v1alpha1.Microservice, now time.Time) {
	n := explain.NodeOf(after)
	if before == nil {
		c.add(Event{At: now, ID: n.ID, Words: "created"})
		return
	}
	if before.Generation != after.Generation {
		c.add(Event{At: now, ID: n.ID, Words: specWords(before, after)})
	}
	// The state of an older spec says nothing of the new one.
	if was := explain.NodeOf(before); after.Status.ObservedGeneration == after.Generation && was.Words() != n.Words() {
		c.add(Event{At: now, ID: n.ID, Look: n.Look(), Words: n.Words()})
	}
}

// specWords tells what of a spec has changed: fields by their paths, of which only those that hold no data have their values told.
func specWords(before, after *v1alpha1.Microservice) string {
	old, err := difference.Fields(before.Spec)
	if err != nil {
		return "new spec"
	}
	now, err := difference.Fields(after.Spec)
	if err != nil {
		return "new spec"
	}
	var all []string
	for _, d := range difference.All(now, old) {
		path := strings.TrimPrefix(d.Path, ".")
		switch path {
		case "image":
			path = imageWords(before.Spec.Image, after.Spec.Image)
		case "replicas", "autoscaling.minReplicas", "autoscaling.maxReplicas":
			path = fmt.Sprintf("%s %s → %s", path, difference.Words(d.Got), difference.Words(d.Want))
		}
		all = append(all, path)
	}
	const most = 4
	if len(all) > most {
		all = append(all[:most], fmt.Sprintf("%d more", len(all)-most))
	}
	return "new spec: " + strings.Join(all, ", ")
}

// imageWords tells what of an image has changed: most often its tag.
func imageWords(before, after string) string {
	repository, old := explain.SplitImage(before)
	if same, tag := explain.SplitImage(after); same == repository && old != "" && tag != "" {
		return fmt.Sprintf("image %s → %s", old, tag)
	}
	return fmt.Sprintf("image %s → %s", before, after)
}
