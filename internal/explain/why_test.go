package explain

import (
	"fmt"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// service returns a Microservice of namespace shop with a reason of Ready, empty for True, and dependencies as "name" or "name!" for one
// that is not ready.
func service(name, reason string, dependencies ...string) *v1alpha1.Microservice {
	ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, Generation: 1}}
	ms.Status.ObservedGeneration = 1
	ready := metav1.Condition{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable}
	if reason != "" {
		ready.Status, ready.Reason = metav1.ConditionFalse, reason
	}
	all := metav1.Condition{Type: v1alpha1.ConditionDependenciesReady, Status: metav1.ConditionTrue}
	for _, d := range dependencies {
		target, down := strings.CutSuffix(d, "!")
		state := v1alpha1.DependencyReady
		if down {
			state, all.Status = v1alpha1.DependencyNotReady, metav1.ConditionFalse
		}
		ms.Spec.Dependencies = append(ms.Spec.Dependencies, v1alpha1.Dependency{Name: target})
		ms.Status.Dependencies = append(ms.Status.Dependencies, v1alpha1.DependencyStatus{Name: target, State: state})
		ms.Status.DependenciesSummary = "some"
	}
	ms.Status.Conditions = []metav1.Condition{ready, all}
	return ms
}

// atZero returns one that its own autoscaler scaled to zero.
func atZero(name string) *v1alpha1.Microservice {
	ms := service(name, "")
	ms.Status.Conditions[0].Reason = v1alpha1.ReasonScaledToZero
	return ms
}

// A Microservice is Ready when its own pods are, so the first cause may be behind some that are well.
func TestWhy(t *testing.T) {
	down := v1alpha1.ReasonQuotaExceeded
	for name, tc := range map[string]struct {
		world   []*v1alpha1.Microservice
		causes  []string
		summary string
	}{
		"well": {[]*v1alpha1.Microservice{service("web", "", "api"), service("api", "")}, nil, "web is well: Ready, and some dependencies are"},
		"behind one that is well": {[]*v1alpha1.Microservice{service("web", "", "api"), service("api", "", "db!"), service("db", down)},
			[]string{"web api db"}, "web is Ready, and so are its dependencies, but not what those depend on"},
		"four hops": {[]*v1alpha1.Microservice{service("web", "", "a"), service("a", "", "b"), service("b", "", "c"), service("c", "", "db!"), service("db", down)},
			[]string{"web a b c db"}, "web is Ready, and so"},
		"a direct one": {[]*v1alpha1.Microservice{service("web", "", "db!"), service("db", down)}, []string{"web db"}, "web is Ready, but only some"},
		"the old pods of a direct one serve": {[]*v1alpha1.Microservice{service("web", "", "api"), service("api", v1alpha1.ReasonImagePullFailed)},
			nil, "web is well"},
		"at zero":           {[]*v1alpha1.Microservice{atZero("web")}, nil, "web is well: its own autoscaler scaled it to 0, so whoever calls it reaches nobody"},
		"calls one at zero": {[]*v1alpha1.Microservice{service("web", "", "api"), atZero("api")}, nil, "web is well: Ready, and some dependencies are"},
		"a cycle":           {[]*v1alpha1.Microservice{service("web", "", "api"), service("api", "", "web", "db!"), service("db", down)}, []string{"web api db"}, ""},
		"two ways to one cause": {[]*v1alpha1.Microservice{service("web", "", "a", "b"), service("a", "", "db!"), service("b", "", "db!"), service("db", down)},
			[]string{"web a db"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := Why(NewWorld(tc.world...), dependency.Key{Namespace: "shop", Name: "web"})
			var causes []string
			for _, c := range a.Causes {
				causes = append(causes, strings.Join(c.Path, " "))
			}
			if strings.Join(causes, ", ") != strings.Join(tc.causes, ", ") || a.Healthy != (len(tc.causes) == 0) || !strings.Contains(a.Summary, tc.summary) || len(a.Load) > 0 {
				t.Errorf("%q, causes %q, to load %v", a.Summary, causes, a.Load)
			}
		})
	}
}

