package faults

import (
	"strings"
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestUnreadableMicroservice stores a number that Go cannot read, which only another CRD than ours lets in. The operator says
// which Microservice it is and in which field, ends when it is asked to, and goes on by itself when the Microservice is gone.
func TestUnreadableMicroservice(t *testing.T) {
	t.Parallel()
	own := ownEnv(t)
	ctx := t.Context()
	s := own.openFor(t, Options{})
	s.take(t, scenario[0])
	clients, err := apiextensions.NewForConfig(own.Cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	crd, err := clients.CustomResourceDefinitions().Get(ctx, "microservices."+v1alpha1.SchemeGroupVersion.Group, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	rollout := crd.Spec.Versions[0].Schema.OpenAPIV3Schema.Properties["spec"].Properties["rollout"]
	seconds := rollout.Properties["progressDeadlineSeconds"]
	seconds.Format, seconds.Maximum = "", nil
	rollout.Properties["progressDeadlineSeconds"] = seconds
	if _, err := clients.CustomResourceDefinitions().Update(ctx, crd, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	microservices := own.Dynamic.Resource(v1alpha1.SchemeGroupVersion.WithResource("microservices")).Namespace(s.Namespace)
	poison := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": v1alpha1.SchemeGroupVersion.String(), "kind": "Microservice", "metadata": map[string]any{"name": "poison"},
		"spec": map[string]any{"image": "example.com/web:1", "rollout": map[string]any{"progressDeadlineSeconds": int64(1) << 40}},
	}}
	if err := cluster.Eventually(ctx, stepTimeout, func() error {
		_, err := microservices.Create(ctx, poison, metav1.CreateOptions{})
		return err
	}); err != nil {
		t.Fatalf("the looser schema does not let it in: %v", err)
	}
	s.until(t, "the operator names what it cannot read", func() bool { return strings.Contains(s.Operator.Transcript(), `"name":"poison"`) })
	for _, want := range []string{"1099511627776", "progressDeadlineSeconds", `"namespace":"` + s.Namespace + `"`} {
		if !strings.Contains(s.Operator.Transcript(), want) {
			t.Errorf("the operator's words lack %s:\n%s", want, s.Operator.Transcript())
		}
	}
	// One that begins now never has its caches filled.
	s.Operator.Kill()
	s.until(t, "the next one names it, too", func() bool {
		return s.Operator.Starts() == 2 && strings.Count(s.Operator.Transcript(), `"name":"poison"`) >= 2
	})
	s.Operator.Leave()
	if said := s.Operator.Transcript(); !strings.Contains(said, "asked to end before the Microservices and their children were read") {
		t.Errorf("the operator did not say why it ended:\n%s", said)
	}
	s.Operator.Return()
	if err := microservices.Delete(ctx, "poison", metav1.DeleteOptions{}); err != nil {
		t.Fatal(err)
	}
	s.take(t, scenario[1])
	for _, end := range s.Operator.Ends() {
		t.Errorf("the operator ended by itself: %s", end)
	}
}
