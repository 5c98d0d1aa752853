package explain

import (
	"encoding/xml"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/manifest"
	"github.com/microservice-dev/microservice-operator/test/golden"
)

// observe gives Microservices the status that the operator reports if those in down fail with a reason and all others are well.
func observe(all []*v1alpha1.Microservice, down map[string]string) {
	for _, ms := range all {
		ready := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable, ObservedGeneration: ms.Generation}
		if reason := down[ms.Name]; reason != "" {
			ready.Status, ready.Reason = metav1.ConditionFalse, reason
		}
		ms.Status = v1alpha1.MicroserviceStatus{ObservedGeneration: ms.Generation, Conditions: []metav1.Condition{ready}}
		for i := range ms.Spec.Dependencies {
			d := &ms.Spec.Dependencies[i]
			state := v1alpha1.DependencyReady
			switch target := dependency.TargetOf(ms, d); {
			case target.Kind == dependency.External:
				state = v1alpha1.DependencyUnverified
			case down[target.Key.Name] != "":
				state = v1alpha1.DependencyNotReady
			}
			ms.Status.Dependencies = append(ms.Status.Dependencies, v1alpha1.DependencyStatus{Name: d.Name, Target: dependency.TargetOf(ms, d).String(), State: state})
		}
	}
}

// The picture of the README is what the code draws now.
func TestPictureOfOnlineBoutique(t *testing.T) {
	root := filepath.Join("..", "..")
	all, err := (&manifest.Reader{Namespace: "online-boutique"}).Read(filepath.Join(root, "config", "samples", "online-boutique"))
	if err != nil {
		t.Fatal(err)
	}
	observe(all, map[string]string{"cartservice": v1alpha1.ReasonImagePullFailed})
	got := NewGraph(NewWorld(all...)).SVG()
	golden.Compare(t, filepath.Join(root, "docs", "images", "online-boutique.svg"), got)
}

// It is well-formed whatever names hold, and the same each time.
func TestSVGIsWellFormed(t *testing.T) {
	hostile := `</text><script>alert("1")</script>&'`
	w := NewWorld()
	for _, name := range []string{"web", hostile} {
		ms := &v1alpha1.Microservice{}
		ms.Namespace, ms.Name = "shop", name
		ms.Spec.Dependencies = []v1alpha1.Dependency{
			{Name: "bank", Microservice: &v1alpha1.ObjectReference{Namespace: hostile, Name: hostile}},
			{Name: "mail", External: &v1alpha1.ExternalDependency{Host: hostile}},
		}
		w.Add(ms)
	}
	for name, g := range map[string]Graph{"hostile names": NewGraph(w), "no nodes": NewGraph(NewWorld())} {
		text := g.SVG()
		for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
			token, err := decoder.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v in\n%s", name, err, text)
			}
			if start, ok := token.(xml.StartElement); ok && start.Name.Local == "script" {
				t.Errorf("%s: a name became an element:\n%s", name, text)
			}
		}
		for range 10 {
			if again := g.SVG(); again != text {
				t.Errorf("%s: the second picture differs:\n%s", name, cmp.Diff(text, again))
			}
		}
	}
}