// A Service is the Microservice that the status says, before that one is loaded, and the one that is known.
func TestServiceOfMicroservice(t *testing.T) {
	web := service("web", "", "db!")
	web.Spec.Dependencies[0].Service = &v1alpha1.ObjectReference{Name: "db"}
	key, db := dependency.KeyOf(web), dependency.Key{Namespace: "shop", Name: "db"}
	plain := Why(NewWorld(web), key)
	if len(plain.Load) > 0 || len(plain.Causes) != 1 || plain.Causes[0].Subject != "Service db" {
		t.Errorf("a plain Service: %+v", plain)
	}
	if g := NewGraph(NewWorld(web)); !g.Has("Service/shop/db") {
		t.Errorf("a plain Service: %+v", g.Nodes)
	}

	web.Status.Dependencies[0].Target = "Microservice/shop/db"
	if a := Why(NewWorld(web), key); len(a.Load) != 1 || a.Load[0] != db {
		t.Errorf("it is to load %v", a.Load)
	}
	w := NewWorld(web, service("db", v1alpha1.ReasonQuotaExceeded))
	if a := Why(w, key); len(a.Causes) != 1 || a.Causes[0].Subject != "db" {
		t.Errorf("the causes are %+v", a.Causes)
	}
	if g := NewGraph(w); len(g.Nodes) != 2 || g.Edges[0].To != "shop/db" {
		t.Errorf("the graph is %+v", g)
	}
	if c := NewSystem(w).Coupling(); c.Edges != 1 || c.LongestChain != 2 {
		t.Errorf("it is coupled as %+v", c)
	}
}

// Parked is well, but not for whoever calls it.
func TestWhyOfParked(t *testing.T) {
	db := service("db", "")
	db.Spec.Replicas = new(int32(0))
	db.Status.Conditions[0].Reason = v1alpha1.ReasonParked
	w := NewWorld(service("web", "", "db!"), db)
	a := Why(w, dependency.Key{Namespace: "shop", Name: "web"})
	if len(a.Causes) != 1 || a.Causes[0].Cure != "start it: kubectl scale microservice db -n shop --replicas=1" {
		t.Errorf("%+v", a.Causes)
	}
	if a := Why(w, dependency.Key{Namespace: "shop", Name: "db"}); !a.Healthy || !strings.HasPrefix(a.Summary, "db is parked: ") {
		t.Errorf("%+v", a)
	}
}

// What the one who asks may not read, or what is gone, matters only if somebody misses it.
func TestWhyOfHidden(t *testing.T) {
	web, api := dependency.Key{Namespace: "shop", Name: "web"}, dependency.Key{Namespace: "shop", Name: "api"}
	for state, causes := range map[string]int{"api": 0, "api!": 1} {
		w := NewWorld(service("web", "", state))
		if a := Why(w, web); len(a.Load) != 1 || a.Load[0] != api || a.Healthy {
			t.Errorf("%s: it wants to load %v", state, a.Load)
		}
		w.Hidden.Insert(api)
		if a := Why(w, web); len(a.Causes) != causes || a.Healthy != (causes == 0) {
			t.Errorf("%s: %+v", state, a.Causes)
		}
	}
}

// Ten thousand Microservices in a hundred layers, each of which depends on three of the next: every one is visited once, not once for
// each way to it, of which there are more than can be counted.
func TestWhyOfManyWays(t *testing.T) {
	const layers, width = 100, 100
	name := func(layer, i int) string { return fmt.Sprintf("m%d-%d", layer, i%width) }
	var all []*v1alpha1.Microservice
	for layer := range layers {
		for i := range width {
			var dependencies []string
			for d := range 3 {
				switch {
				case layer == layers-2 && i < 3 && d == 0:
					dependencies = append(dependencies, name(layer+1, 0)+"!")
				case layer < layers-1:
					dependencies = append(dependencies, name(layer+1, i+d+1))
				}
			}
			reason := ""
			if layer == layers-1 && i == 0 {
				reason = v1alpha1.ReasonQuotaExceeded
			}
			all = append(all, service(name(layer, i), reason, dependencies...))
		}
	}
	a := Why(NewWorld(all...), dependency.Key{Namespace: "shop", Name: name(0, 0)})
	if len(a.Causes) != 1 || a.Causes[0].Subject != name(layers-1, 0) || a.Healthy {
		t.Errorf("%d causes: %s", len(a.Causes), a.Summary)
	}
}
