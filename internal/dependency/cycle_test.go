package dependency_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

func TestCycleMembers(t *testing.T) {
	cycles := dependency.Cycles(graph("web: a", "b: bank/z a", "a: c", "c: b", "bank/z: b"), nil)
	a := cycles[key("a")]
	for _, member := range []string{"a", "b", "c", "bank/z"} {
		if cycles[key(member)] != a {
			t.Errorf("%s has another cycle than a", member)
		}
		if !a.Has(dependency.Target{Kind: dependency.Microservice, Key: key(member)}) {
			t.Errorf("%s is no member", member)
		}
	}
	if cycles[key("web")] != nil {
		t.Error("web only leads to a cycle, and has one")
	}
	for _, other := range []dependency.Target{
		{Kind: dependency.Microservice, Key: key("web")},
		{Kind: dependency.Microservice, Key: key("bank/a")},
		{Kind: dependency.Service, Key: key("a")},
		{Kind: dependency.External},
	} {
		if a.Has(other) {
			t.Errorf("%v is a member", other)
		}
	}
	if diff := cmp.Diff([]dependency.Key{key("bank/z"), key("a"), key("b"), key("c")}, a.Members()); diff != "" {
		t.Errorf("members (-want +got):\n%s", diff)
	}
	if path := a.Path(key("web")); path != nil {
		t.Errorf("the path from what is no member is %v", path)
	}
}

func TestCycleEqual(t *testing.T) {
	of := func(edges ...string) *dependency.Cycle { return dependency.Cycles(graph(edges...), nil)[key("a")] }
	triangle := of("a: b", "b: c", "c: a")
	cases := map[string]struct {
		one, other *dependency.Cycle
		want       bool
	}{
		"the same":                        {triangle, triangle, true},
		"built again, in another order":   {triangle, of("c: a", "b: c", "a: b"), true},
		"with something beside it":        {triangle, of("web: a", "a: b other", "b: c", "c: a", "other:", "x: y", "y: x"), true},
		"with a way into another cycle":   {triangle, of("a: b x", "b: c", "c: a", "x: y", "y: x"), true},
		"with one edge more":              {triangle, of("a: b c", "b: c", "c: a"), false},
		"the other way round":             {triangle, of("b: a", "c: b", "a: c"), false},
		"with one member more":            {triangle, of("a: b", "b: c", "c: d", "d: a"), false},
		"with another member":             {triangle, of("a: b", "b: d", "d: a"), false},
		"none, and one":                   {nil, triangle, false},
		"one, and none":                   {triangle, nil, false},
		"none, and none":                  {nil, nil, true},
		"edges named in another order":    {of("a: b c", "b: a", "c: a"), of("a: c b", "b: a", "c: a"), true},
		"an edge that another alias adds": {of("a: b", "b: a"), of("a: b b", "b: a"), true},
	}
	for name, tc := range cases {
		t.Run(name, func(t *testing.T) {
			if got := tc.one.Equal(tc.other); got != tc.want {
				t.Errorf("Equal() = %v, want %v", got, tc.want)
			}
		})
	}
}

// A nil Cycle is that of what is in none, so every question to it has an answer.
func TestNilCycleHasNoMembers(t *testing.T) {
	var none *dependency.Cycle
	questions := map[string]func() bool{
		"Has":      func() bool { return none.Has(dependency.Target{Kind: dependency.Microservice, Key: key("web")}) },
		"Members":  func() bool { return len(none.Members()) > 0 },
		"Path":     func() bool { return len(none.Path(key("web"))) > 0 },
		"Describe": func() bool { return none.Describe(key("web")) != "" },
		"Equal":    func() bool { return !none.Equal(nil) },
	}
	for name, finds := range questions {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if p := recover(); p != nil {
					t.Errorf("%s() of a nil Cycle panics: %v", name, p)
				}
			}()
			if finds() {
				t.Errorf("%s() of a nil Cycle finds something", name)
			}
		})
	}
}

func TestRingOf200(t *testing.T) {
	const n = 200
	var edges []string
	for i := range n {
		edges = append(edges, fmt.Sprintf("m%03d: m%03d", i, (i+1)%n))
	}
	cycles := dependency.Cycles(graph(edges...), nil)
	if len(cycles) != n {
		t.Fatalf("%d members, want %d", len(cycles), n)
	}
	path := cycles[key("m150")].Path(key("m150"))
	if len(path) != n+1 || path[0] != key("m150") || path[1] != key("m151") || path[50] != key("m000") || path[n] != key("m150") {
		t.Errorf("the path from m150 has %d steps: %v", len(path)-1, path)
	}
}
