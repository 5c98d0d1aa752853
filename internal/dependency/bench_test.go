package dependency_test

import (
	"fmt"
	"math/rand"
	"testing"

	discoveryv1 "k8s.io/api/discovery/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// An edge changes in a cluster of 10,000 Microservices with 40,000 edges. The bar is 150 ms.
func BenchmarkCycles(b *testing.B) {
	const nodes, edgesEach = 10_000, 4
	for _, shape := range []struct {
		name string
		// target of an edge of the i-th.
		target func(random *rand.Rand, i int) int
	}{
		{"random", func(random *rand.Rand, _ int) int { return random.Intn(nodes) }},
		{"layers", func(random *rand.Rand, i int) int { return min(nodes-1, i+1+random.Intn(100)) }},
		{"one ring of all", func(random *rand.Rand, i int) int { return (i + 1 + random.Intn(2)) % nodes }},
	} {
		b.Run(shape.name, func(b *testing.B) {
			random := rand.New(rand.NewSource(1))
			all := make([]*v1alpha1.Microservice, nodes)
			for i := range all {
				all[i] = microservice(fmt.Sprintf("ns%02d/m%05d", i%50, i), admits(v1alpha1.FromAll))
				for e := range edgesEach {
					to := shape.target(random, i)
					dependsOn(called(fmt.Sprintf("d%d", e), on(fmt.Sprintf("ns%02d/m%05d", to%50, to))))(all[i])
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				dependency.Cycles(all, nil)
			}
		})
	}
}

// One Microservice that four others name becomes unavailable: who has to look, and what is it to them? The bar is 1 ms.
func BenchmarkDependentsOfOneChange(b *testing.B) {
	before, after := microservice("payments"), microservice("payments", unavailable)
	var dependents []*v1alpha1.Microservice
	for i := range 4 {
		dependents = append(dependents, microservice(fmt.Sprintf("d%d", i),
			dependsOn(on("catalog"), on("cart"), onService("postgres"), on("payments"))))
	}
	b.ReportAllocs()
	for b.Loop() {
		concerned := 0
		for _, d := range dependents {
			if dependency.AffectedBy(d, before, after, nil) {
				concerned++
			}
		}
		if len(dependency.Dependents(after, dependents, nil)) != concerned {
			b.Fatal("not everybody is concerned")
		}
	}
}

func BenchmarkResolve(b *testing.B) {
	in := sevenDependencies()
	b.ReportAllocs()
	for b.Loop() {
		dependency.Resolve(in)
	}
}

// Measured: 77. The bar is a fifth above it, so that another version of Go does not break it.
const mostAllocationsToResolve = 93

func TestResolvesAtLittleCost(t *testing.T) {
	in := sevenDependencies()
	if n := testing.AllocsPerRun(100, func() { dependency.Resolve(in) }); n > mostAllocationsToResolve {
		t.Errorf("%v allocations, want at most %d", n, mostAllocationsToResolve)
	}
}

// sevenDependencies are of each kind and in each state.
func sevenDependencies() dependency.Input {
	return dependency.Input{
		Microservice: microservice("web", dependsOn(
			on("payments"), on("catalog"), on("cart"), on("gone"), on("bank/ledger"), onService("postgres"),
			onHost("geo.example.com"))),
		Microservices: map[dependency.Key]*v1alpha1.Microservice{
			key("payments"):    microservice("payments"),
			key("catalog"):     microservice("catalog", unavailable),
			key("cart"):        microservice("cart", parked),
			key("bank/ledger"): microservice("bank/ledger"),
		},
		Services: map[dependency.Key]*dependency.ServiceTarget{
			key("postgres"): dependency.NewServiceTarget(service("postgres"), []discoveryv1.EndpointSlice{ready}),
		},
		PreviousAddresses: dependency.Addresses{"gone": "http://gone.shop.svc:80"},
	}
}
