package faults

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestCRDComesAgain deletes the CRD, and with it every Microservice, while the operator runs, and installs it again (F26).
// The operator neither ends nor makes anything of what is gone, and looks after what is created then.
func TestCRDComesAgain(t *testing.T) {
	own := labOfItsOwn(t)
	ctx := t.Context()
	s := openIn(t, own, own.Program)
	if err := journey[0].do(ctx, own.Kube, s.Namespace); err != nil {
		t.Fatal(err)
	}
	if err := s.settle(ctx, &journey[0]); err != nil {
		t.Fatal(err)
	}
	crds := own.Dynamic.Resource(schema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	const name = "microservices.apps.microservice.dev"
	if err := crds.Delete(ctx, name, metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	for range 300 {
		if _, err := crds.Get(ctx, name, metav1.GetOptions{}); apierrors.IsNotFound(err) {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	before := len(s.Proxy.Sent(writes))
	time.Sleep(later)
	if after := s.Proxy.Sent(writes); len(after) > before {
		t.Errorf("without the CRD it writes %v", after[before:])
	}
	raw, err := os.ReadFile(filepath.Join(cluster.Root(), "config", "crd", "bases", "apps.microservice.dev_microservices.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	crd := &unstructured.Unstructured{}
	if err := yaml.Unmarshal(raw, &crd.Object); err != nil {
		t.Fatal(err)
	}
	if _, err := crds.Create(ctx, crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	again := create("web", func(spec *v1alpha1.MicroserviceSpec) { spec.Replicas = new(int32(2)) })
	for range 300 { // until it is served
		if err = again(ctx, own.Kube, s.Namespace); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := s.settle(ctx, &journey[0]); err != nil {
		t.Errorf("it does not look after what is created then: %v\n%s", err, s.Operator.Transcript())
	}
	for _, problem := range s.words() {
		t.Error(problem)
	}
}
