package explain

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/sets"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// AnnotationIgnore on a Microservice lists the codes that are not reported for it, separated by commas.
const AnnotationIgnore = "apps.microservice.dev/analyze-ignore"

// Severity is how bad a finding is.
type Severity string

const (
	// Error means that it cannot work as declared.
	Error Severity = "error"
	// Warning means that it is likely to cause trouble.
	Warning Severity = "warning"
	// Advice means that it could be better.
	Advice Severity = "advice"
)

// Finding is one weakness of a system.
type Finding struct {
	// Code is stable, such as MSV101. docs/reference/analyze.md explains each.
	Code     string   `json:"code"`
	Severity Severity `json:"severity"`
	// Namespace and Name are those of the Microservice to change.
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Field is the field to change, such as spec.dependencies.
	Field   string `json:"field"`
	Message string `json:"message"`
	// Cure is what to do.
	Cure string `json:"cure"`
}

// Coupling is how tightly a system is coupled.
type Coupling struct {
	Services int `json:"services"`
	// Edges are the dependencies between Microservices.
	Edges int `json:"edges"`
	// LongestChain is the number of Microservices on the longest chain of required dependencies; members of a cycle count once.
	LongestChain int `json:"longestChain"`
	// LargestCycle is the number of its members, 0 for none.
	LargestCycle int `json:"largestCycle"`
}

// Check is one thing that Analyze looks for.
type Check struct {
	Code     string
	Severity Severity
	// Title is what is wrong, in a few words.
	Title string
	run   func(*System, *v1alpha1.Microservice) []problem
}

// problem is a finding without what its check and its Microservice tell.
type problem struct{ field, message, cure string }

// System is a world with what the checks need. It is the whole system: a dependency on a Microservice that it does not have does not
// exist.
type System struct {
	world World
	// all are sorted by namespace and name.
	all        []*v1alpha1.Microservice
	dependents map[dependency.Key][]*v1alpha1.Microservice
	cycles     map[dependency.Key]*dependency.Cycle
	// databases are the Microservices by the database that they use.
	databases map[string][]*v1alpha1.Microservice
	// depth is the number of Microservices on the longest chain below each.
	depth map[dependency.Key]int
}

// NewSystem prepares a world for its analysis.
func NewSystem(w World) *System {
	s := &System{
		world: w, all: w.Sorted(), dependents: w.Dependents(), databases: map[string][]*v1alpha1.Microservice{}, depth: map[dependency.Key]int{},
	}
	s.cycles = dependency.Cycles(s.all, nil)
	for _, ms := range s.all {
		for _, name := range databasesOf(ms) {
			s.databases[name] = append(s.databases[name], ms)
		}
	}
	return s
}

// Analyze returns the weaknesses of the system, sorted by Microservice and code. wanted selects checks.
func (s *System) Analyze(wanted func(code string) bool) []Finding {
	findings := []Finding{}
	for _, ms := range s.all {
		ignored := sets.New(strings.FieldsFunc(ms.Annotations[AnnotationIgnore], func(r rune) bool { return r == ',' || r == ' ' })...)
		for _, c := range Checks {
			if !wanted(c.Code) || ignored.Has(c.Code) {
				continue
			}
			for _, p := range c.run(s, ms) {
				findings = append(findings, Finding{
					Code: c.Code, Severity: c.Severity, Namespace: ms.Namespace, Name: ms.Name, Field: p.field, Message: p.message, Cure: p.cure,
				})
			}
		}
	}
	return findings
}

// chain returns the number of Microservices on the longest chain of required dependencies that begins at one. The members of a cycle
// count as one.
func (s *System) chain(key dependency.Key) int {
	if n, known := s.depth[key]; known {
		return n
	}
	if s.world.Microservices[key] == nil {
		return 0
	}
	cycle := s.cycles[key]
	members := []dependency.Key{key}
	if cycle != nil {
		members = cycle.Members()
	}
	longest := 0
	for _, member := range members {
		ms := s.world.Microservices[member]
		for i := range ms.Spec.Dependencies {
			d := &ms.Spec.Dependencies[i]
			if target := s.world.targetOf(ms, d); !d.Optional && target.Kind == dependency.Microservice && !cycle.Has(target) && !dependency.IsSelf(ms, target) {
				longest = max(longest, s.chain(target.Key))
			}
		}
	}
	for _, member := range members {
		s.depth[member] = 1 + longest
	}
	return 1 + longest
}

// Coupling measures how tightly the system is coupled.
func (s *System) Coupling() Coupling {
	c := Coupling{Services: len(s.all)}
	for _, ms := range s.all {
		services := dependency.Targets(ms, dependency.Service)
		for _, key := range dependency.Targets(ms, dependency.Microservice) {
			if s.world.Microservices[key] != nil || !slices.Contains(services, key) {
				c.Edges++
			}
		}
		c.LongestChain = max(c.LongestChain, s.chain(dependency.KeyOf(ms)))
		if cycle := s.cycles[dependency.KeyOf(ms)]; cycle != nil {
			c.LargestCycle = max(c.LargestCycle, len(cycle.Members()))
		}
	}
	return c
}
