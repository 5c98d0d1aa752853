package explain

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Answer is why a Microservice is not well.
type Answer struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Exists    bool   `json:"exists"`
	// Healthy is set if it is Ready, and all its required dependencies are.
	Healthy bool `json:"healthy"`
	// Summary is one sentence.
	Summary string `json:"summary"`
	// Causes are the first causes, the deepest first.
	Causes []Cause `json:"causes"`
	// Besides are what the Microservice asks for and does not have, and can be well without: Routed, Monitored.
	Besides []Cause `json:"besides"`

	// Load are the Microservices that the answer still depends on: load them, and ask again.
	Load []dependency.Key `json:"-"`
}

// Cause is where the trouble begins.
type Cause struct {
	// Path leads from the Microservice that was asked about to the cause, by name.
	Path []string `json:"path"`
	// Subject is the last of the path.
	Subject string `json:"subject"`
	// Reason is the reason of a condition, or the state of a dependency.
	Reason string `json:"reason"`
	// Message has the words of the cluster.
	Message string `json:"message"`
	// Since is when it began, nil if that is unknown.
	Since *metav1.Time `json:"since,omitempty"`
	// Cure is what to do about it.
	Cure string `json:"cure,omitempty"`
	// Serves tells what still works, empty if that is unknown.
	Serves string `json:"serves,omitempty"`
}

// Why follows the required dependencies to the first causes. It goes through those that are ready: a Microservice is Ready when its own
// pods are.
func Why(w World, key dependency.Key) Answer {
	a := Answer{Namespace: key.Namespace, Name: key.Name, Causes: []Cause{}, Besides: []Cause{}}
	if w.Absent.Has(key) {
		a.Summary = fmt.Sprintf("There is no Microservice %s in namespace %s", key.Name, key.Namespace)
		return a
	}
	a.Exists = true
	walk := walker{world: w, answer: &a, visited: map[visit]bool{}}
	walk.visit(nil, visit{key: key})
	a.Healthy = len(a.Causes) == 0 && len(a.Load) == 0
	if ms := w.Microservices[key]; ms != nil {
		a.Summary, a.Besides = summary(ms, a.Healthy), besides(ms)
	}
	return a
}

// summary is the state of the Microservice itself, and how many of its dependencies are ready.
func summary(ms *v1alpha1.Microservice, healthy bool) string {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case healthy && ready != nil && ready.Reason == v1alpha1.ReasonScaledToZero:
		return ms.Name + " is well: its own autoscaler scaled it to 0, so whoever calls it reaches nobody until that starts a replica"
	case healthy && ready != nil && ready.Reason == v1alpha1.ReasonParked:
		return ms.Name + " is parked: spec.replicas is 0, so whoever calls it reaches nobody"
	case healthy && ms.Status.DependenciesSummary != "":
		return fmt.Sprintf("%s is well: Ready, and %s dependencies are", ms.Name, ms.Status.DependenciesSummary)
	case healthy:
		return fmt.Sprintf("%s is well: Ready", ms.Name)
	case isTrue(ready, ms) && isTrue(meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionDependenciesReady), ms):
		return fmt.Sprintf("%s is Ready, and so are its dependencies, but not what those depend on", ms.Name)
	case isTrue(ready, ms) && ms.Status.DependenciesSummary != "":
		return fmt.Sprintf("%s is Ready, but only %s of its dependencies are", ms.Name, ms.Status.DependenciesSummary)
	case ready == nil:
		return fmt.Sprintf("%s has no status yet", ms.Name)
	default:
		return fmt.Sprintf("%s is not Ready: %s", ms.Name, ready.Reason)
	}
}

// walker walks the graph depth first.
type walker struct {
	world  World
	answer *Answer
	// visited are those that were walked, and whether anything was found.
	visited map[visit]bool
}

// visit is one Microservice on the way.
type visit struct {
	key dependency.Key
	// serves is set if the one before says that it does: then only what is behind it can be a cause.
	serves bool
}

// visit adds the causes of a Microservice that is not well, and returns whether there are any, or may be. path leads to it.
func (w *walker) visit(path []dependency.Key, v visit) bool {
	key := v.key
	if slices.Contains(path, key) {
		return false // a cycle: the cause is elsewhere on it
	}
	path = append(slices.Clone(path), key)
	ms := w.world.Microservices[key]
	found, walked := w.visited[v]
	switch {
	case ms == nil && v.serves && (w.world.Hidden.Has(key) || w.world.Absent.Has(key)):
		return false
	case w.world.Hidden.Has(key):
		w.add(path, Cause{Reason: "Forbidden", Message: "you may not read it", Cure: "ask somebody who may read namespace " + key.Namespace})
		return true
	case ms == nil:
		w.load(key)
		return true
	case walked:
		return found // its causes are known by another path
	}
	for i := range ms.Spec.Dependencies {
		if w.dependency(path, ms, &ms.Spec.Dependencies[i]) {
			found = true
		}
	}
	if cause := own(ms, found); cause != nil && !v.serves {
		w.add(path, *cause)
		found = true
	}
	w.visited[v] = found
	return found
}

