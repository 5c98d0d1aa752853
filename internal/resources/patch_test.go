package resources_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Whatever stands in podTemplate.spec, either the container app is there, or the error says what is wrong with it; and
// the next look says the same.
func FuzzPatch(f *testing.F) {
	for _, seed := range []string{
		``,
		`{}`,
		`null`,
		`[]`,
		`{"containers":[{"name":"app","image":"other:2"},{"name":"proxy"}]}`,
		`{"containers":[{"name":"app","$patch":"delete"}]}`,
		`{"containers":[{"name":"app","env":[{"name":"A","value":"1"},{"name":"B","$patch":"delete"}]}]}`,
		`{"$setElementOrder/containers":[{"name":"proxy"},{"name":"app"}],"containers":[{"name":"proxy"}]}`,
		`{"containers":[{"name":"app","ports":[{"containerPort":1}],"$retainKeys":["name"]}]}`,
		`{"$patch":"replace","containers":[{"name":"app"}]}`,
		`{"$deleteFromPrimitiveList/finalizers":["a"],"volumes":[{"name":"v","emptyDir":{}}]}`,
		`{"tolerations":[{"operator":"Exists"}],"hostAliases":[{"ip":"10.0.0.1"}],"nodeSelector":{"a":null}}`,
		`{"terminationGracePeriodSeconds":1e3,"securityContext":{"runAsUser":1000}}`,
	} {
		f.Add([]byte(seed))
	}
	web := minimal(f)
	f.Fuzz(func(t *testing.T, patch []byte) {
		ms := web.DeepCopy()
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: patch}}
		set, err := resources.For(alone(ms))
		var invalid *resources.InvalidSpecError
		switch {
		case err == nil:
			app(t, set)
		case !errors.As(err, &invalid) || invalid.Field != "spec.podTemplate.spec" || invalid.Reason == "":
			t.Errorf("For() = %v, want an *InvalidSpecError about spec.podTemplate.spec", err)
		}
		again, errAgain := resources.For(alone(ms))
		if fmt.Sprint(err) != fmt.Sprint(errAgain) || marshal(t, set) != marshal(t, again) {
			t.Errorf("a second look at the same patch gives another answer: %v, then %v", err, errAgain)
		}
	})
}

// What is remembered of a patch is what laying it again would give, for this pod and for no other.
func TestPatchesAreRememberedForTheSamePodOnly(t *testing.T) {
	patches := resources.NewPatchCache()
	template := func(image, patch string, cache *resources.PatchCache) string {
		ms := minimal(t)
		ms.Spec.Image = image
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(patch)}}
		set, err := resources.For(resources.Input{Microservice: ms, Settings: resources.DefaultSettings(), PatchCache: cache})
		if err != nil {
			return err.Error()
		}
		raw, err := json.Marshal(set.Deployment)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for range 2 {
		for _, image := range []string{"example.com/web:1", "example.com/web:2"} {
			for _, patch := range []string{`{"priorityClassName":"high"}`, `{"priorityClassName":"low"}`, `{"containers":[{"name":"app","$patch":"delete"}]}`} {
				if got, want := template(image, patch, patches), template(image, patch, nil); got != want {
					t.Errorf("%s with %s\n got %s\nwant %s", image, patch, got, want)
				}
			}
		}
	}
}

// A container of a cached pod gets the variables too, and the cached pod stays as it is.
func TestEnvironmentIsInjectedIntoCachedPods(t *testing.T) {
	cache := resources.NewPatchCache()
	template := func(names ...string) string {
		in := goldenInputs(t)["pod-template-inject-environment"]
		in.PatchCache, in.Microservice.Spec.PodTemplate.InjectEnvironment = cache, names
		return marshal(t, build(t, in))
	}
	without, with := template(), template("migrate", "proxy")
	if without == with {
		t.Fatal("the field changes nothing")
	}
	for range 2 {
		if template("migrate", "proxy") != with || template() != without {
			t.Error("the result depends on what was built before")
		}
	}
}

func TestEnvironmentOfAContainerThatIsNotThere(t *testing.T) {
	for _, name := range []string{"migrate", "app"} {
		ms := minimal(t)
		ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{InjectEnvironment: []string{name}}
		wantInvalid(t, ms, "spec.podTemplate.injectEnvironment[0]", `podTemplate.spec adds no container and no init container "`+name+`"`)
	}
}
