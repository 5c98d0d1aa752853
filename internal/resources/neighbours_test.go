package resources_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"slices"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// neighbours are what is there beside a Microservice.
type neighbours struct {
	microservices []*v1alpha1.Microservice
	services      []*corev1.Service
	namespaces    dependency.Namespaces
	// running are the ports of pods, by Microservice.
	running map[dependency.Key]dependency.PodPorts
}

// around is the input for a Microservice among its neighbours, as the operator computes it.
func (n neighbours) around(ms *v1alpha1.Microservice, settings resources.Settings) resources.Input {
	in := dependency.Input{
		Microservice:  ms,
		Microservices: map[dependency.Key]*v1alpha1.Microservice{},
		Services:      map[dependency.Key]*dependency.ServiceTarget{},
		Namespaces:    n.namespaces,
		Running:       n.running,
		ClusterDomain: settings.ClusterDomain,
	}
	var naming []*v1alpha1.Microservice
	for _, other := range n.microservices {
		in.Microservices[dependency.KeyOf(other)] = other
		if slices.Contains(dependency.Targets(other, dependency.Microservice), dependency.KeyOf(ms)) {
			naming = append(naming, other)
		}
	}
	for _, svc := range n.services {
		in.Services[dependency.Key{Namespace: svc.Namespace, Name: svc.Name}] = dependency.NewServiceTarget(svc, nil)
	}
	return resources.Input{
		Microservice: ms,
		Settings:     settings,
		Dependencies: dependency.Resolve(in),
		Dependents:   dependency.Dependents(ms, naming, n.namespaces),
		Running:      n.running[dependency.KeyOf(ms)],
	}
}

// readNeighbours reads a file of Microservices, Services, Namespaces, and Deployments of Microservices, also of the one
// itself. A file that is not there has none.
func readNeighbours(t testing.TB, path string) neighbours {
	t.Helper()
	n := neighbours{namespaces: dependency.Namespaces{}, running: map[dependency.Key]dependency.PodPorts{}}
	content, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return n
	}
	if err != nil {
		t.Fatal(err)
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(content)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return n
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		n.add(t, path, document)
	}
}

func (n *neighbours) add(t testing.TB, path string, document []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	if err := yaml.Unmarshal(document, &kind); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	read := func(object any) {
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Fatalf("%s: %s: %v", path, kind.Kind, err)
		}
	}
	switch kind.Kind {
	case "Microservice":
		ms := &v1alpha1.Microservice{}
		read(ms)
		n.microservices = append(n.microservices, ms)
	case "Service":
		svc := &corev1.Service{}
		read(svc)
		n.services = append(n.services, svc)
	case "Namespace":
		namespace := &corev1.Namespace{}
		read(namespace)
		n.namespaces[namespace.Name] = namespace.Labels
	case "Deployment":
		d := &appsv1.Deployment{}
		read(d)
		n.running[dependency.Key{Namespace: d.Namespace, Name: d.Name}] = dependency.RunningPorts(d)
	default:
		t.Fatalf("%s: a neighbour is a Microservice, a Service, a Namespace or a Deployment, not %q", path, kind.Kind)
	}
}
