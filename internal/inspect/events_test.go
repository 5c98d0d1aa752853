package inspect

import (
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/events"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// What the operator's kind of recorder records comes back, with its count and the time of the last one.
func TestEvents(t *testing.T) {
	ms, other := MakeMicroservice("events", "web"), MakeMicroservice("events", "other")
	create(t, namespace("events"), ms, other)
	clientset, err := kubernetes.NewForConfig(server.Config)
	if err != nil {
		t.Fatal(err)
	}
	broadcaster := events.NewBroadcaster(&events.EventSinkImpl{Interface: clientset.EventsV1()})
	defer broadcaster.Shutdown()
	if err := broadcaster.StartRecordingToSinkWithContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	recorder := broadcaster.NewRecorder(kube.Scheme(), "microservice-operator")
	await := func(want ...Event) (got []Event) {
		t.Helper()
		cluster.Await(t, func() (err error) {
			got, err = Events(t.Context(), kube, ms)
			if err == nil && !equal(got, want) {
				err = fmt.Errorf("events are\n%+v\nwant\n%+v", got, want)
			}
			return err
		})
		return got
	}

	begun := time.Now()
	recorder.Eventf(other, nil, corev1.EventTypeNormal, "Available", "Reconcile", "of another")
	recorder.Eventf(ms, nil, corev1.EventTypeNormal, v1alpha1.ReasonRollingOut, "Reconcile", "1 of 2")
	rolling := Event{Type: "Normal", Reason: "RollingOut", Message: "1 of 2", Count: 1}
	once := await(rolling)
	recorder.Eventf(ms, nil, corev1.EventTypeWarning, v1alpha1.ReasonImagePullFailed, "Reconcile", "no such image")
	failed := Event{Type: "Warning", Reason: "ImagePullFailed", Message: "no such image", Count: 1}
	await(failed, rolling)
	recorder.Eventf(ms, nil, corev1.EventTypeNormal, v1alpha1.ReasonRollingOut, "Reconcile", "1 of 2")
	rolling.Count = 2
	twice := await(rolling, failed)
	if first, last := once[0].Last, twice[0].Last; first.Before(&metav1.Time{Time: begun.Add(-time.Second)}) || !first.Before(&last) || last.After(time.Now()) {
		t.Errorf("recorded at %s and %s, and the test began at %s", first, last, begun)
	}

	// An older event has no series. Of many, the oldest are left out.
	long := metav1.NewTime(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	for i := range maxEvents {
		create(t, &corev1.Event{
			ObjectMeta:     metav1.ObjectMeta{Namespace: "events", Name: fmt.Sprintf("old-%d", i)},
			InvolvedObject: corev1.ObjectReference{Kind: "Microservice", Namespace: "events", Name: "web", UID: ms.UID},
			Type:           "Normal", Reason: "Old", Message: fmt.Sprint(i), Count: 7, FirstTimestamp: long,
			LastTimestamp: metav1.NewTime(long.Add(time.Duration(i) * time.Minute)),
		})
	}
	reader := &counted{Reader: kube}
	all, err := Events(t.Context(), reader, ms)
	if err != nil {
		t.Fatal(err)
	}
	newest := Event{Type: "Normal", Reason: "Old", Message: fmt.Sprint(maxEvents - 1), Count: 7, Last: metav1.NewTime(long.Add((maxEvents - 1) * time.Minute))}
	if len(all) != maxEvents || !all[2].Last.Equal(&newest.Last) || !equal(all[2:3], []Event{newest}) || all[maxEvents-1].Message != "2" {
		t.Errorf("%d events: %+v", len(all), all)
	}
	if reader.requests != 1 {
		t.Errorf("%d requests", reader.requests)
	}

	if _, err := Events(t.Context(), userWho(t, "blind", "events"), ms); !apierrors.IsForbidden(err) {
		t.Errorf("who may not list events gets %v", err)
	}
}

// equal compares events but for their times.
func equal(a, b []Event) bool {
	untimed := func(all []Event) string {
		var text string
		for _, e := range all {
			e.Last = metav1.Time{}
			text += fmt.Sprintln(e)
		}
		return text
	}
	return untimed(a) == untimed(b)
}
