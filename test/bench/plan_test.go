package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// What is said on the command line takes the place of what the series says, and nothing else does.
func TestPlanOf(t *testing.T) {
	p, err := planOf("full", overrides{burst: 20, pairs: 3, sizes: "10,40", steady: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	if p.burst != 20 || p.bigBurst != 0 || p.pairs != 3 || p.others != 3 || !slices.Equal(p.sizes, []int{10, 40}) || p.many != 40 || p.steady != time.Minute {
		t.Errorf("the plan is %+v", p)
	}
	if p, _ := planOf("full", overrides{}); p.burst != 1000 || p.bigBurst != 5000 || p.pairs != 7 || p.others != 2 || p.many != 5000 || len(p.sizes) != 4 {
		t.Errorf("the plan of the series is %+v", p)
	}
	for want, o := range map[string]overrides{
		`-burst=-1`:                            {burst: -1},
		`-pairs=-2`:                            {pairs: -2},
		`-sizes="5,x": "x" is no number`:       {sizes: "5,x"},
		`-sizes="5,5": "5" is no number above`: {sizes: "5,5"},
		`-sizes="0"`:                           {sizes: "0"},
		`-sizes=",": has no number`:            {sizes: ","},
	} {
		if _, err := planOf("short", o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", o, err, want)
		}
	}
	if _, err := planOf("long", overrides{}); err == nil || !strings.Contains(err.Error(), `-series="long"`) {
		t.Errorf("a series that there is not: %v", err)
	}
}

// Systems take turns: the first baseline in every round, the others as often as the plan says, and every other round
// backwards.
func TestTurn(t *testing.T) {
	b := &bench{system: &System{Name: "a"}, baselines: []*System{{Name: "b"}, {Name: "c"}, {Name: "d"}}}
	rounds := func(p plan) (rounds []string) {
		b.plan = p
		for round := range p.pairs {
			var names []string
			for _, s := range b.turn(round) {
				names = append(names, s.Name)
			}
			rounds = append(rounds, strings.Join(names, ""))
		}
		return rounds
	}
	if got, want := rounds(plan{pairs: 3, others: 1}), []string{"abcd", "ba", "ab"}; !slices.Equal(got, want) {
		t.Errorf("as a series says: %q, want %q", got, want)
	}
	p, err := planOf("short", overrides{pairs: 3})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rounds(p), []string{"abcd", "dcba", "abcd"}; !slices.Equal(got, want) {
		t.Errorf("with -pairs: %q, want %q", got, want)
	}
}

// A workload for Microservices is refused for another operator where it is asked for, and left out where it is not.
func TestWorkloadsForMicroservicesAlone(t *testing.T) {
	b := &bench{only: []string{"hub"}}
	if err := b.configure("test/bench/systems/naive.yaml", nil); err == nil || !strings.Contains(err.Error(), `-only="hub"`) {
		t.Errorf("hub for naive: %v", err)
	}
	b.only = nil
	if err := b.configure("test/bench/systems/naive.yaml", nil); err != nil {
		t.Error(err)
	}
	b.only = []string{"hub"}
	if err := b.configure("test/bench/systems/microservice-operator.yaml", []string{"naive"}); err != nil {
		t.Error(err)
	}
}
