package ui

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/explain"
	"github.com/microservice-dev/microservice-operator/internal/inspect"
)

// details are all about one Microservice. It has no values of variables: they may be secret.
type details struct {
	ID     string         `json:"id"`
	Answer explain.Answer `json:"answer"`
	// Image is empty for a Microservice that does not exist, or may not be read.
	Image       string             `json:"image,omitempty"`
	URL         string             `json:"url,omitempty"`
	ExternalURL string             `json:"externalURL,omitempty"`
	Replicas    int32              `json:"replicas"`
	Available   int32              `json:"available"`
	Created     *metav1.Time       `json:"created,omitempty"`
	Conditions  []metav1.Condition `json:"conditions"`
	// Dependencies are in the order of the spec, and Dependents are sorted.
	Dependencies []detailsDependency `json:"dependencies"`
	Dependents   []string            `json:"dependents"`
	// Objects are nil where no cluster is read.
	Objects *inspect.Tree   `json:"objects,omitempty"`
	Events  []inspect.Event `json:"events,omitempty"`
	// CannotSee is why there are no events, empty if they are all.
	CannotSee string `json:"cannotSee,omitempty"`
	// Diff is what becomes of its objects, where systems are compared.
	Diff string `json:"diff,omitempty"`
}

type detailsDependency struct {
	Name     string                   `json:"name"`
	To       string                   `json:"to"`
	State    v1alpha1.DependencyState `json:"state,omitempty"`
	Message  string                   `json:"message,omitempty"`
	Optional bool                     `json:"optional,omitempty"`
}

// detailsOf returns what is known without asking the cluster. dependents are those of the Microservice in the world.
func (s *System) detailsOf(w explain.World, key dependency.Key, dependents []*v1alpha1.Microservice) *details {
	d := &details{
		ID: key.String(), Answer: why(w, key), Conditions: []metav1.Condition{}, Dependencies: []detailsDependency{}, Dependents: []string{},
	}
	for _, ms := range dependents {
		d.Dependents = append(d.Dependents, dependency.KeyOf(ms).String())
	}
	if s.comparison != nil {
		d.Diff = s.comparison.Diffs[key]
	}
	ms := w.Microservices[key]
	if ms == nil {
		return d
	}
	d.Image, d.URL, d.ExternalURL = ms.Spec.Image, ms.Status.URL, ms.Status.ExternalURL
	d.Replicas, d.Available = ms.Status.Replicas, ms.Status.AvailableReplicas
	if !ms.CreationTimestamp.IsZero() {
		d.Created = &ms.CreationTimestamp
	}
	d.Conditions = append(d.Conditions, ms.Status.Conditions...)
	for i := range ms.Spec.Dependencies {
		to, edge := w.EdgeOf(ms, &ms.Spec.Dependencies[i])
		of := detailsDependency{Name: edge.Name, To: to.ID, State: edge.State, Optional: edge.Optional}
		if is := ms.Status.Dependency(edge.Name); is != nil {
			of.Message = is.Message
		}
		d.Dependencies = append(d.Dependencies, of)
	}
	return d
}

// details answers all about one Microservice. It sends one request for each kind of its objects and one for its events. What the user may not
// see is told.
func (s *server) details(w http.ResponseWriter, r *http.Request) {
	key, ok := keyOf(r.URL.Query().Get("id"))
	if !ok {
		http.Error(w, "id: must be NAMESPACE/NAME", http.StatusBadRequest)
		return
	}
	world := s.system.moment().world
	d := s.system.detailsOf(world, key, world.Dependents()[key])
	if ms := world.Microservices[key]; ms != nil && s.reader != nil {
		d.Objects = inspect.NewTree(r.Context(), s.reader, ms)
		var err error
		if d.Events, err = inspect.Events(r.Context(), s.reader, ms); apierrors.IsForbidden(err) {
			d.CannotSee = "forbidden"
		} else if err != nil {
			d.CannotSee = err.Error()
		}
	}
	answer(w, d)
}

// mostReaching is how many dependents are tried at once.
const mostReaching = 10

// reach answers whether NetworkPolicies let others reach a Microservice: the one of from, or those that depend on it.
func (s *server) reach(w http.ResponseWriter, r *http.Request) {
	key, ok := keyOf(r.URL.Query().Get("to"))
	if !ok || s.reader == nil {
		http.Error(w, "to: must be NAMESPACE/NAME of a Microservice in a cluster", http.StatusBadRequest)
		return
	}
	to := inspect.Place{Key: key}
	var from []inspect.Place
	if name := r.URL.Query().Get("from"); name != "" {
		place, err := inspect.ParsePlace(name, key.Namespace)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		from = append(from, place)
	} else {
		for _, ms := range s.system.moment().world.Dependents()[key] {
			from = append(from, inspect.Place{Key: dependency.KeyOf(ms)})
		}
		from = from[:min(len(from), mostReaching)]
	}
	answers, err := inspect.WhoReaches(r.Context(), s.reader, from, to)
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	answer(w, append([]inspect.Reach{}, answers...))
}

func keyOf(id string) (dependency.Key, bool) {
	parts := strings.Split(id, "/")
	if len(parts) != 2 || slices.Contains(parts, "") {
		return dependency.Key{}, false
	}
	return dependency.Key{Namespace: parts[0], Name: parts[1]}, true
}

func answer(w http.ResponseWriter, value any) {
	raw, err := json.Marshal(value)
	if err != nil {
		http.Error(w, fmt.Sprintf("encoding the answer: %v", err), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(raw) // who has gone needs no answer
}
