package inspect

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// Event is what somebody, mostly the operator, recorded about a Microservice.
type Event struct {
	// Type is Normal or Warning.
	Type    string `json:"type"`
	Reason  string `json:"reason"`
	Message string `json:"message"`
	// Count is how often it was recorded.
	Count int32 `json:"count"`
	// Last is when it was recorded last.
	Last metav1.Time `json:"last"`
}

// maxEvents is how many events are returned.
const maxEvents = 20

// Events returns the newest events about a Microservice, the newest first. It sends one request. Those of its pods and its
// Deployment are not among them: what matters of them is in the words of the operator.
func Events(ctx context.Context, c client.Reader, ms *v1alpha1.Microservice) ([]Event, error) {
	list := &corev1.EventList{}
	if err := c.List(ctx, list, client.InNamespace(ms.Namespace), client.MatchingFields{"involvedObject.uid": string(ms.UID)}); err != nil {
		return nil, fmt.Errorf("listing the events of Microservice %s: %w", client.ObjectKeyFromObject(ms), err)
	}
	all := make([]Event, 0, len(list.Items))
	for i := range list.Items {
		all = append(all, newEvent(&list.Items[i]))
	}
	slices.SortStableFunc(all, func(a, b Event) int { return b.Last.Compare(a.Last.Time) })
	return all[:min(len(all), maxEvents)], nil
}

// newEvent reads both kinds of events: those of events.k8s.io, which the operator records, have a time and from the second time on a
// series, and the older ones have a first time, a last one and a count.
func newEvent(e *corev1.Event) Event {
	last, count := e.LastTimestamp.Time, max(e.Count, 1)
	if e.EventTime.After(last) {
		last = e.EventTime.Time
	}
	if e.Series != nil {
		last, count = e.Series.LastObservedTime.Time, e.Series.Count
	}
	return Event{Type: e.Type, Reason: e.Reason, Message: e.Message, Count: count, Last: metav1.NewTime(last)}
}
