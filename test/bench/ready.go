package main

import (
	"errors"
	"fmt"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// Ready is where a custom resource says that it is ready, for one that has no condition Ready. Its fields but Value are
// JSONPaths without braces, such as status.phase.
type Ready struct {
	// Path is what says it, and Value what it says then.
	Path  string `json:"path"`
	Value string `json:"value"`
	// Observed is the generation of which it is said. Without it, it is said of the generation that the object has.
	Observed string `json:"observed,omitempty"`
	// Since is the time at which it was said last. What is older than the last change is not said of that, so that a status
	// without a generation is not taken for an answer to what it has not seen yet.
	Since string `json:"since,omitempty"`
}

func (r *Ready) validate() error {
	if r == nil {
		return nil
	}
	if r.Path == "" {
		return errors.New("ready.path is empty: name the field that says that a custom resource is ready, such as status.phase")
	}
	if r.Value == "" {
		return fmt.Errorf("ready.value is empty: give what %s says when a custom resource is ready, such as Running", r.Path)
	}
	for name, path := range map[string]string{"path": r.Path, "observed": r.Observed, "since": r.Since} {
		if _, err := parsePath(path); err != nil {
			return fmt.Errorf(`ready.%s is %q, which is no JSONPath (%w): write it without braces, such as status.conditions[?(@.type=="Ready")].status`, name, path, err)
		}
	}
	return nil
}

// generation is the one that the object says is ready, 0 for none, and since when it says so, the zero time for unknown.
func (r *Ready) generation(o *unstructured.Unstructured) (generation int64, since time.Time) {
	if r == nil {
		return readyGeneration(o), since
	}
	if at(o, r.Path) != r.Value {
		return 0, since
	}
	generation = o.GetGeneration()
	if r.Observed != "" {
		generation, _ = strconv.ParseInt(at(o, r.Observed), 10, 64) // what is no number is no generation
	}
	if r.Since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, at(o, r.Since)); err != nil {
			return 0, since
		}
	}
	return generation, since
}

// at is what an object has at a path, empty for nothing.
func at(o *unstructured.Unstructured, path string) string {
	parsed, err := parsePath(path)
	if err != nil {
		return ""
	}
	found, err := parsed.FindResults(o.Object)
	if err != nil || len(found) == 0 || len(found[0]) == 0 {
		return ""
	}
	return fmt.Sprint(found[0][0].Interface())
}

func parsePath(path string) (*jsonpath.JSONPath, error) {
	parsed := jsonpath.New("ready").AllowMissingKeys(true)
	return parsed, parsed.Parse("{." + path + "}")
}

// readyGeneration is the one of which the condition Ready is True, 0 for none.
func readyGeneration(o *unstructured.Unstructured) int64 {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	observed, _, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	for _, c := range conditions {
		condition, _ := c.(map[string]any)
		if condition["type"] != "Ready" {
			continue
		}
		if condition["status"] != "True" {
			return 0
		}
		if g, ok := condition["observedGeneration"].(int64); ok {
			return g
		}
		if observed > 0 {
			return observed
		}
		return o.GetGeneration()
	}
	return 0
}
