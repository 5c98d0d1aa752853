package resources_test

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/microservice-dev/microservice-operator/api/v1alpha1"
)

// TestPatchesThatRemoveWhatIsGenerated: docs/how-to/recipes.md says so, and a server accepts a pod with and without.
func TestPatchesThatRemoveWhatIsGenerated(t *testing.T) {
	ms := minimal(t)
	ms.Spec.PodTemplate = &v1alpha1.PodTemplatePatch{Spec: &runtime.RawExtension{Raw: []byte(`{
		"topologySpreadConstraints": [{"$patch": "replace"}],
		"securityContext": {"$patch": "replace", "runAsNonRoot": true},
		"containers": [{"name": "app", "securityContext": {"$patch": "replace"}}]}`)}}
	pod := as[appsv1.Deployment](t, build(t, alone(ms)).Deployment).Spec.Template.Spec
	if len(pod.TopologySpreadConstraints) != 0 {
		t.Errorf("spread constraints are left: %v", pod.TopologySpreadConstraints)
	}
	if c := pod.SecurityContext; c == nil || c.SeccompProfile != nil || c.RunAsNonRoot == nil || !*c.RunAsNonRoot {
		t.Errorf("the security context of the pod is %v, want runAsNonRoot alone", c)
	}
	if c := pod.Containers[0].SecurityContext; c != nil && (c.Capabilities != nil || c.AllowPrivilegeEscalation != nil) {
		t.Errorf("the security context of app is %v, want none", c)
	}
}
