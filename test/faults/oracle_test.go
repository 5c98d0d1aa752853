package faults

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
)

// Only an autoscaler's changes of a size are its: neither the operator's, nor its own when something else changes.
func TestResizesIn(t *testing.T) {
	t.Parallel()
	var events []Event
	for _, version := range []struct {
		name        string
		size        int32
		subresource string
	}{
		{"web", 2, ""}, {"api", 3, ""}, {"web", 3, "scale"}, {"web", 3, "scale"}, {"web", 2, ""}, {"web", 2, "status"}, {"web", 3, "scale"},
	} {
		d := &appsv1.Deployment{Spec: appsv1.DeploymentSpec{Replicas: &version.size}}
		d.Name, d.ManagedFields = version.name, []metav1.ManagedFieldsEntry{{Subresource: version.subresource}}
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(d)
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, Event{Type: watch.Modified, Kind: "Deployment", Object: &unstructured.Unstructured{Object: content}})
	}
	if n := resizesIn(events); n != 2 {
		t.Errorf("%d resizes, want 2", n)
	}
}

// What the controller of an autoscaler makes the operator restore is not the operator's fault, and nothing else is forgiven.
func TestJudgeAllowsWhatRestoresASize(t *testing.T) {
	t.Parallel()
	reference := &Reference{writes: 10, resizes: 1}
	for n, enough := range map[int]bool{10 + 4 + 2*perResize: true, 10 + 4 + 2*perResize + 1: false} {
		out := &Outcome{Writes: make([]string, n), Resizes: 3}
		if problems := reference.Judge(out, 4); len(problems) == 0 != enough {
			t.Errorf("%d writes: %v", n, problems)
		}
	}
}
