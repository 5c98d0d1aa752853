package status_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/status"
)

// depending is shop/web with dependencies of these names. One that begins with "ext" is outside the cluster.
func depending(names ...string) func(*v1alpha1.Microservice) {
	return func(ms *v1alpha1.Microservice) {
		for _, name := range names {
			d := v1alpha1.Dependency{Name: name}
			if strings.HasPrefix(name, "ext") {
				d.External = &v1alpha1.ExternalDependency{Host: "example.com"}
			}
			ms.Spec.Dependencies = append(ms.Spec.Dependencies, d)
		}
	}
}

// resolved reads words such as "payments=NotReady"; a "?" behind the name makes it optional.
func resolved(words ...string) status.Observation {
	o := seen(deployment())
	for _, word := range words {
		name, state, _ := strings.Cut(word, "=")
		d := v1alpha1.DependencyStatus{
			Name: strings.TrimSuffix(name, "?"), Optional: strings.HasSuffix(name, "?"), State: v1alpha1.DependencyState(state),
		}
		if state != "Ready" {
			d.Message = "because"
		}
		o.Dependencies = append(o.Dependencies, d)
	}
	return o
}

func TestDependenciesReady(t *testing.T) {
	cases := map[string]struct {
		names       []string
		seen        status.Observation
		want        string
		wantMessage string
		wantSummary string
	}{
		"none": {
			seen: resolved(), want: "True/NoDependencies", wantMessage: "No dependencies are declared",
		},
		"all ready": {
			names: []string{"a", "b"}, seen: resolved("a=Ready", "b=Ready"),
			want: "True/DependenciesAvailable", wantMessage: "2 of 2 required dependencies are ready", wantSummary: "2/2",
		},
		"one is not": {
			names: []string{"a", "b"}, seen: resolved("a=Ready", "b=NotReady"),
			want: "False/DependencyNotReady", wantMessage: "1 of 2 required dependencies are ready; b (NotReady): because", wantSummary: "1/2",
		},
		"what needs an edit is the reason": {
			names: []string{"a", "b", "c", "d"}, seen: resolved("a=NotReady", "b=PortNotFound", "c=NotFound", "d=NotPermitted"),
			want: "False/DependencyNotPermitted", wantSummary: "0/4",
			wantMessage: "0 of 4 required dependencies are ready; a (NotReady): because; b (PortNotFound): because; " +
				"c (NotFound): because; d (NotPermitted): because",
		},
		"a missing port": {
			names: []string{"a"}, seen: resolved("a=PortNotFound"),
			want: "False/DependencyPortNotFound", wantMessage: "0 of 1 required dependencies are ready; a (PortNotFound): because", wantSummary: "0/1",
		},
		"a missing target": {
			names: []string{"a"}, seen: resolved("a=NotFound"),
			want: "False/DependencyNotFound", wantMessage: "0 of 1 required dependencies are ready; a (NotFound): because", wantSummary: "0/1",
		},
		"what cannot be seen is Unknown, not False": {
			names: []string{"a", "b"}, seen: resolved("a=Ready", "b=Unverified"),
			want: "Unknown/DependencyUnverified", wantMessage: "1 of 2 required dependencies are ready; b (Unverified): because", wantSummary: "1/2",
		},
		"what is outside does not count": {
			names: []string{"a", "ext"}, seen: resolved("a=Ready", "ext=Unverified"),
			want: "True/DependenciesAvailable", wantMessage: "1 of 1 required dependencies are ready", wantSummary: "1/1",
		},
		"what is optional does not count": {
			names: []string{"a", "b"}, seen: resolved("a=Ready", "b?=NotFound"),
			want: "True/DependenciesAvailable", wantMessage: "1 of 1 required dependencies are ready", wantSummary: "1/1",
		},
		"nothing counts": {
			names: []string{"ext", "b"}, seen: resolved("ext=Unverified", "b?=NotFound"),
			want: "True/DependenciesAvailable", wantMessage: "No dependency is checked: each is optional or outside the cluster",
		},
		"nobody could look": {
			names: []string{"a"}, seen: resolved(),
			want: "Unknown/DependencyUnverified", wantMessage: "The dependencies are not resolved yet",
		},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			got := status.Compute(microservice(depending(tc.names...)), tc.seen, now)
			c := condition(got, v1alpha1.ConditionDependenciesReady)
			if said := fmt.Sprintf("%s/%s", c.Status, c.Reason); said != tc.want || c.Message != tc.wantMessage {
				t.Errorf("DependenciesReady is %s, %q, want %s, %q", said, c.Message, tc.want, tc.wantMessage)
			}
			if got.DependenciesSummary != tc.wantSummary {
				t.Errorf("summary is %q, want %q", got.DependenciesSummary, tc.wantSummary)
			}
			if ready := condition(got, v1alpha1.ConditionReady); ready.Status != metav1.ConditionTrue {
				t.Errorf("Ready is %s, %s: dependencies do not flow into it", ready.Status, ready.Reason)
			}
		})
	}
}

