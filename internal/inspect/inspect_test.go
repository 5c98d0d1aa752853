package inspect

import (
	"context"
	"fmt"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

var (
	server *cluster.Cluster
	kube   client.Client
)

func TestMain(m *testing.M) {
	cluster.Run(m, func(c *cluster.Cluster) (err error) {
		server = c
		kube, err = cluster.NewClient(c.Config)
		return err
	})
}

func create(t *testing.T, objects ...client.Object) {
	t.Helper()
	for _, o := range objects {
		if err := kube.Create(t.Context(), o); err != nil {
			t.Fatal(err)
		}
	}
}

func namespace(name string) *corev1.Namespace {
	return &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// userWho returns a client of a user who has the given rights in a namespace.
func userWho(t *testing.T, name, namespace string, rules ...rbacv1.PolicyRule) client.Client {
	t.Helper()
	config, err := server.AddUser(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := cluster.Grant(t.Context(), kube, name, namespace, name, rules...); err != nil {
		t.Fatal(err)
	}
	c, err := cluster.NewClient(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// counted counts the requests of a reader.
type counted struct {
	client.Reader
	requests int
}

func (c *counted) Get(ctx context.Context, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
	c.requests++
	return c.Reader.Get(ctx, key, o, options...)
}

func (c *counted) List(ctx context.Context, list client.ObjectList, options ...client.ListOption) error {
	c.requests++
	return c.Reader.List(ctx, list, options...)
}

// However long a chain is, why sends at most 8 requests.
func TestWhySendsFewRequests(t *testing.T) {
	const length = 40
	create(t, namespace("chain"))
	for i := range length {
		ms := MakeMicroservice("chain", fmt.Sprintf("m%d", i))
		conditions := []metav1.Condition{{Type: v1alpha1.ConditionReady, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonAvailable, ObservedGeneration: 1, LastTransitionTime: metav1.Now()}}
		var at []v1alpha1.DependencyStatus
		if i < length-1 {
			target := fmt.Sprintf("m%d", i+1)
			ms.Spec.Dependencies = []v1alpha1.Dependency{{Name: target}}
			at = []v1alpha1.DependencyStatus{{Name: target, Target: "Microservice/chain/" + target, State: v1alpha1.DependencyNotReady}}
		} else {
			conditions[0].Status, conditions[0].Reason, conditions[0].Message = metav1.ConditionFalse, v1alpha1.ReasonQuotaExceeded, "no room"
		}
		create(t, ms)
		ms.Status = v1alpha1.MicroserviceStatus{ObservedGeneration: 1, Conditions: conditions, Dependencies: at}
		if err := kube.Status().Update(t.Context(), ms); err != nil {
			t.Fatal(err)
		}
	}
	reader := &counted{Reader: kube}
	answer, err := Why(t.Context(), reader, dependency.Key{Namespace: "chain", Name: "m0"})
	if err != nil {
		t.Fatal(err)
	}
	if reader.requests > 8 {
		t.Errorf("%d requests", reader.requests)
	}
	if len(answer.Causes) != 1 || answer.Causes[0].Reason != v1alpha1.ReasonQuotaExceeded || len(answer.Causes[0].Path) != length {
		t.Errorf("%+v", answer)
	}
}
