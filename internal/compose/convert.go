// Package compose turns a loaded Compose project into Microservices, and reports what has no counterpart. It is pure: who calls it
// loads the project.
package compose

import (
	"github.com/compose-spec/compose-go/v2/types"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/document"
)

// Options are what a project does not say itself.
type Options struct {
	// Namespace is that of the Microservices, and of the kubectl commands in the report. Empty: that of whoever applies them.
	Namespace string
	// IsFile reports whether a path of the machine is a file, so that a bind mount of it becomes a ConfigMap and not a folder.
	IsFile func(path string) bool
}

// Result is what became of a project.
type Result struct {
	// Microservices are sorted by name.
	Microservices []Microservice
	// Findings say what was changed, what is not converted and what is to be done, by service.
	Findings []Finding
	// Services is the number of services in the project.
	Services int
}

// Microservice is a Microservice with comments for whoever fills in what is missing.
type Microservice struct {
	document.Document
	// Service is the name of the Compose service.
	Service string
}

// Convert returns the Microservices of a project. The error names services that would get the same name.
func Convert(project *types.Project, o Options) (*Result, error) {
	c := &converter{project: project, options: o, report: &report{}}
	if err := c.nameTargets(); err != nil {
		return nil, err
	}
	c.classify()
	c.findReferences()
	for _, t := range c.sorted() {
		c.setPorts(t)
	}
	result := &Result{Services: len(project.Services)}
	for _, t := range c.sorted() {
		switch t.role {
		case application:
			result.Microservices = append(result.Microservices, c.microservice(t))
		case backing:
			c.reportBacking(t)
		case job:
			c.reportJob(t)
		case provided:
			c.report.notConverted(t.service.Name, "provider",
				"a provider of Docker runs it, not a container: declare what it provides as an external or service dependency")
		}
	}
	c.reportProject()
	result.Findings = c.report.sorted()
	return result, nil
}

type converter struct {
	project *types.Project
	options Options
	report  *report
	targets map[string]*target
}

// microservice converts one service.
func (c *converter) microservice(t *target) Microservice {
	ms := &v1alpha1.Microservice{}
	ms.APIVersion, ms.Kind = v1alpha1.SchemeGroupVersion.String(), "Microservice"
	ms.Name, ms.Namespace = t.name, c.options.Namespace
	s := &conversion{converter: c, target: t, spec: &ms.Spec, pod: newPod()}
	for _, step := range []func(){
		s.image, s.command, s.environment, s.servicePorts, s.route, s.size, s.resources, s.probe, s.dependencies,
		s.security, s.podFields, s.names, s.metadata, s.networks, s.volumes, s.files, s.remaining,
	} {
		step()
	}
	ms.Spec.PodTemplate = s.pod.template()
	return Microservice{Document: document.Document{Microservice: ms, Comments: s.comments}, Service: t.service.Name}
}

// conversion is the conversion of one service.
type conversion struct {
	*converter
	*target
	spec     *v1alpha1.MicroserviceSpec
	pod      *pod
	comments []document.Comment
	// secretWords are variables for words of the command with a password in them.
	secretWords []string
	// aliases are the names of dependencies that are taken.
	aliases map[string]bool
}

func (s *conversion) comment(text string, path ...string) {
	s.comments = append(s.comments, document.Comment{Path: path, Text: text})
}

func (s *conversion) notConverted(key, format string, args ...any) {
	s.report.notConverted(s.service.Name, key, format, args...)
}

func (s *conversion) toDo(key, format string, args ...any) {
	s.report.toDo(s.service.Name, key, format, args...)
}

func (s *conversion) changed(key, format string, args ...any) {
	s.report.changed(s.service.Name, key, format, args...)
}
