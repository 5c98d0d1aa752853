package planner_test

import (
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/planner"
)

// A creation that goes well may go on unsaid for a moment. All else is said at once.
func TestFirstReportIn(t *testing.T) {
	now := time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)
	created := func(ago time.Duration) metav1.Time { return metav1.NewTime(now.Add(-ago)) }
	for name, tc := range map[string]struct {
		reason       string
		microservice time.Duration
		deployment   *time.Duration
		reported     bool
		want         time.Duration
	}{
		"the Deployment was just created":    {reason: "RollingOut", microservice: time.Minute, deployment: new(500 * time.Millisecond), want: 1500 * time.Millisecond},
		"it was created 2 s ago":             {reason: "RollingOut", microservice: time.Minute, deployment: new(2 * time.Second)},
		"the server's clock is ahead":        {reason: "RollingOut", microservice: time.Minute, deployment: new(-time.Second)},
		"it is available":                    {reason: "Available", deployment: new(time.Duration(0))},
		"a child is refused":                 {reason: "ApplyFailed", deployment: new(time.Duration(0))},
		"it is parked":                       {reason: "Parked", deployment: new(time.Duration(0))},
		"it waits for the ports of a system": {reason: "WaitingForDependency", want: 2 * time.Second},
		"it has waited for a dependency":     {reason: "WaitingForDependency", microservice: 3 * time.Second},
		"something was reported before":      {reason: "RollingOut", deployment: new(time.Duration(0)), reported: true},
	} {
		ready := metav1.Condition{Type: v1alpha1.ConditionReady, Reason: tc.reason}
		ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: created(tc.microservice)}}
		if tc.reported {
			ms.Status.Conditions = []metav1.Condition{ready}
		}
		var d *appsv1.Deployment
		if tc.deployment != nil {
			d = &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{CreationTimestamp: created(*tc.deployment)}}
		}
		next := &v1alpha1.MicroserviceStatus{Conditions: []metav1.Condition{ready}}
		if got := planner.FirstReportIn(ms, d, next, now); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
