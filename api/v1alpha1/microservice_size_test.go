package v1alpha1_test

import (
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

func TestSize(t *testing.T) {
	cases := map[string]struct {
		replicas       *int32
		autoscaling    *v1alpha1.Autoscaling
		wantGuaranteed int32
		wantAutoscaled bool
		wantParked     bool
	}{
		"one replica where nothing is said": {wantGuaranteed: 1},
		"a fixed size":                      {replicas: new(int32(3)), wantGuaranteed: 3},
		"0 replicas are parked":             {replicas: new(int32(0)), wantGuaranteed: 0, wantParked: true},
		"autoscaling begins at 2": {
			autoscaling:    &v1alpha1.Autoscaling{MaxReplicas: 10},
			wantGuaranteed: 2, wantAutoscaled: true,
		},
		"autoscaling to at most 2 begins at 2": {
			autoscaling:    &v1alpha1.Autoscaling{MaxReplicas: 2},
			wantGuaranteed: 2, wantAutoscaled: true,
		},
		"autoscaling to at most 1 begins at 1": {
			autoscaling:    &v1alpha1.Autoscaling{MaxReplicas: 1},
			wantGuaranteed: 1, wantAutoscaled: true,
		},
		"an autoscaling minimum of 1": {
			autoscaling:    &v1alpha1.Autoscaling{MinReplicas: new(int32(1)), MaxReplicas: 10},
			wantGuaranteed: 1, wantAutoscaled: true,
		},
		"an autoscaling minimum of 5": {
			autoscaling:    &v1alpha1.Autoscaling{MinReplicas: new(int32(5)), MaxReplicas: 10},
			wantGuaranteed: 5, wantAutoscaled: true,
		},
		"autoscaling from 0, which the CRD refuses, is not parked": {
			autoscaling:    &v1alpha1.Autoscaling{MinReplicas: new(int32(0)), MaxReplicas: 10},
			wantGuaranteed: 0, wantAutoscaled: true,
		},
		"autoscaling wins over 0 replicas, which the CRD refuses": {
			replicas:       new(int32(0)),
			autoscaling:    &v1alpha1.Autoscaling{MaxReplicas: 10},
			wantGuaranteed: 2, wantAutoscaled: true,
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			spec := v1alpha1.MicroserviceSpec{Replicas: tc.replicas, Autoscaling: tc.autoscaling}
			if got := spec.GuaranteedReplicas(); got != tc.wantGuaranteed {
				t.Errorf("GuaranteedReplicas() = %d, want %d", got, tc.wantGuaranteed)
			}
			if got := spec.Autoscaled(); got != tc.wantAutoscaled {
				t.Errorf("Autoscaled() = %v, want %v", got, tc.wantAutoscaled)
			}
			if got := spec.Parked(); got != tc.wantParked {
				t.Errorf("Parked() = %v, want %v", got, tc.wantParked)
			}
		})
	}
}
