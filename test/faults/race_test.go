package faults

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// TestForeignObjectInTheMomentOfTheFirstWrite is F17's race: somebody else's object of the same name is created after the
// operator has looked and before its first write arrives. It is not touched, the status names it, and when it goes the
// operator goes on.
func TestForeignObjectInTheMomentOfTheFirstWrite(t *testing.T) {
	t.Parallel()
	for _, kind := range childKinds {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			for _, problem := range race(t, env.Program, kind) {
				t.Error(problem)
			}
		})
	}
}

// race gives what is wrong after a foreign object won against the first write of its kind.
func race(t *testing.T, program, kind string) []string {
	t.Helper()
	ctx := t.Context()
	s := env.openFor(t, Options{Program: program})
	foreign := Foreigners(s.Namespace, "web")[strings.ToLower(kind)]
	s.Proxy.Inject(func(r cluster.Request) bool { return r.Resource == kinds[kind].Resource && r.Writes() }, 0, 1, func(*Exchange) {
		if err := env.Kube.Create(ctx, foreign); err != nil {
			t.Error(err)
		}
	})
	ms := MakeMicroservice(s.Namespace, "web")
	ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MinReplicas: new(int32(smallest)), MaxReplicas: 3}
	if err := env.Kube.Create(ctx, ms); err != nil {
		t.Fatal(err)
	}
	problems := s.conflict(ctx, ms, foreign)
	if err := env.Kube.Delete(ctx, foreign); err != nil {
		t.Fatal(err)
	}
	_, stuck := s.reach(ctx, &step{name: "the foreign object goes"}, anywhere)
	problems = append(problems, stuck...)
	events, err := s.History.Events()
	if err != nil {
		t.Fatal(err)
	}
	return append(problems, invariants(events)...)
}

// conflict waits until the status names the foreign object, and then sees whether it is as it was.
func (s *Run) conflict(ctx context.Context, ms *v1alpha1.Microservice, foreign client.Object) []string {
	var problems []string
	if err := s.eventuallyReady(ctx, ms.Name, v1alpha1.ReasonNameConflict); err != nil {
		problems = append(problems, fmt.Sprintf("O1: the conflict is not reported: %v", err))
	}
	time.Sleep(time.Second) // a retry or two
	live := foreign.DeepCopyObject().(client.Object)
	if err := s.env.Kube.Get(ctx, client.ObjectKeyFromObject(foreign), live); err != nil {
		return append(problems, fmt.Sprintf("O4: the foreign object is gone: %v", err))
	}
	for _, entry := range live.GetManagedFields() {
		if strings.Contains(entry.Manager, manager) {
			problems = append(problems, "O4: the foreign object was written")
		}
	}
	if live.GetUID() != foreign.GetUID() || len(live.GetOwnerReferences()) > 0 {
		problems = append(problems, "O4: the foreign object was adopted or replaced")
	}
	return problems
}
