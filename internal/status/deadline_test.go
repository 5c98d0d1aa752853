package status_test

import (
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// exceeded is a Deployment whose rollout made no progress within its deadline.
func exceeded(changes ...func(*appsv1.Deployment)) *appsv1.Deployment {
	changes = append([]func(*appsv1.Deployment){counts(3, 4, 1, 3), progressing("ProgressDeadlineExceeded")}, changes...)
	return deployment(changes...)
}

func TestComputeProgressDeadline(t *testing.T) {
	stalled := func() *v1alpha1.Microservice { return after(microservice(), seen(exceeded())) }
	edited := func() *v1alpha1.Microservice {
		ms := stalled()
		ms.Generation++
		return ms
	}
	refused := status.Observation{Deployment: exceeded(), Problem: &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: "quota"}}
	unusable := status.Observation{Deployment: exceeded(), Problem: &status.Problem{Reason: v1alpha1.ReasonInvalidSpec, Message: "env", Stalled: true}}
	cases := map[string]struct {
		ms           *v1alpha1.Microservice
		seen         status.Observation
		wantReason   string
		wantAbnormal string
	}{
		"the deadline has passed": {
			microservice(), seen(exceeded()), "ProgressDeadlineExceeded", "Stalled",
		},
		"what the Deployment says of an older template does not count": {
			microservice(), seen(exceeded(generationNotObserved)), "RollingOut", "Reconciling",
		},
		"it sticks when the next pod starts": {
			stalled(), seen(rollingOut(2, 3)), "ProgressDeadlineExceeded", "Stalled",
		},
		"it sticks while the Deployment has not been observed": {
			stalled(), seen(exceeded(generationNotObserved)), "ProgressDeadlineExceeded", "Stalled",
		},
		"it ends with the rollout": {
			stalled(), seen(deployment()), "Available", "",
		},
		"it ends with the rollout, also where too few are available": {
			stalled(), seen(deployment(counts(3, 3, 3, 1))), "RollingOut", "Reconciling",
		},
		"it ends with a new generation": {
			edited(), seen(exceeded(generationNotObserved)), "RollingOut", "Reconciling",
		},
		"it ends with a new generation that is observed": {
			edited(), seen(rollingOut(1, 3)), "RollingOut", "Reconciling",
		},
		"trouble with a child does not hide it": {
			stalled(), refused, "ProgressDeadlineExceeded", "Stalled",
		},
		"a problem that needs an edit does": {
			stalled(), unusable, "InvalidSpec", "Stalled",
		},
		"it comes back after a problem, from the Deployment": {
			after(microservice(), refused), seen(exceeded()), "ProgressDeadlineExceeded", "Stalled",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := pictureOf(status.Compute(tc.ms, tc.seen, now))
			if got.Reason != tc.wantReason || got.Abnormal != tc.wantAbnormal {
				t.Errorf("Compute() = %+v, want %s, %s", got, tc.wantReason, tc.wantAbnormal)
			}
		})
	}
}

func TestComputeProgressDeadlineMessage(t *testing.T) {
	cases := map[string]struct {
		seconds *int32
		want    string
	}{
		"the default of Kubernetes": {nil, "The rollout of web:1 made no progress for 600 s; "},
		"the rollout's own":         {new(int32(90)), "The rollout of web:1 made no progress for 90 s; "},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			d := exceeded(func(d *appsv1.Deployment) { d.Spec.ProgressDeadlineSeconds = tc.seconds })
			got := pictureOf(status.Compute(microservice(), seen(d), now)).Message
			want := tc.want + "see why with: kubectl describe replicasets,pods -n shop -l apps.microservice.dev/name=web"
			if !strings.HasPrefix(got, want) {
				t.Errorf("message %q, want %q", got, want)
			}
		})
	}
}
