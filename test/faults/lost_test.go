package faults

import (
	"context"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestLostStatus has the watch lose the event of a status, which the next change takes back (F07). The cache shows the
// status before, which is right again; the one that it was not told of must not stay.
func TestLostStatus(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.take(t, journey[0])
	s.Proxy.OnEvents(losing("web"))
	s.take(t, stepOf("withdraw consent"))
	s.Proxy.OnEvents(nil)
	s.take(t, stepOf("consent again"))
	s.rests(t)
}

// TestLostStatusOfADependency has the watch never tell that a dependency became available (F07). Its dependents hear of it
// when something happens to it.
func TestLostStatusOfADependency(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	s := open(t)
	s.Proxy.OnEvents(losing("api"))
	s.change(t, journey[0].do)
	if err := s.eventuallyReady(ctx, "api", v1alpha1.ReasonAvailable); err != nil {
		t.Fatal(err)
	}
	deployment := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: s.Namespace, Name: "api"}}
	touch := client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"annotations":{"example.com/touched":"yes"}}}`))
	if err := lab.Kube.Patch(ctx, deployment, touch); err != nil {
		t.Fatal(err)
	}
	s.arrive(t, &journey[0])
	s.rests(t)
}

// losing loses each change of a Microservice.
func losing(name string) EventFault {
	return func(_ context.Context, e Told) int {
		if e.Resource == "microservices" && e.Name == name && e.Type == "MODIFIED" {
			return 0
		}
		return 1
	}
}

// stepOf is the step of the journey with that name.
func stepOf(name string) step {
	return journey[slices.IndexFunc(journey, func(s step) bool { return s.name == name })]
}
