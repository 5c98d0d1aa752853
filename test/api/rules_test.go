package api_test

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"
)

// rule is one object that the API server accepts, or refuses with a message about a field.
type rule struct {
	name    string // of the object, "web" where none is said
	spec    string // YAML; where it has no image it gets one; with no YAML there is no spec
	noImage bool
	before  string // YAML of the spec that is stored, which the case edits
	status  string // YAML, put on a stored object through the status subresource
	field   string // of what the user is told; with no message the object is accepted
	message string
	older   string // the message of Kubernetes 1.34, where it has other words
}

// rules are the cases of all files, keyed by sentence.
func rules() map[string]rule {
	all := map[string]rule{}
	for _, table := range []map[string]rule{
		objectRules, workloadRules, portRules, dependencyRules, networkRules, sizeRules, rolloutRules, podTemplateRules,
		strictRules, statusRules, routeRules, metricsRules, credentialRules, observabilityRules, metadataRules(),
	} {
		maps.Copy(all, table)
	}
	return all
}

func TestRules(t *testing.T) {
	stored := microservice(t, rule{name: "status", spec: "{}"})
	create(t, stored)
	for name, tc := range rules() {
		t.Run(name, func(t *testing.T) {
			ms := microservice(t, tc)
			if tc.before != "" {
				edited := microservice(t, rule{name: "edited", spec: tc.before})
				create(t, edited)
				edited.Object["spec"] = ms.Object["spec"]
				check(t, tc, kube.Update(context.Background(), edited, client.DryRunAll))
				return
			}
			if tc.status == "" {
				check(t, tc, kube.Create(context.Background(), ms, client.DryRunAll))
				return
			}
			ms.SetName(stored.GetName())
			ms.SetResourceVersion(stored.GetResourceVersion())
			ms.Object["status"] = parse(t, tc.status)
			check(t, tc, kube.Status().Update(context.Background(), ms, client.DryRunAll))
		})
	}
}

// check compares the server's answer with what the case wants the user to read.
func check(t *testing.T, tc rule, err error) {
	t.Helper()
	if tc.message == "" {
		if err != nil {
			t.Errorf("want it accepted, got: %v", err)
		}
		return
	}
	if err == nil {
		t.Fatalf("accepted; want it refused with %s: %s", tc.field, tc.message)
	}
	for _, c := range causes(err) {
		if c.Field == tc.field && (strings.Contains(c.Message, tc.message) || tc.older != "" && strings.Contains(c.Message, tc.older)) {
			return
		}
	}
	t.Errorf("want %s: %s\ngot: %v", tc.field, tc.message, err)
}

// causes are the lines that kubectl prints. An error without causes is one line.
func causes(err error) []metav1.StatusCause {
	var status apierrors.APIStatus
	if errors.As(err, &status) && status.Status().Details != nil && len(status.Status().Details.Causes) > 0 {
		return status.Status().Details.Causes
	}
	return []metav1.StatusCause{{Message: err.Error()}}
}

func microservice(t *testing.T, tc rule) *unstructured.Unstructured {
	t.Helper()
	ms := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps.microservice.dev/v1alpha1",
		"kind":       "Microservice",
		"metadata":   map[string]any{"name": "web", "namespace": "default"},
	}}
	if tc.name != "" {
		ms.SetName(tc.name)
	}
	if tc.spec == "" {
		return ms
	}
	spec := parse(t, tc.spec)
	if spec["image"] == nil && !tc.noImage {
		spec["image"] = "ghcr.io/acme/web:1.4.2"
	}
	ms.Object["spec"] = spec
	return ms
}

func parse(t *testing.T, text string) map[string]any {
	t.Helper()
	out := map[string]any{}
	content, err := yaml.YAMLToJSON([]byte(text))
	if err == nil {
		err = json.Unmarshal(content, &out) // with int64, as the client has it
	}
	if err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return out
}

// create stores the object for the rest of the test. It fills in what the server adds.
func create(t *testing.T, ms *unstructured.Unstructured) {
	t.Helper()
	if err := kube.Create(context.Background(), ms); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := kube.Delete(context.Background(), ms); client.IgnoreNotFound(err) != nil {
			t.Error(err)
		}
	})
}

func TestEveryRuleHasARefusedCase(t *testing.T) {
	refused := map[string][]string{}
	for _, tc := range rules() {
		if tc.message != "" {
			field := schemaPath(tc.field)
			refused[field] = append(refused[field], tc.message)
		}
	}
	for _, c := range constraints(t) {
		matches := func(message string) bool { return message == c.message }
		if !c.full {
			matches = func(message string) bool { return strings.Contains(message, c.message) }
		}
		if !slices.ContainsFunc(refused[c.field], matches) {
			t.Errorf("no refused case for %s: %s", c.field, c.message)
		}
	}
}

func TestEveryFieldWithARuleHasAnAcceptedCase(t *testing.T) {
	accepted := map[string]bool{}
	for _, tc := range rules() {
		if tc.message == "" {
			ms := microservice(t, tc)
			if tc.status != "" {
				ms.Object["status"] = parse(t, tc.status)
			}
			collectPaths(accepted, "", ms.Object)
		}
	}
	for _, c := range constraints(t) {
		if !accepted[strings.TrimSuffix(c.field, "[]")] {
			t.Errorf("no accepted case sets %s", c.field)
		}
	}
}

func collectPaths(paths map[string]bool, at string, value any) {
	paths[schemaPath(at)] = true
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			collectPaths(paths, join(at, key), v)
		}
	case []any:
		for _, v := range value {
			collectPaths(paths, at+"[]", v)
		}
	}
}

var index = regexp.MustCompile(`\[[0-9]+\]`)

// entry is the value of a key in a map of words that users choose.
var entry = regexp.MustCompile(`(\.credentials\.env)(\.\w+|\[[A-Z]\w*\])$`)

// schemaPath is spec.ports[].name for spec.ports[3].name, and env.* for env.PASSWORD and env[PASSWORD].
func schemaPath(field string) string {
	return entry.ReplaceAllString(index.ReplaceAllString(field, "[]"), "$1.*")
}
