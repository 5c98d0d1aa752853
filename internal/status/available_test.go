package status_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

func TestComputeAvailableMinimum(t *testing.T) {
	cases := map[string]struct {
		maxUnavailable *intstr.IntOrString
		// want is the minimum for so many wanted replicas.
		want map[int32]int32
	}{
		"maxUnavailable not set": {
			want: map[int32]int32{0: 0, 1: 1, 2: 1, 3: 2, 10: 9},
		},
		"maxUnavailable 0": {
			maxUnavailable: new(intstr.FromInt32(0)),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 2, 10: 9},
		},
		"maxUnavailable 1": {
			maxUnavailable: new(intstr.FromInt32(1)),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 2, 10: 9},
		},
		"maxUnavailable 4": {
			maxUnavailable: new(intstr.FromInt32(4)),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 1, 10: 6},
		},
		"maxUnavailable 30%": {
			maxUnavailable: new(intstr.FromString("30%")),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 2, 10: 7},
		},
		"maxUnavailable 45%, rounded down": {
			maxUnavailable: new(intstr.FromString("45%")),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 2, 10: 6},
		},
		"maxUnavailable 100%": {
			maxUnavailable: new(intstr.FromString("100%")),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 1, 10: 1},
		},
		"maxUnavailable beyond all numbers": {
			maxUnavailable: new(intstr.FromInt32(2147483647)),
			want:           map[int32]int32{0: 0, 1: 1, 2: 1, 3: 1, 10: 1},
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			for wanted, want := range tc.want {
				if got := minimum(tc.maxUnavailable, wanted); got != want {
					t.Errorf("of %d replicas %d must be available, want %d", wanted, got, want)
				}
			}
		})
	}
}

// minimum is the smallest number of available replicas that makes Available True.
func minimum(maxUnavailable *intstr.IntOrString, wanted int32) int32 {
	ms := microservice(func(ms *v1alpha1.Microservice) {
		ms.Spec.Replicas = &wanted
		ms.Spec.Rollout = &v1alpha1.Rollout{MaxUnavailable: maxUnavailable}
	})
	var available int32
	for ; available < wanted; available++ {
		s := status.Compute(ms, seen(deployment(counts(wanted, wanted, wanted, available))), now)
		if condition(s, v1alpha1.ConditionAvailable).Status == metav1.ConditionTrue {
			break
		}
	}
	return available
}

func TestComputeAvailableOfTheAutoscalingMinimum(t *testing.T) {
	ms := microservice(autoscaled)
	ms.Spec.Autoscaling.MinReplicas = new(int32(4))
	for available, want := range map[int32]metav1.ConditionStatus{2: metav1.ConditionFalse, 3: metav1.ConditionTrue} {
		s := status.Compute(ms, seen(deployment(counts(9, 9, 9, available))), now)
		if got := condition(s, v1alpha1.ConditionAvailable).Status; got != want {
			t.Errorf("with %d available replicas of 9, and at least 4 wanted, Available is %s", available, got)
		}
	}
}

func TestComputeAvailableMessages(t *testing.T) {
	cases := map[string]struct {
		ms         *v1alpha1.Microservice
		seen       status.Observation
		wantReason string
		want       string
	}{
		"nothing there":          {microservice(), seen(nil), "Unavailable", "The Deployment does not exist yet"},
		"nothing wanted":         {microservice(parked), seen(nil), "Parked", "spec.replicas is 0: no replica is needed"},
		"all there":              {microservice(), seen(deployment()), "Available", "3 of 3 replicas are available"},
		"some there":             {microservice(), seen(rollingOut(3, 2)), "Available", "2 of 3 replicas are available"},
		"too few there":          {microservice(), seen(rollingOut(3, 1)), "Unavailable", "1 of 3 replicas are available, at least 2 are needed"},
		"autoscaled, too few":    {microservice(autoscaled), seen(deployment(counts(5, 5, 5, 0))), "Unavailable", "0 of 5 replicas are available, at least 1 are needed"},
		"autoscaled, some there": {microservice(autoscaled), seen(deployment(counts(5, 5, 5, 4))), "Available", "4 of 5 replicas are available"},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := condition(status.Compute(tc.ms, tc.seen, now), v1alpha1.ConditionAvailable)
			if got.Reason != tc.wantReason || got.Message != tc.want {
				t.Errorf("Available is %s, %q, want %s, %q", got.Reason, got.Message, tc.wantReason, tc.want)
			}
		})
	}
}
