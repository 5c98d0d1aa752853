package api_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
	"github.com/microservice-dev/microservice-operator/internal/resources"
)

// TestFieldsOfTheServiceThatAreRemoved: the server sets some fields by itself beside others, and keeps them. Without the field
// the Service is as it would have been.
func TestFieldsOfTheServiceThatAreRemoved(t *testing.T) {
	seconds := int32(60)
	for name, tc := range map[string]struct {
		options v1alpha1.ServiceOptions
		// after undoes the options, if leaving them out cannot.
		after *v1alpha1.ServiceOptions
	}{
		"affinity":              {options: v1alpha1.ServiceOptions{SessionAffinity: v1alpha1.SessionAffinityClientIP}},
		"affinity-for-a-minute": {options: v1alpha1.ServiceOptions{SessionAffinity: v1alpha1.SessionAffinityClientIP, SessionAffinityTimeoutSeconds: &seconds}},
		"internal-traffic":      {options: v1alpha1.ServiceOptions{InternalTrafficPolicy: corev1.ServiceInternalTrafficPolicyLocal}},
		"distribution":          {options: v1alpha1.ServiceOptions{TrafficDistribution: corev1.ServiceTrafficDistributionPreferSameNode}},
		"two-families": {
			options: v1alpha1.ServiceOptions{IPFamilyPolicy: corev1.IPFamilyPolicyPreferDualStack},
			after:   &v1alpha1.ServiceOptions{IPFamilyPolicy: corev1.IPFamilyPolicySingleStack},
		},
		"external-traffic": {options: v1alpha1.ServiceOptions{Type: corev1.ServiceTypeNodePort, ExternalTrafficPolicy: corev1.ServiceExternalTrafficPolicyLocal}},
	} {
		t.Run(name, func(t *testing.T) {
			plain := apply(t, name, nil)
			with := apply(t, name, &tc.options)
			if cmp.Equal(plain, with) {
				t.Fatal("the options change nothing")
			}
			if diff := cmp.Diff(plain, apply(t, name, tc.after)); diff != "" {
				t.Errorf("the Service is not as before (-before +after):\n%s", diff)
			}
		})
	}
}

// TestHeadlessService is one that the server makes as wanted.
func TestHeadlessService(t *testing.T) {
	if spec := apply(t, "headless", &v1alpha1.ServiceOptions{Headless: true}); spec.ClusterIP != corev1.ClusterIPNone {
		t.Errorf("the Service has the address %q", spec.ClusterIP)
	}
}

// apply writes the Service of a Microservice with these options, and returns what the server made of it.
func apply(t *testing.T, name string, options *v1alpha1.ServiceOptions) corev1.ServiceSpec {
	t.Helper()
	ms := &v1alpha1.Microservice{ObjectMeta: metav1.ObjectMeta{Namespace: metav1.NamespaceDefault, Name: name}}
	ms.Spec = v1alpha1.MicroserviceSpec{Image: "web:1", Ports: []v1alpha1.Port{{Name: "http", Port: 80}}, Service: options}
	set, err := resources.For(resources.Input{Microservice: ms, Settings: resources.DefaultSettings()})
	if err != nil {
		t.Fatal(err)
	}
	set.Service.OwnerReferences = nil
	if err := kube.Apply(context.Background(), set.Service, client.FieldOwner("test"), client.ForceOwnership); err != nil {
		t.Fatal(err)
	}
	stored := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: ms.Namespace, Name: name}}
	t.Cleanup(func() {
		if err := client.IgnoreNotFound(kube.Delete(context.Background(), stored)); err != nil {
			t.Error(err)
		}
	})
	if err := kube.Get(context.Background(), client.ObjectKeyFromObject(stored), stored); err != nil {
		t.Fatal(err)
	}
	return stored.Spec
}
