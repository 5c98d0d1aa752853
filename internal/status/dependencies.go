package status

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// maxDependents bounds the list in status. The count covers all.
const maxDependents = 50

// dependencyReasons are the reasons of DependenciesReady by state, worst first: states that need an edit come before those that
// may heal.
var dependencyReasons = []struct {
	state  v1alpha1.DependencyState
	reason string
}{
	{v1alpha1.DependencyNotPermitted, v1alpha1.ReasonDependencyNotPermitted},
	{v1alpha1.DependencyNotFound, v1alpha1.ReasonDependencyNotFound},
	{v1alpha1.DependencyPortNotFound, v1alpha1.ReasonDependencyPortNotFound},
	{v1alpha1.DependencyNotReady, v1alpha1.ReasonDependencyNotReady},
	{v1alpha1.DependencyUnverified, v1alpha1.ReasonDependencyUnverified},
}

// dependenciesCondition covers required direct dependencies.
func dependenciesCondition(ms *v1alpha1.Microservice, o Observation) metav1.Condition {
	c := metav1.Condition{Type: v1alpha1.ConditionDependenciesReady, Status: metav1.ConditionTrue}
	if len(ms.Spec.Dependencies) == 0 {
		c.Reason, c.Message = v1alpha1.ReasonNoDependencies, "No dependencies are declared"
		return c
	}
	if len(o.Dependencies) == 0 {
		c.Status, c.Reason, c.Message = metav1.ConditionUnknown, v1alpha1.ReasonDependencyUnverified, "The dependencies are not resolved yet"
		return c
	}
	c.Reason = v1alpha1.ReasonDependenciesAvailable
	counted := required(ms, o.Dependencies)
	if len(counted) == 0 {
		c.Message = "No dependency is checked: each is optional or outside the cluster"
		return c
	}
	c.Message = fmt.Sprintf("%s required dependencies are ready", fraction(counted, " of "))
	for _, r := range dependencyReasons {
		if slices.ContainsFunc(counted, func(d v1alpha1.DependencyStatus) bool { return d.State == r.state }) {
			c.Status, c.Reason = metav1.ConditionFalse, r.reason
			if r.state == v1alpha1.DependencyUnverified {
				c.Status = metav1.ConditionUnknown
			}
			c.Message += "; " + strings.Join(unready(counted), "; ")
			return c
		}
	}
	return c
}

// required returns the dependencies that count: not optional, and in the cluster, where their health can be observed.
func required(ms *v1alpha1.Microservice, all []v1alpha1.DependencyStatus) []v1alpha1.DependencyStatus {
	var counted []v1alpha1.DependencyStatus
	for _, d := range all {
		if !d.Optional && !outside(ms, d.Name) {
			counted = append(counted, d)
		}
	}
	return counted
}

func outside(ms *v1alpha1.Microservice, name string) bool {
	return slices.ContainsFunc(ms.Spec.Dependencies, func(d v1alpha1.Dependency) bool {
		return d.Name == name && d.External != nil
	})
}

func unready(dependencies []v1alpha1.DependencyStatus) []string {
	var words []string
	for _, d := range dependencies {
		if d.State != v1alpha1.DependencyReady {
			words = append(words, fmt.Sprintf("%s (%s): %s", d.Name, d.State, d.Message))
		}
	}
	return words
}

// summary formats the ready and required dependencies, such as 2/3. It is empty if none are required.
func summary(ms *v1alpha1.Microservice, all []v1alpha1.DependencyStatus) string {
	counted := required(ms, all)
	if len(counted) == 0 {
		return ""
	}
	return fraction(counted, "/")
}

func fraction(dependencies []v1alpha1.DependencyStatus, of string) string {
	ready := len(dependencies) - len(unready(dependencies))
	return fmt.Sprintf("%d%s%d", ready, of, len(dependencies))
}

// cycleCondition carries the path.
func cycleCondition(path string) metav1.Condition {
	return metav1.Condition{
		Type:    v1alpha1.ConditionDependencyCycle,
		Status:  metav1.ConditionTrue,
		Reason:  v1alpha1.ReasonDependencyCycle,
		Message: path,
	}
}

// dependencies keeps the order of the stored entries, so that an equal status compares as equal, and the time of those whose
// state did not change.
func dependencies(stored, observed []v1alpha1.DependencyStatus, now metav1.Time) []v1alpha1.DependencyStatus {
	next := make([]v1alpha1.DependencyStatus, 0, len(observed))
	for _, before := range stored {
		if i := indexOf(observed, before.Name); i >= 0 {
			d := observed[i]
			d.Message = bounded(d.Message)
			d.LastTransitionTime = &now
			if before.State == d.State {
				d.LastTransitionTime = before.LastTransitionTime
			}
			next = append(next, d)
		}
	}
	for _, d := range observed {
		if indexOf(next, d.Name) < 0 {
			d.Message = bounded(d.Message)
			d.LastTransitionTime = &now
			next = append(next, d)
		}
	}
	if len(next) == 0 {
		return nil
	}
	return next
}

func indexOf(dependencies []v1alpha1.DependencyStatus, name string) int {
	return slices.IndexFunc(dependencies, func(d v1alpha1.DependencyStatus) bool { return d.Name == name })
}
