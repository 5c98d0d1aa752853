package controller

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

func TestEditsOfCopiedLabelsAreSeen(t *testing.T) {
	labelled := func(key, value string) *v1alpha1.Microservice {
		return &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Labels: map[string]string{key: value}}}
	}
	changed := copiedLabelsChanged(&resources.Settings{CopyLabels: []string{"team"}})
	for key, want := range map[string]bool{"team": true, "app.kubernetes.io/part-of": true, "region": false} {
		if got := changed.Update(event.UpdateEvent{ObjectOld: labelled(key, "a"), ObjectNew: labelled(key, "b")}); got != want {
			t.Errorf("an edit of the label %s is seen: %t, want %t", key, got, want)
		}
	}
}
