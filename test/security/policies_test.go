package security_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/test/cluster"
	. "github.com/microservice-dev/microservice-operator/test/wrappers"
)

// patience is how long a removed policy may stay in force.
const patience = 5 * time.Minute

type edit func(*v1alpha1.MicroserviceSpec)

func image(name string) edit { return func(s *v1alpha1.MicroserviceSpec) { s.Image = name } }

func containers(pod string) edit {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.Image = "ghcr.io/acme/web:1"
		s.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(pod)}}
	}
}

func requests(names ...corev1.ResourceName) edit {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.Resources = &corev1.ResourceRequirements{Requests: corev1.ResourceList{}}
		for _, name := range names {
			s.Resources.Requests[name] = resource.MustParse("100Mi")
		}
	}
}

func external(e v1alpha1.ExternalDependency) edit {
	return func(s *v1alpha1.MicroserviceSpec) {
		s.Dependencies = []v1alpha1.Dependency{{Name: "mail", External: &e}}
	}
}

func isolation(i v1alpha1.Isolation) edit {
	return func(s *v1alpha1.MicroserviceSpec) { s.NetworkPolicy = &v1alpha1.NetworkPolicyOptions{Isolation: i} }
}

func service(kind corev1.ServiceType) edit {
	return func(s *v1alpha1.MicroserviceSpec) { s.Service = &v1alpha1.ServiceOptions{Type: kind} }
}

// policies are the folders of config/policies. What is refused is so with words that name the field, the value and the cure.
var policies = map[string]struct {
	admitted []edit
	refused  map[string]edit
}{
	"image-registries": {
		admitted: []edit{image("ghcr.io/acme/web:1"), image("registry.example.com/a/b@sha256:" + strings.Repeat("0a", 32)),
			containers(`{"containers":[{"name":"proxy","image":"ghcr.io/acme/proxy:1"},{"name":"app"}]}`),
			containers(`{"volumes":[{"name":"models","image":{"reference":"ghcr.io/acme/models:1"}},{"name":"tmp","emptyDir":{}}]}`)},
		refused: map[string]edit{
			"is docker.io/library/web:1, which is not from an allowed registry: use an image from registry.example.com/ or ghcr.io/acme/": image("docker.io/library/web:1"),
			"is ghcr.io/acme-labs/web:1,": image("ghcr.io/acme-labs/web:1"),
			"is nginx:1,":                 containers(`{"containers":[{"name":"proxy","image":"nginx:1"}]}`),
			"is busybox:1,":               containers(`{"initContainers":[{"name":"wait","image":"busybox:1"}]}`),
			"is quay.io/models:1,":        containers(`{"volumes":[{"name":"models","image":{"reference":"quay.io/models:1"}}]}`),
			"is nginx:2,":                 containers(`{"containers":[{"name":"app","image":"nginx:2"}]}`),
		},
	},
	"resource-requests": {
		admitted: []edit{requests(corev1.ResourceCPU, corev1.ResourceMemory)},
		refused: map[string]edit{
			"spec.resources.requests.cpu is not set: set what the service needs":    requests(corev1.ResourceMemory),
			"spec.resources.requests.memory is not set: set what the service needs": requests(corev1.ResourceCPU),
		},
	},
	"external-networks": {
		admitted: []edit{
			external(v1alpha1.ExternalDependency{Host: "mail.example.com", CIDRs: []string{"203.0.113.0/24"}}),
			external(v1alpha1.ExternalDependency{Host: "203.0.113.7"}),
		},
		refused: map[string]edit{
			"spec.dependencies[mail].external has no cidrs, which opens its ports": external(v1alpha1.ExternalDependency{Host: "mail.example.com"}),
			"name the networks that it is in, such as 203.0.113.0/24":              external(v1alpha1.ExternalDependency{Host: "other.example.com"}),
		},
	},
	"isolation": {
		admitted: []edit{isolation(v1alpha1.IsolationFull), isolation(v1alpha1.IsolationIngress)},
		refused:  map[string]edit{"spec.networkPolicy.isolation is None: remove it": isolation(v1alpha1.IsolationNone)},
	},
	"published-services": {
		admitted: []edit{service(corev1.ServiceTypeClusterIP)},
		refused: map[string]edit{
			"spec.service.type is NodePort, which publishes the service": service(corev1.ServiceTypeNodePort),
			"spec.service.type is LoadBalancer, which":                   service(corev1.ServiceTypeLoadBalancer),
		},
	},
}

