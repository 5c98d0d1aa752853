package dependency_test

import (
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/dependency"
)

// Whoever names a Microservice of another namespace learns nothing about it without its consent, not even that it is
// there.
func TestRefusedMicroservicesLookAlike(t *testing.T) {
	refused := map[string]*v1alpha1.Microservice{
		"not there":        nil,
		"nothing said":     microservice("warehouse/catalog"),
		"admits nobody":    microservice("warehouse/catalog", admits(v1alpha1.FromNone)),
		"admits its own":   microservice("warehouse/catalog", admits(v1alpha1.FromSame)),
		"admits others":    microservice("warehouse/catalog", admitsWhere(labelled("team", "bank"))),
		"cannot say whom":  microservice("warehouse/catalog", admitsWhere(metav1.LabelSelector{MatchLabels: map[string]string{"": "="}})),
		"without ports":    microservice("warehouse/catalog", ports()),
		"with other ports": microservice("warehouse/catalog", ports(v1alpha1.Port{Name: "grpc", Port: 9000, Protocol: "UDP"})),
		"parked":           microservice("warehouse/catalog", parked),
		"being deleted":    microservice("warehouse/catalog", deleted),
		"not available":    microservice("warehouse/catalog", unavailable),
		"depends on us":    microservice("warehouse/catalog", dependsOn(on("shop/web"))),
		"never looked at":  microservice("warehouse/catalog", func(ms *v1alpha1.Microservice) { ms.Status = v1alpha1.MicroserviceStatus{} }),
		"autoscaled": microservice("warehouse/catalog", func(ms *v1alpha1.Microservice) {
			ms.Spec.Autoscaling = &v1alpha1.Autoscaling{MaxReplicas: 3}
		}),
		"published": microservice("warehouse/catalog", func(ms *v1alpha1.Microservice) {
			ms.Spec.Service = &v1alpha1.ServiceOptions{Type: "NodePort"}
		}),
	}
	given := dependency.Addresses{"catalog": "http://catalog.warehouse.svc:80", "catalog:grpc": "grpc://catalog.warehouse.svc:9000"}
	for _, namespaces := range []dependency.Addresses{nil, given} {
		for _, port := range []string{"", "http", "grpc", "admin"} {
			for _, limited := range []bool{false, true} {
				w := world{known: namespaces, limited: limited, namespaces: dependency.Namespaces{"shop": {"team": "shop"}}}
				want := w.resolveOne(atPort(on("warehouse/catalog"), port))
				for name, target := range refused {
					w.microservices = nil
					if target != nil {
						w.microservices = []*v1alpha1.Microservice{target}
					}
					if got := w.resolveOne(atPort(on("warehouse/catalog"), port)); !reflect.DeepEqual(want, got) {
						t.Errorf("port %q: what is %s differs from what is not there (-not there +%s):\n%s", port, name, name, cmp.Diff(want, got, wholly))
					}
				}
			}
		}
	}
}

func TestRefusedServicesLookAlike(t *testing.T) {
	refused := map[string]*corev1.Service{
		"not there":        nil,
		"nothing said":     service("databases/postgres"),
		"admits nobody":    service("databases/postgres", annotated("")),
		"admits others":    service("databases/postgres", annotated("bank, shopping, ,SHOP")),
		"without ports":    service("databases/postgres", func(svc *corev1.Service) { svc.Spec.Ports = nil }),
		"headless":         service("databases/postgres", headless),
		"without selector": service("databases/postgres", func(svc *corev1.Service) { svc.Spec.Selector = nil }),
		"an alias":         service("databases/postgres", func(svc *corev1.Service) { svc.Spec.Type = corev1.ServiceTypeExternalName }),
		"a Microservice's": service("databases/postgres", belongsTo("orders")),
	}
	for _, namespaces := range []dependency.Addresses{nil, {"postgres": "tcp://postgres.databases.svc:5432"}} {
		for _, port := range []string{"", "pg", "admin"} {
			for _, slices := range [][]discoveryv1.EndpointSlice{nil, {ready}, {notReady}} {
				want := world{known: namespaces}.resolveOne(atPort(onService("databases/postgres"), port))
				if want.State != v1alpha1.DependencyNotPermitted {
					t.Fatalf("what is not there in another namespace is %s", want.State)
				}
				for name, svc := range refused {
					got := world{service: svc, slices: slices, known: namespaces}.resolveOne(atPort(onService("databases/postgres"), port))
					if !reflect.DeepEqual(want, got) {
						t.Errorf("port %q: what is %s differs from what is not there (-not there +%s):\n%s", port, name, name, cmp.Diff(want, got, wholly))
					}
				}
			}
		}
	}
}
