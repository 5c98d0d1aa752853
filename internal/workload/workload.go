// Package workload turns a Deployment that runs, with the objects around it, into a Microservice that runs the same pods. It is pure.
package workload

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/document"
	"github.com/microservice-dev/microservice-operator/internal/hosts"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// Result is the Microservice of a Deployment, and what to know about it.
type Result struct {
	// Document is the Microservice, which is paused, for the takeover. Its comments belong to fields that are there to change nothing, and
	// may go afterwards.
	document.Document
	// Notes are about the objects around the Deployment.
	Notes []string
	// Differences are the fields of the pods that will not be the same.
	Differences []string
}

// Import returns the Microservice of a Deployment. The error says why there cannot be one.
func Import(o Objects) (*Result, error) {
	d := o.Deployment
	if owner := metav1.GetControllerOf(d); owner != nil {
		return nil, fmt.Errorf("it belongs to %s %s", owner.Kind, owner.Name)
	}
	if len(d.Spec.Template.Spec.Containers) == 0 {
		return nil, errors.New("it has no containers")
	}
	ms := &v1alpha1.Microservice{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.SchemeGroupVersion.String(), Kind: "Microservice"},
		ObjectMeta: metav1.ObjectMeta{Name: d.Name, Namespace: d.Namespace},
	}
	ms.Spec.Paused = true
	i := &importer{Objects: o, Result: &Result{Document: document.Document{Microservice: ms}}, pod: d.Spec.Template.Spec.DeepCopy(), spec: &ms.Spec}
	i.services = i.selecting()
	i.app = i.mainContainer()
	i.setContainer()
	i.suggestDependencies()
	i.setPorts()
	i.setSize()
	i.setRollout()
	i.setDisruptionBudget()
	i.setIsolation()
	i.setConsent()
	if err := i.setPodTemplate(); err != nil {
		return nil, err
	}
	return i.Result, nil
}

// importer fills a Result.
type importer struct {
	Objects
	*Result
	// pod is a copy of the template's, which is brought into the form of a generated one.
	pod *corev1.PodSpec
	// app is the container of pod that becomes the application's.
	app  *corev1.Container
	spec *v1alpha1.MicroserviceSpec
	// services select the pods. The first becomes the Microservice's.
	services []*corev1.Service
}

func (i *importer) note(format string, args ...any) {
	i.Notes = append(i.Notes, fmt.Sprintf(format, args...))
}

// comment is about a field below spec.
func (i *importer) comment(text string, path ...string) {
	i.Comments = append(i.Comments, document.Comment{Path: append([]string{"spec"}, path...), Text: text})
}

// selects reports whether a selector selects the pods. The API server has accepted it, or will say what is wrong with it.
func (i *importer) selects(s *metav1.LabelSelector) bool {
	selector, err := metav1.LabelSelectorAsSelector(s)
	return err == nil && selector.Matches(labels.Set(i.Deployment.Spec.Template.Labels))
}

// selecting returns the Services that select the pods, that of the Deployment's name first.
func (i *importer) selecting() []*corev1.Service {
	var found []*corev1.Service
	for n := range i.Services {
		s := &i.Services[n]
		switch {
		case len(s.Spec.Selector) == 0 || !i.selects(metav1.SetAsLabelSelector(s.Spec.Selector)):
		case s.Name == i.Deployment.Name:
			found = slices.Insert(found, 0, s)
		default:
			found = append(found, s)
		}
	}
	return found
}

// mainContainer is the one that an annotation names, that has the name of the Deployment, that the Service leads to, or the first.
func (i *importer) mainContainer() *corev1.Container {
	is := []func(c *corev1.Container) bool{
		func(c *corev1.Container) bool {
			return c.Name == i.Deployment.Spec.Template.Annotations[resources.AnnotationDefaultContainer]
		},
		func(c *corev1.Container) bool { return c.Name == i.Deployment.Name },
		i.isServed,
	}
	for _, found := range is {
		for n := range i.pod.Containers {
			if found(&i.pod.Containers[n]) {
				return &i.pod.Containers[n]
			}
		}
	}
	return &i.pod.Containers[0]
}

func (i *importer) isServed(c *corev1.Container) bool {
	return len(i.services) > 0 && slices.ContainsFunc(i.services[0].Spec.Ports, func(p corev1.ServicePort) bool {
		return slices.ContainsFunc(c.Ports, func(own corev1.ContainerPort) bool {
			return own.Name != "" && own.Name == p.TargetPort.StrVal || own.ContainerPort == p.TargetPort.IntVal
		})
	})
}

func (i *importer) setContainer() {
	numberPorts(i.app)
	i.spec.Image, i.spec.Command, i.spec.Args = i.app.Image, i.app.Command, i.app.Args
	i.spec.Env, i.spec.EnvFrom = i.app.Env, i.app.EnvFrom
	i.spec.ImagePullSecrets = i.pod.ImagePullSecrets
	if r := i.app.Resources; len(r.Requests)+len(r.Limits)+len(r.Claims) > 0 {
		i.spec.Resources = &r
	}
	if i.app.StartupProbe != nil || i.app.ReadinessProbe != nil || i.app.LivenessProbe != nil {
		i.spec.Probes = &v1alpha1.Probes{Startup: i.app.StartupProbe, Readiness: i.app.ReadinessProbe, Liveness: i.app.LivenessProbe}
	}
	i.spec.ServiceAccountName = i.pod.ServiceAccountName
	if i.pod.ServiceAccountName == "" || i.pod.ServiceAccountName == "default" {
		i.spec.ServiceAccountName = "default"
		i.comment("remove it for an account of its own, without a token", "serviceAccountName")
	}
	if i.app.Name != v1alpha1.ContainerName {
		i.note("container %s is called %s from now on: kubectl logs -c %s", i.app.Name, v1alpha1.ContainerName, v1alpha1.ContainerName)
	}
}

// suggestDependencies marks the variables that name a Service of the namespace.
func (i *importer) suggestDependencies() {
	names := map[string]string{}
	for n := range i.Services {
		if s := &i.Services[n]; s.Name != i.Deployment.Name {
			for _, suffix := range []string{"", "." + s.Namespace, "." + s.Namespace + ".svc", "." + s.Namespace + ".svc.cluster.local"} {
				names[s.Name+suffix] = s.Name
			}
		}
	}
	for n := range i.spec.Env {
		v := &i.spec.Env[n]
		if found := hosts.Find(v.Value, names, strings.HasSuffix(v.Name, "HOST")); len(found) > 0 {
			i.comment(fmt.Sprintf("it calls Service %s: declare that in dependencies", found[0].Service), "env", v.Name)
		}
	}
}
