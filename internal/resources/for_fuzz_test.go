package resources_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Whatever the spec, also one that the CRD would refuse: nothing panics, the same spec gives the same children, each has
// the name, the owner and the label by which it is found, and pods are restricted unless a patch says otherwise.
func FuzzFor(f *testing.F) {
	for _, in := range goldenInputs(f) {
		raw, err := json.Marshal(in.Microservice.Spec)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	owner := minimal(f)
	forbidden := podSecurity(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		ms := owner.DeepCopy()
		ms.Spec = v1alpha1.MicroserviceSpec{}
		if err := json.Unmarshal(raw, &ms.Spec); err != nil {
			return // the API server does not store what is not a spec
		}
		set, err := resources.For(alone(ms))
		again, errAgain := resources.For(alone(ms.DeepCopy()))
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || marshal(t, set) != marshal(t, again) {
			t.Fatalf("a second look at the same spec gives another answer: %v, then %v", err, errAgain)
		}
		var invalid *resources.InvalidSpecError
		if err != nil {
			if !errors.As(err, &invalid) || invalid.Field == "" || invalid.Reason == "" {
				t.Errorf("For() = %v, want an *InvalidSpecError that names the field", err)
			}
			return
		}
		for _, child := range set.All() {
			got := as[metav1.PartialObjectMetadata](t, child)
			if got.Name != ms.Name || !metav1.IsControlledBy(got, ms) || got.Labels[v1alpha1.LabelName] != ms.Name {
				t.Errorf("the %s is not found again: %+v", got.Kind, got.ObjectMeta)
			}
		}
		if said := forbidden(as[appsv1.Deployment](t, set.Deployment).Spec.Template); said != "" && ms.Spec.PodTemplate == nil {
			t.Errorf("Pod Security restricted forbids %s", said)
		}
	})
}
