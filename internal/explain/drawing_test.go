package explain

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// A change of state moves nothing, and a new neighbour leaves the others where they are in their layers.
func TestDrawAgain(t *testing.T) {
	before := NewGraph(NewWorld(service("web", "", "api", "db"), service("api", "", "db"), service("db", ""))).Draw(nil)
	flipped := NewGraph(NewWorld(service("web", "", "api!", "db"), service("api", v1alpha1.ReasonCrashLooping, "db"), service("db", ""))).Draw(before)
	if flipped.layout != before.layout {
		t.Error("a change of state makes another layout")
	}
	if is, was := flipped.node("shop/api"), before.node("shop/api"); is.Look != "notready" || was.Look != "ready" || is.X != was.X || is.Y != was.Y {
		t.Errorf("%+v was %+v", is, was)
	}
	grown := NewGraph(NewWorld(service("web", "", "api", "db", "ads"), service("api", "", "db"), service("db", ""), service("ads", ""))).Draw(flipped)
	if api, db := grown.node("shop/api"), grown.node("shop/db"); api.X >= db.X || len(grown.Nodes) != 4 {
		t.Errorf("api at %v, db at %v of %d", api.X, db.X, len(grown.Nodes))
	}
}

func (d *Drawing) node(id string) DrawnNode {
	for _, n := range d.Nodes {
		if n.ID == id {
			return n
		}
	}
	return DrawnNode{}
}

// What is on its way does not look like what needs help.
func TestLookOfWaiting(t *testing.T) {
	for reason, want := range map[string]string{
		"": "ready", v1alpha1.ReasonRollingOut: "moving", v1alpha1.ReasonWaitingForDependency: "moving", v1alpha1.ReasonPaused: "unknown",
		v1alpha1.ReasonCrashLooping: "notready", v1alpha1.ReasonInvalidSpec: "notready",
	} {
		if got := NodeOf(service("web", reason)).Look(); got != want {
			t.Errorf("%s looks %s, want %s", reason, got, want)
		}
	}
}

func TestByNamespace(t *testing.T) {
	to := func(namespace, name string) v1alpha1.Dependency {
		return v1alpha1.Dependency{Name: name, Microservice: &v1alpha1.ObjectReference{Namespace: namespace, Name: name}}
	}
	web, api := service("web", ""), service("api", "")
	web.Spec.Dependencies = []v1alpha1.Dependency{to("shop", "api"), to("bank", "ledger"), to("bank", "teller"), {Name: "mail", External: &v1alpha1.ExternalDependency{}}}
	web.Status.Dependencies = []v1alpha1.DependencyStatus{{Name: "ledger", State: v1alpha1.DependencyReady}, {Name: "teller", State: v1alpha1.DependencyNotReady}}
	ledger, teller := service("ledger", ""), service("teller", v1alpha1.ReasonCrashLooping)
	ledger.Namespace, teller.Namespace = "bank", "bank"
	g := NewGraph(NewWorld(web, api, ledger, teller)).ByNamespace()
	var words []string
	for _, n := range g.Nodes {
		words = append(words, n.Name+": "+n.Words()+" "+n.Look())
	}
	if got := strings.Join(words, "; "); got != "bank: 2 Microservices, 1 not ready notready; shop: 2 Microservices ready" {
		t.Errorf("nodes %s", got)
	}
	if len(g.Edges) != 1 || g.Edges[0].From != "Namespace/shop" || !g.Edges[0].isBroken() {
		t.Errorf("edges %+v", g.Edges)
	}
}

func TestCompare(t *testing.T) {
	before := NewGraph(NewWorld(service("web", "", "api", "old"), service("api", ""), service("old", "")))
	after := NewGraph(NewWorld(service("web", "", "api", "new"), service("api", ""), service("new", "")))
	g := Compare(before, after, sets.New("shop/web"))
	nodes, edges := map[string]Change{}, map[string]Change{}
	for _, n := range g.Nodes {
		nodes[n.ID] = n.Change
	}
	for _, e := range g.Edges {
		edges[e.Name] = e.Change
	}
	for id, want := range map[string]Change{"shop/web": Changed, "shop/api": "", "shop/old": Removed, "shop/new": Added} {
		if got, found := nodes[id]; !found || got != want {
			t.Errorf("node %s: %q, want %q", id, got, want)
		}
	}
	for name, want := range map[string]Change{"api": "", "old": Removed, "new": Added} {
		if got, found := edges[name]; !found || got != want {
			t.Errorf("edge %s: %q, want %q", name, got, want)
		}
	}
	if len(before.Nodes) != 3 || before.Nodes[0].Change != "" || after.Nodes[0].Change != "" {
		t.Error("it changes what it compares")
	}
	if got := (Node{Kind: dependency.Microservice, Change: Added}).Look(); got != "unknown" {
		t.Errorf("a node of files looks %s", got)
	}
}