func TestDependencyTimes(t *testing.T) {
	ms := after(microservice(depending("a", "b")), resolved("a=Ready", "b=Ready"))
	got := status.Compute(ms, resolved("a=NotReady", "b=Ready"), now).Dependencies
	if !got[0].LastTransitionTime.Equal(&now) || !got[1].LastTransitionTime.Equal(&yesterday) {
		t.Errorf("a changed now and b yesterday, got %v and %v", got[0].LastTransitionTime, got[1].LastTransitionTime)
	}
}

// The server keeps the order of a list that is merged by key, so another order must not be a change.
func TestDependenciesKeepTheirOrder(t *testing.T) {
	ms := after(microservice(depending("a", "b", "c")), resolved("a=Ready", "b=Ready", "c=Ready"))
	stored := ms.Status
	next := status.Compute(ms, resolved("c=Ready", "a=Ready", "b=Ready"), now)
	if got := status.Compare(&stored, &next); got != status.Same {
		t.Errorf("another order is a change (%d):\n%s", got, cmp.Diff(stored, next))
	}
	names := func(s v1alpha1.MicroserviceStatus) (all []string) {
		for _, d := range s.Dependencies {
			all = append(all, d.Name)
		}
		return all
	}
	if diff := cmp.Diff([]string{"a", "c", "d"}, names(status.Compute(ms, resolved("d=Ready", "c=Ready", "a=Ready"), now))); diff != "" {
		t.Errorf("one goes and one comes (-want +got):\n%s", diff)
	}
}

func TestDependents(t *testing.T) {
	o := seen(deployment())
	for i := range 60 {
		o.Dependents = append(o.Dependents, v1alpha1.DependentReference{Namespace: "shop", Name: fmt.Sprintf("d%02d", i), Permitted: true})
	}
	got := status.Compute(microservice(), o, now)
	if len(got.Dependents) != 50 || got.DependentCount != 60 {
		t.Errorf("%d dependents are listed and %d counted, want 50 and 60", len(got.Dependents), got.DependentCount)
	}
}

func TestDependencyCycle(t *testing.T) {
	o := seen(deployment())
	o.Cycle = "web -> payments -> web"
	ms := after(microservice(), o)
	want := metav1.Condition{
		Type: v1alpha1.ConditionDependencyCycle, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonDependencyCycle,
		Message: "web -> payments -> web", ObservedGeneration: 4, LastTransitionTime: yesterday,
	}
	if diff := cmp.Diff(want, condition(ms.Status, v1alpha1.ConditionDependencyCycle)); diff != "" {
		t.Errorf("DependencyCycle (-want +got):\n%s", diff)
	}
	if ready := condition(ms.Status, v1alpha1.ConditionReady); ready.Status != metav1.ConditionTrue {
		t.Errorf("Ready is %s, %s: a cycle changes nothing else", ready.Status, ready.Reason)
	}
	if c := condition(status.Compute(ms, seen(deployment()), now), v1alpha1.ConditionDependencyCycle); c.Type != "" {
		t.Errorf("without a cycle there is %+v", c)
	}
}

func TestFirstStartWaits(t *testing.T) {
	o := resolved("a=Ready", "b=NotReady")
	o.Deployment, o.Awaited = nil, o.Dependencies[1:]
	ms := after(microservice(depending("a", "b")), o)
	ready := condition(ms.Status, v1alpha1.ConditionReady)
	if ready.Reason != v1alpha1.ReasonWaitingForDependency || ready.Message != "The first start waits for b (NotReady): because" {
		t.Errorf("Ready is %s, %q", ready.Reason, ready.Message)
	}
	if condition(ms.Status, v1alpha1.ConditionReconciling).Reason != v1alpha1.ReasonWaitingForDependency {
		t.Error("it is not Reconciling, so a tool would not wait")
	}
	o.Problem = &status.Problem{Reason: v1alpha1.ReasonApplyFailed, Message: "quota"}
	troubled := after(microservice(depending("a", "b")), o)
	if got := condition(troubled.Status, v1alpha1.ConditionReady).Reason; got != v1alpha1.ReasonApplyFailed {
		t.Errorf("with another problem Ready is %s", got)
	}
	for name, tc := range map[string]struct {
		ms   *v1alpha1.Microservice
		want bool
	}{
		"never looked at":          {microservice(), false},
		"waiting":                  {ms, false},
		"waiting in trouble":       {troubled, false},
		"rolling out":              {after(microservice(), seen(rollingOut(1, 1))), true},
		"deleted by hand":          {after(microservice(), seen(nil)), true},
		"available":                {after(microservice(), seen(deployment())), true},
		"parked, without anything": {after(microservice(parked), seen(nil)), true},
	} {
		if got := status.Started(tc.ms); got != tc.want {
			t.Errorf("%s: Started() = %t, want %t", name, got, tc.want)
		}
	}
}
