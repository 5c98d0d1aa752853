package security_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// parts are what of a Microservice needs which right.
var parts = []struct {
	name, needs string
	set         func(*v1alpha1.MicroserviceSpec)
}{
	{"anything", "deployments", func(*v1alpha1.MicroserviceSpec) {}},
	// Who may run pods can give them any Secret of the namespace, by envFrom or a volume: credentials are no more than that, and neither
	// is the address of a collector that the operator's flags name.
	{"credentials of a dependency", "deployments", func(s *v1alpha1.MicroserviceSpec) {
		s.Dependencies = []v1alpha1.Dependency{{
			Name: "db", Service: &v1alpha1.ObjectReference{Name: "db"},
			Credentials: &v1alpha1.Credentials{Secret: "db", Env: map[string]v1alpha1.SecretKey{"PASSWORD": "password"}, Mount: true},
		}}
	}},
	{"tracing", "deployments", func(s *v1alpha1.MicroserviceSpec) {
		s.Observability = &v1alpha1.Observability{Tracing: &v1alpha1.Tracing{Instrumentation: "java"}}
	}},
	{"type NodePort", "services", func(s *v1alpha1.MicroserviceSpec) {
		s.Service = &v1alpha1.ServiceOptions{Type: corev1.ServiceTypeNodePort}
	}},
	{"type LoadBalancer", "services", func(s *v1alpha1.MicroserviceSpec) {
		s.Service = &v1alpha1.ServiceOptions{Type: corev1.ServiceTypeLoadBalancer}
	}},
	{"ingress rules", "networkpolicies", func(s *v1alpha1.MicroserviceSpec) {
		s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Ingress: []networkingv1.NetworkPolicyIngressRule{{}}}
	}},
	{"egress rules", "networkpolicies", func(s *v1alpha1.MicroserviceSpec) {
		s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Egress: []networkingv1.NetworkPolicyEgressRule{{}}}
	}},
	{"a route", "httproutes", func(s *v1alpha1.MicroserviceSpec) {
		s.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}}
	}},
	{"a route of the kind GRPCRoute", "grpcroutes", func(s *v1alpha1.MicroserviceSpec) {
		s.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}, Kind: v1alpha1.RouteGRPC}
	}},
	{"a route to a port that speaks gRPC", "grpcroutes", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports = []v1alpha1.Port{{Name: "http", Port: 80}, {Name: "rpc", Port: 81, AppProtocol: new("grpc")}}
		s.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}, Port: "rpc"}
	}},
	{"a route with paths to such a port", "httproutes", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports = []v1alpha1.Port{{Name: "grpc", Port: 81}}
		s.Route = &v1alpha1.Route{Hostnames: []string{"shop.example.com"}, Paths: []string{"/shop"}}
	}},
	// A PodMonitor is of his own pods, but it lets Prometheus work, as often as interval says.
	{"metrics", "podmonitors", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports = []v1alpha1.Port{{Name: "metrics", Port: 81}}
		s.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{}}
	}},
	{"metrics that Prometheus finds by itself", "deployments", func(s *v1alpha1.MicroserviceSpec) {
		s.Ports = []v1alpha1.Port{{Name: "metrics", Port: 81}}
		s.Observability = &v1alpha1.Observability{Metrics: &v1alpha1.Metrics{Monitor: v1alpha1.MonitorNone}}
	}},
	{"an external dependency", "networkpolicies", func(s *v1alpha1.MicroserviceSpec) {
		s.Dependencies = []v1alpha1.Dependency{{Name: "mail", External: &v1alpha1.ExternalDependency{Host: "mail.example.com"}}}
	}},
}

// TestAdmissionPolicy: with config/admission-policy, each part of a Microservice needs the right to create what the
// operator makes of it, and nothing more; what is there already can be edited around.
func TestAdmissionPolicy(t *testing.T) {
	if _, err := kube.Kubectl("apply", "-k", filepath.Join(cluster.Root(), "config", "admission-policy")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := kube.Kubectl("delete", "-k", filepath.Join(cluster.Root(), "config", "admission-policy")); err != nil {
			t.Error(err)
		}
	})
	namespace := newTenant(t)
	poor := tenant(t, namespace, "poor")
	awaitPolicy(t, poor, namespace)
	for i, part := range parts {
		for j, rights := range [][]string{{}, {"deployments"}, {"deployments", "services"}, {"deployments", "networkpolicies"},
			{"deployments", "httproutes"}, {"deployments", "grpcroutes"}, {"deployments", "podmonitors"}} {
			name := part.name + " with " + strings.Join(rights, " and ")
			t.Run(name, func(t *testing.T) {
				needed := map[string]bool{"deployments": true, part.needs: true}
				for _, right := range rights {
					delete(needed, right)
				}
				user := tenant(t, namespace, "tenant", rights...)
				ms := MakeMicroservice(namespace, "web")
				part.set(&ms.Spec)
				wantAdmitted(t, user.Create(t.Context(), ms, client.DryRunAll), len(needed) == 0, "create")

				there := MakeMicroservice(namespace, fmt.Sprintf("there-%d-%d", i, j))
				part.set(&there.Spec)
				if err := admin.Create(t.Context(), there); err != nil {
					t.Fatal(err)
				}
				there.Spec.Image = "example.com/web:2"
				edits := len(rights) > 0 // it has deployments, and nothing else changes
				wantAdmitted(t, user.Update(t.Context(), there, client.DryRunAll), edits, "edit around")
			})
		}
	}
}

func wantAdmitted(t *testing.T, err error, want bool, what string) {
	t.Helper()
	switch {
	case want && err != nil:
		t.Errorf("%s is refused: %v", what, err)
	case !want && err == nil:
		t.Errorf("%s is admitted", what)
	case !want && (!apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "needs the right to create")):
		t.Errorf("%s is refused in other words: %v", what, err)
	}
}

func newTenant(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "tenant-"}}
	if err := admin.Create(t.Context(), ns); err != nil {
		t.Fatal(err)
	}
	return ns.Name
}

// tenant is a user that may edit Microservices and create what is named.
func tenant(t *testing.T, namespace, name string, mayCreate ...string) client.Client {
	t.Helper()
	user := strings.Join(append([]string{name, namespace}, mayCreate...), "-")
	rules := []rbacv1.PolicyRule{{APIGroups: []string{"apps.microservice.dev"}, Resources: []string{"microservices"}, Verbs: []string{"*"}}}
	for _, resource := range mayCreate {
		group := map[string]string{
			"deployments": "apps", "services": "", "networkpolicies": "networking.k8s.io",
			"httproutes": "gateway.networking.k8s.io", "grpcroutes": "gateway.networking.k8s.io", "podmonitors": "monitoring.coreos.com",
		}[resource]
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{"create"}})
	}
	if err := cluster.Grant(t.Context(), admin, user, namespace, user, rules...); client.IgnoreAlreadyExists(err) != nil {
		t.Fatal(err)
	}
	return as(t, user)
}

// awaitPolicy waits until the API server has heard of the policy.
func awaitPolicy(t *testing.T, poor client.Client, namespace string) {
	t.Helper()
	await(t, "the policy comes into force", func() error {
		if err := poor.Create(t.Context(), MakeMicroservice(namespace, "web"), client.DryRunAll); err == nil {
			return errors.New("a user without rights is admitted")
		}
		return nil
	})
}