// A part of a picture of three services.
func TestSVG(t *testing.T) {
	dependsOn := map[string]string{
		"web": `{dependencies: [{name: api}, {name: ads, optional: true}, {name: mail, external: {host: mail.example.com}}]}`,
		"api": `{dependencies: [{name: pg, service: {name: pg}}, {name: ads}]}`,
		"ads": `{}`,
	}
	observed := world(t, dependsOn)
	observe(observed.Sorted(), map[string]string{"api": v1alpha1.ReasonCrashLooping})
	parked := world(t, dependsOn)
	observe(parked.Sorted(), nil)
	for _, ms := range parked.Microservices {
		ms.Status.Conditions[0].Reason = v1alpha1.ReasonParked
	}
	zero := world(t, dependsOn)
	observe(zero.Sorted(), nil)
	for _, ms := range zero.Microservices {
		ms.Status.Conditions[0].Reason = v1alpha1.ReasonScaledToZero
	}
	stale := world(t, dependsOn)
	observe(stale.Sorted(), nil)
	for _, ms := range stale.Microservices {
		ms.Generation++
	}
	several := world(t, map[string]string{"web": `{dependencies: [{name: ledger, microservice: {name: ledger, namespace: bank}}]}`})
	circle := world(t, map[string]string{"a": `{dependencies: [{name: b}]}`, "b": `{dependencies: [{name: a}]}`})
	for name, c := range map[string]struct {
		world    World
		has, not []string
	}{
		"a state has a shape, a word and a class": {observed, []string{
			`<g class="notready"`, lookNotReady.Icon, ">CrashLooping</text>", `<g class="ready"`, lookReady.Icon, ">Ready</text>",
		}, []string{lookMissing.Icon, lookUnknown.Icon}},
		"an edge to what is not ready ends in a stop": {observed, []string{
			`<path class="edge broken" marker-end="url(#msvc-stop)"`, "shop/web depends on shop/api: NotReady",
		}, nil},
		"an optional edge is dashed":                      {observed, []string{`<path class="edge optional" marker-end="url(#msvc-tip)"`}, nil},
		"a Service and what is outside have their shapes": {observed, []string{">Service, ready</text>", ">outside the cluster</text>", "A24 24"}, nil},
		"a screen reader reads what is not well": {observed, []string{`role="img"`,
			"3 Microservices: 2 ready, 1 not ready. shop/api: Not ready, CrashLooping. shop/api depends on"}, nil},
		"without a status there are no states": {world(t, dependsOn), []string{">web</text>", "3 Microservices</text>"},
			[]string{lookUnknown.Icon, "Not observed", "msvc-stop)"}},
		"parked is a state of its own":    {parked, []string{lookParked.Icon, "3 parked"}, []string{"3 ready"}},
		"scaled to zero is as parked":     {zero, []string{lookParked.Icon, ">Scaled to zero</text>"}, []string{"3 ready"}},
		"a status of an older spec is so": {stale, []string{">New spec pending</text>"}, []string{">Available</text>"}},
		"several namespaces are named":    {several, []string{`<text class="space ns0"`, ">bank</text>", "2 namespaces"}, nil},
		"one namespace is the heading":    {observed, []string{`<text class="head" x="28" y="42">shop</text>`}, []string{`class="space`}},
		"a cycle has a box":               {circle, []string{`<rect class="cycle"`, ">Cycle of 2</text>", "a cycle: shop/a, shop/b."}, nil},
		"no Microservice is said":         {NewWorld(), []string{"There are no Microservices"}, []string{`class="card"`}},
	} {
		t.Run(name, func(t *testing.T) {
			_, got, _ := strings.Cut(NewGraph(c.world).SVG(), "<svg")
			for _, want := range c.has {
				if !strings.Contains(got, want) {
					t.Errorf("no %q in\n%s", want, got)
				}
			}
			for _, unwanted := range c.not {
				if strings.Contains(got, unwanted) {
					t.Errorf("%q in\n%s", unwanted, got)
				}
			}
		})
	}
}

// A state changes colours and words, but nothing moves.
func TestStatesMoveNothing(t *testing.T) {
	places := func(down map[string]string) []string {
		w := world(t, map[string]string{"web": `{dependencies: [{name: api}, {name: db}]}`, "api": `{dependencies: [{name: db}]}`, "db": `{}`})
		observe(w.Sorted(), down)
		return regexp.MustCompile(`transform="[^"]*"><title>| d="M\S+ [^"]*"><title>`).FindAllString(NewGraph(w).SVG(), -1)
	}
	before := places(nil)
	if len(before) != 6 {
		t.Fatalf("%d places of 3 nodes and 3 edges: %v", len(before), before)
	}
	after := places(map[string]string{"api": v1alpha1.ReasonProgressDeadlineExceeded})
	if diff := cmp.Diff(before, after, cmpopts.SortSlices(strings.Compare)); diff != "" {
		t.Errorf("(-before +after):\n%s", diff)
	}
}

func TestShorten(t *testing.T) {
	for text, want := range map[string]string{
		"web": "web",
		"":    "",
		"checkout-for-wholesale-customers-in-emea": "checkout-…-in-emea",
	} {
		got := shorten(text, 150, nameSize, true)
		if got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
	for width := range 200 {
		if got := shorten(strings.Repeat("m", 60), 20+float64(width), nameSize, true); textWidth(got, nameSize, true) > 20+float64(width) {
			t.Errorf("%q is wider than %d", got, 20+width)
		}
	}
}
