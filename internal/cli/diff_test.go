package cli

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/explain"
)

// A page that is passed on shows which variable changes, and no value.
func TestHiddenVariables(t *testing.T) {
	world := func(values ...string) explain.World {
		ms := &v1alpha1.Microservice{}
		ms.Namespace, ms.Name, ms.Spec.Image = "shop", "web", "example.com/web:1"
		for i, value := range values {
			ms.Spec.Env = append(ms.Spec.Env, corev1.EnvVar{Name: string(rune('A' + i)), Value: value})
		}
		return explain.NewWorld(ms)
	}
	all, err := changes(world("secret-1", "secret-2"), world("secret-1", "secret-3"), true)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d changes, %v", len(all), err)
	}
	if d := all[0].Diff; strings.Contains(d, "secret-") || strings.Count(d, "\n-  ") != 1 || !strings.Contains(d, "another") {
		t.Errorf("it tells\n%s", d)
	}
	if all, err := changes(world("secret-1"), world("secret-1"), true); err != nil || len(all) > 0 {
		t.Errorf("the same differs: %+v, %v", all, err)
	}
}