// dependency adds the causes of one dependency that is required.
func (w *walker) dependency(path []dependency.Key, ms *v1alpha1.Microservice, d *v1alpha1.Dependency) bool {
	target := w.world.targetOf(ms, d)
	at := ms.Status.Dependency(d.Name)
	if d.Optional || target.Kind == dependency.External || at == nil {
		return false
	}
	switch {
	case at.State == v1alpha1.DependencyReady:
		return target.Kind == dependency.Microservice && w.visit(path, visit{key: target.Key, serves: true})
	case at.State == v1alpha1.DependencyNotReady && target.Kind == dependency.Microservice && w.visit(path, visit{key: target.Key}):
		return true
	case at.State == v1alpha1.DependencyNotReady && target.Kind == dependency.Microservice && slices.Contains(path, target.Key):
		return false
	default:
		subject := Name(target.Key, w.answer.Namespace)
		if target.Kind == dependency.Service {
			subject = "Service " + subject
		}
		w.answer.Causes = append(w.answer.Causes, Cause{
			Path: append(w.names(path), subject), Subject: subject, Reason: string(at.State), Message: at.Message,
			Since: at.LastTransitionTime, Cure: w.world.dependencyCure(ms, at, target, subject),
		})
		return true
	}
}

// own returns what is wrong with a Microservice itself, nil for nothing. With deeper causes a rollout that is merely under way,
// or waits for them, is none.
func own(ms *v1alpha1.Microservice, deeper bool) *Cause {
	ready := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionReady)
	switch {
	case ms.DeletionTimestamp != nil:
		return &Cause{Reason: "Deleting", Message: "it is being deleted", Since: ms.DeletionTimestamp}
	case ready == nil || ms.Status.ObservedGeneration != ms.Generation:
		return &Cause{
			Reason:  "NotObserved",
			Message: fmt.Sprintf("the operator has not observed generation %d of the spec", ms.Generation),
			Cure:    "check that the operator runs and watches namespace " + ms.Namespace,
		}
	case ready.Status == metav1.ConditionTrue:
		return nil
	case deeper && (ready.Reason == v1alpha1.ReasonWaitingForDependency || ready.Reason == v1alpha1.ReasonRollingOut):
		return nil
	}
	// Reconciling and Stalled have the reason and the words of the pods.
	c := ready
	for _, of := range []string{v1alpha1.ConditionStalled, v1alpha1.ConditionReconciling} {
		if pods := meta.FindStatusCondition(ms.Status.Conditions, of); pods != nil && pods.ObservedGeneration == ms.Generation {
			c = pods
		}
	}
	return &Cause{Reason: c.Reason, Message: c.Message, Since: &ready.LastTransitionTime, Cure: cure(ms, c.Reason), Serves: serves(ms)}
}

// serves tells whether pods answer although the newest ones do not.
func serves(ms *v1alpha1.Microservice) string {
	c := meta.FindStatusCondition(ms.Status.Conditions, v1alpha1.ConditionAvailable)
	switch {
	case c == nil:
		return ""
	case c.Status == metav1.ConditionTrue:
		return fmt.Sprintf("pods still serve (%d available)", ms.Status.AvailableReplicas)
	case ms.Status.AvailableReplicas > 0:
		return fmt.Sprintf("only %d pods serve", ms.Status.AvailableReplicas)
	default:
		return "nothing serves"
	}
}

func isTrue(c *metav1.Condition, ms *v1alpha1.Microservice) bool {
	return c != nil && c.Status == metav1.ConditionTrue && ms.Status.ObservedGeneration == ms.Generation
}

func (w *walker) add(path []dependency.Key, c Cause) {
	c.Path = w.names(path)
	c.Subject = c.Path[len(c.Path)-1]
	w.answer.Causes = append(w.answer.Causes, c)
}

func (w *walker) load(key dependency.Key) {
	if !slices.Contains(w.answer.Load, key) {
		w.answer.Load = append(w.answer.Load, key)
	}
}

func (w *walker) names(path []dependency.Key) []string {
	names := make([]string, 0, len(path))
	for _, key := range path {
		names = append(names, Name(key, w.answer.Namespace))
	}
	return names
}
