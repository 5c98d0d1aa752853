package dependency_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// No team can admit anybody to the API server, and no rule about pods reaches it: the words say what does.
func TestTheAPIServerIsOutside(t *testing.T) {
	svc := service("kubernetes", func(svc *corev1.Service) {
		svc.Namespace, svc.Spec.Selector = "default", nil
		svc.Spec.Ports = []corev1.ServicePort{{Name: "https", Port: 443}}
	})
	for _, found := range []bool{true, false} {
		w := world{clusterDomain: "cluster.local", limited: true}
		if found {
			w.service = svc
		}
		got := w.resolveOne(v1alpha1.Dependency{Name: "api", Service: &v1alpha1.ObjectReference{Namespace: "default", Name: "kubernetes"}})
		if got.State != v1alpha1.DependencyUnverified || got.Network != nil || !strings.Contains(got.Message, "declare it as external") {
			t.Errorf("found %t: %+v", found, got)
		}
		if found != (got.URL == "https://kubernetes.default.svc.cluster.local:443") {
			t.Errorf("found %t: the address is %q", found, got.URL)
		}
	}
}
