package faults

import (
	"testing"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset/typed/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
)

// TestCRDComesAgain deletes the CRD, and with it every Microservice, while the operator runs, and installs it again (F26).
// The operator neither ends nor makes anything of what is gone, and looks after what is created then.
func TestCRDComesAgain(t *testing.T) {
	t.Parallel()
	own := ownEnv(t)
	ctx := t.Context()
	s := own.openFor(t, Options{})
	s.take(t, scenario[0])
	crd, err := cluster.CRD()
	if err != nil {
		t.Fatal(err)
	}
	if err := own.Cluster.RemoveCRDs(crd); err != nil {
		t.Fatal(err)
	}
	s.report(t, s.silence(ctx, later))
	clients, err := apiextensions.NewForConfig(own.Cluster.Config)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clients.CustomResourceDefinitions().Create(ctx, crd, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	again := create("web", func(spec *v1alpha1.MicroserviceSpec) { spec.Replicas = new(int32(2)) })
	s.until(t, "the CRD is served", func() bool { return again(ctx, own.Kube, s.Namespace) == nil })
	s.arrive(t, &scenario[0])
	s.report(t, s.words())
}
