package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"
	"time"

	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// System is what is measured: an operator, or a program that does the same work. Paths are relative to the root of the
// repository.
type System struct {
	Name string `json:"name"`
	// Command is the program and its arguments, templates over commandValues. It gets KUBECONFIG.
	Command []string `json:"command"`
	// OneWorker are more arguments that have it work on one custom resource at a time.
	OneWorker []string `json:"oneWorker,omitempty"`
	// Env are more variables, NAME=value, templates as the words of the command are.
	Env []string `json:"env,omitempty"`
	// Batch is a program that makes everything there is to make, and ends.
	Batch bool `json:"batch,omitempty"`
	// Beside is a batch beside which the custom resources are created, as they are for an operator.
	Beside bool `json:"beside,omitempty"`
	// AtMost limits the size of a burst for a system that would take too long; 0 does not.
	AtMost int `json:"atMost,omitempty"`
	// Manifests are applied before it starts: CRDs, roles. What a CRD defines is waited for.
	Manifests []string `json:"manifests,omitempty"`
	// ClusterRoles are what its user, bench:NAME, may do everywhere.
	ClusterRoles []string `json:"clusterRoles"`
	// NamespaceLabels are those of the namespaces that its custom resources are in.
	NamespaceLabels map[string]string `json:"namespaceLabels,omitempty"`
	// Template is the file of one custom resource, a template over objectValues.
	Template string `json:"template"`
	// Change is a merge patch that changes one field, a template over changeValues.
	Change string `json:"change,omitempty"`
	// Dependencies says that its custom resources are Microservices, which can depend on each other.
	Dependencies bool `json:"dependencies,omitempty"`
	// Ready is where a custom resource says that it is ready; without it, its condition Ready does.
	Ready *Ready `json:"ready,omitempty"`
	// Patience is how long it is waited for until it is silent, "1m" where nothing is said: some operators never are.
	Patience string `json:"patience,omitempty"`
	// Autoscaler has a HorizontalPodAutoscaler scale its Deployment to its minimum, for who waits for that. It is one write
	// more for each Deployment, by the bench.
	Autoscaler bool `json:"autoscaler,omitempty"`
	// Children are the resources that count as children, in the plural.
	Children []string `json:"children"`

	// objectTemplate is what is in Template, and patience what Patience says.
	objectTemplate *template.Template
	patience       time.Duration
}

// commandValues are what a command and a variable may name.
type commandValues struct {
	// Self is this program, Kubectl that of the local Kubernetes.
	Self, Kubectl string
	// Children is a file with all children, for a batch.
	Children string
	// PprofPort is a free port on 127.0.0.1.
	PprofPort int
	// Namespaces is the list of those to watch, empty for all.
	Namespaces string
}

// objectValues are what the template of an object may name.
type objectValues struct {
	Namespace, Name string
	Index           int
}

// changeValues are what a change may name.
type changeValues struct {
	// Version is another for each change.
	Version int
}

func readSystem(path string) (*System, error) {
	raw, err := os.ReadFile(inRoot(path))
	if err != nil {
		return nil, fmt.Errorf("reading a system: %w", err)
	}
	s := &System{}
	if err := yaml.UnmarshalStrict(raw, s); err != nil {
		return nil, fmt.Errorf("reading system %s: %w", path, err)
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("system %s: %w", path, err)
	}
	text, err := os.ReadFile(inRoot(s.Template))
	if err != nil {
		return nil, fmt.Errorf("reading the template of system %s: %w", s.Name, err)
	}
	if s.objectTemplate, err = template.New(s.Name).Option("missingkey=error").Parse(string(text)); err != nil {
		return nil, fmt.Errorf("reading the template of system %s: %w", s.Name, err)
	}
	return s, nil
}

func (s *System) validate() (err error) {
	if s.Name == "" || len(s.Command) == 0 || s.Template == "" || len(s.Children) == 0 || len(s.ClusterRoles) == 0 {
		return errors.New("name, command, clusterRoles, template and children are required")
	}
	if s.patience, err = time.ParseDuration(cmp.Or(s.Patience, "1m")); err != nil || s.patience <= 0 {
		return fmt.Errorf("patience is %q: write a time above 0 such as 90s", s.Patience)
	}
	return s.Ready.validate()
}

// pprof reports whether it is given a port for net/http/pprof.
func (s *System) pprof() bool {
	return slices.ContainsFunc(slices.Concat(s.Command, s.Env), func(word string) bool { return strings.Contains(word, "PprofPort") })
}

func inRoot(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(cluster.Root(), path)
}

// as reads one kind of object as another.
func as(from, into any) error {
	raw, err := json.Marshal(from)
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, into)
}
