package status_test

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// A creation that goes well may go on unsaid for a moment. All else is said at once.
func TestFirstReportIn(t *testing.T) {
	born := func(ms *v1alpha1.Microservice) { ms.CreationTimestamp = metav1.NewTime(now.Add(-time.Minute)) }
	made := func(ago time.Duration) status.Observation {
		d := rollingOut(0, 1)
		d.CreationTimestamp = metav1.NewTime(now.Add(-ago))
		return seen(d)
	}
	troubled := made(0)
	troubled.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed}
	awaiting := seen(nil)
	awaiting.Awaited = []v1alpha1.DependencyStatus{{Name: "payments"}}
	justBorn := func(ms *v1alpha1.Microservice) { ms.CreationTimestamp = now }
	for name, tc := range map[string]struct {
		ms   *v1alpha1.Microservice
		seen status.Observation
		want time.Duration
	}{
		"the Deployment was just created":    {microservice(born), made(500 * time.Millisecond), 1500 * time.Millisecond},
		"it was created 2 s ago":             {microservice(born), made(2 * time.Second), 0},
		"the server's clock is ahead":        {microservice(born), made(-time.Second), 0},
		"it is available":                    {microservice(justBorn), seen(deployment()), 0},
		"a child is refused":                 {microservice(justBorn), troubled, 0},
		"it is parked":                       {microservice(justBorn, parked), seen(deployment(counts(0, 0, 0, 0))), 0},
		"it waits for the ports of a system": {microservice(justBorn), awaiting, 2 * time.Second},
		"it has waited for a dependency":     {microservice(born), awaiting, 0},
		"something was reported before":      {after(microservice(justBorn), made(0)), made(0), 0},
	} {
		next := status.Compute(tc.ms, tc.seen, now)
		if got := status.FirstReportIn(tc.ms, &tc.seen, &next, now.Time); got != tc.want {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
