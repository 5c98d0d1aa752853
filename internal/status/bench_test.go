package status_test

import (
	"fmt"
	"testing"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// Nothing has changed for a Microservice with seven dependencies: what to say, and whether it has been said already.
func BenchmarkCompute(b *testing.B) {
	o := seen(deployment())
	for i := range 7 {
		o.Dependencies = append(o.Dependencies, v1alpha1.DependencyStatus{
			Name: fmt.Sprintf("d%d", i), Target: fmt.Sprintf("Microservice/shop/d%d", i), State: v1alpha1.DependencyReady,
		})
	}
	ms := after(microservice(), o)
	b.Run("compute", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			status.Compute(ms, o, now)
		}
	})
	next := status.Compute(ms, o, now)
	b.Run("compare", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if status.Compare(&ms.Status, &next) != status.Same {
				b.Fatal("it says something new")
			}
		}
	})
}