// TestPolicies: each policy of config/policies works by itself, for what is created and what is changed. What was stored before
// can be edited around, and put right.
func TestPolicies(t *testing.T) {
	folders, err := os.ReadDir(filepath.Join(cluster.Root(), "config", "policies"))
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if _, tested := policies[folder.Name()]; folder.IsDir() && !tested {
			t.Errorf("config/policies/%s has no test", folder.Name())
		}
	}
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			namespace := newTenant(t)
			make := func(name string, change edit) *v1alpha1.Microservice {
				ms := MakeMicroservice(namespace, name)
				change(&ms.Spec)
				return ms
			}
			stored := make("stored", func(*v1alpha1.MicroserviceSpec) {})
			var wrong []*v1alpha1.Microservice
			for _, change := range policy.refused {
				wrong = append(wrong, make("wrong-"+string(rune('a'+len(wrong))), change))
			}
			for _, ms := range append(wrong, stored) {
				if err := admin.Create(t.Context(), ms); err != nil {
					t.Fatal(err)
				}
			}
			policy.admitted[0](&stored.Spec)
			if err := admin.Update(t.Context(), stored); err != nil {
				t.Fatal(err)
			}
			install(t, name, func(ctx context.Context) error {
				for _, change := range policy.refused {
					if err := admin.Create(ctx, make("web", change), client.DryRunAll); err == nil {
						return errors.New("it is not in force")
					}
				}
				return nil
			})
			for _, change := range policy.admitted {
				if err := admin.Create(t.Context(), make("web", change), client.DryRunAll); err != nil {
					t.Errorf("a good one is refused: %v", err)
				}
			}
			for words, change := range policy.refused {
				refuses(t, words, admin.Create(t.Context(), make("web", change), client.DryRunAll))
				changed := stored.DeepCopy()
				change(&changed.Spec)
				refuses(t, words, admin.Update(t.Context(), changed, client.DryRunAll))
			}
			for _, ms := range wrong {
				ms.Spec.Replicas = ptr.To(int32(3))
				if err := admin.Update(t.Context(), ms); err != nil {
					t.Errorf("what is stored cannot be edited around: %v", err)
				}
				policy.admitted[0](&ms.Spec)
				ms.Spec.PodTemplate = nil
				if err := admin.Update(t.Context(), ms); err != nil {
					t.Errorf("what is stored cannot be put right: %v", err)
				}
			}
		})
	}
}

// install applies one policy as the guide says, waits until it is in force, and removes it after the test.
func install(t *testing.T, name string, inForce func(context.Context) error) {
	t.Helper()
	folder := filepath.Join(cluster.Root(), "config", "policies", name)
	if said, err := kube.Kubectl("apply", "-k", folder); err != nil {
		t.Fatal(err)
	} else if strings.Contains(said, "Warning") {
		t.Errorf("the API server warns: %s", said)
	}
	t.Cleanup(func() {
		if _, err := kube.Kubectl("delete", "-k", folder); err != nil {
			t.Error(err)
		}
		ctx := context.Background() // the test's has ended
		if err := cluster.Eventually(ctx, patience, func() error {
			if inForce(ctx) == nil {
				return errors.New("it is still in force")
			}
			return nil
		}); err != nil {
			t.Error(err)
		}
	})
	await(t, "the policy comes into force", func() error { return inForce(t.Context()) })
}

func refuses(t *testing.T, words string, err error) {
	t.Helper()
	if !apierrors.IsInvalid(err) || !strings.Contains(err.Error(), words) {
		t.Errorf("it is not refused with %q: %v", words, err)
	}
}

// TestAllPolicies: the folder that has them all builds, and the API server takes it.
func TestAllPolicies(t *testing.T) {
	folder := filepath.Join(cluster.Root(), "config", "policies")
	said, err := kube.Kubectl("apply", "--dry-run=server", "-k", folder)
	if err != nil || strings.Count(said, "validatingadmissionpolicy.") != len(policies) {
		t.Errorf("%s, %v", said, err)
	}
}
