package main

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// A Deployment gets what it asks for, and at least the minimum of its autoscaler, unless it asks for none.
func TestReplicasOfTheStandIn(t *testing.T) {
	s := &standIn{}
	s.least.Store(types.NamespacedName{Namespace: "x", Name: "scaled"}, int32(3))
	for name, c := range map[string]struct {
		name        string
		asked, want int32
	}{
		"no autoscaler":         {"plain", 2, 2},
		"fewer than the least":  {"scaled", 1, 3},
		"more than the least":   {"scaled", 5, 5},
		"none, with autoscaler": {"scaled", 0, 0},
	} {
		d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "x", Name: c.name}, Spec: appsv1.DeploymentSpec{Replicas: &c.asked}}
		if got := s.wanted(d); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}
